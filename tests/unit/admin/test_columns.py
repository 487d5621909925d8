"""Column types, as a list shows them: what is drawn, for whom, and that it is inert."""

import re

import pytest

from cms.admin import columns, trees
from cms.admin.buttons import RowButton
from cms.admin.columns import Shot
from tests.unit.admin import shop, toy

EVIL = '"><img src=x onerror=alert(1)>'


class Row:
    """A row that has whatever is asked of it."""

    def __init__(self, **values):
        self.__dict__.update(values)


class View:
    """What a formatter asks of its list."""

    def name_of(self, row):
        return getattr(row, "title", "it")

    def get_pk_value(self, row):
        return row.id

    def get_url(self, endpoint):
        return f"/admin/thing/{endpoint.lstrip('.')}"

    def offers(self, _page, _row=None):
        return True

    def allowed(self, _act, _row=None):
        return True


def draw(formatter, name="value", **values):
    return str(formatter(View(), {"return_url": "/admin/thing/"}, Row(**values), name))


@pytest.fixture(autouse=True)
def _page(request):
    if "shop_client" not in request.fixturenames:
        request.getfixturevalue("toy_page")


# One by one


def test_numbers_have_the_readers_separators():
    assert draw(columns.number, value=1234567) == "1,234,567"
    assert "is-empty" in draw(columns.number, value=None)
    assert draw(columns.number, value=0) == "0"


def test_days():
    assert draw(columns.day, value=None) == columns.EMPTY
    assert draw(columns.day, value=toy.datetime(2026, 12, 24, tzinfo=toy.UTC)) == "Dec 24, 2026"


def test_a_picture_without_a_larger_one_is_no_link():
    drawn = draw(columns.picture(lambda _row: "/small.jpg", alt=lambda _row: "Boats"))
    assert '<img src="/small.jpg" alt="Boats"' in drawn
    assert "<a" not in drawn
    assert "<img" not in draw(columns.picture(lambda _row: None, large=lambda _row: "/l.jpg"))


def test_a_picture_with_a_larger_one_opens_the_viewer():
    shown = columns.picture(lambda _row: "/small.jpg", large=lambda _row: "/large.jpg")
    drawn = draw(shown, title="Harbour")
    assert '<a class="thumb" href="/large.jpg" data-view="Harbour"' in drawn
    assert 'aria-label="Look at: Harbour"' in drawn
    assert 'alt=""' in drawn


def test_the_first_pictures_are_shown_and_the_viewer_has_all():
    shots = [Shot(f"/s{n}.jpg", f"/l{n}.jpg", f"Shot {n}") for n in range(6)]
    drawn = draw(columns.pictures(lambda _row: shots))
    assert re.findall(r'<img src="([^"]+)"', drawn) == ["/s0.jpg", "/s1.jpg", "/s2.jpg", "/s3.jpg"]
    assert re.findall(r'href="([^"]+)"', drawn) == [shot.large for shot in shots]
    assert 'title="2 more">+2<' in drawn
    assert drawn.count("hidden") == 2
    assert draw(columns.pictures(lambda _row: [])) == columns.EMPTY


def test_links_lead_to_pages_of_this_site_only():
    assert draw(columns.link(lambda _row: "/a", lambda _row: "A")) == '<a href="/a">A</a>'
    for away in (None, "https://e.example", "javascript:alert(1)", "//e.example", "/\\e.example"):
        assert draw(columns.link(lambda _row, it=away: it, lambda _row: "A")) == "A"


def test_a_switch_says_in_words_what_it_shows():
    shown = columns.switch("Listed", "Unlisted")
    assert 'class="switch is-on"' in draw(shown, value=True)
    assert "Listed" in draw(shown, value=True)
    assert "Unlisted" in draw(shown, value=None)
    assert shown.options == [("1", "Listed"), ("0", "Unlisted")]


def test_a_choice_is_shown_in_its_words():
    shown = columns.select({toy.Status.READY: "Ready to go", 2: "Two"})
    assert draw(shown, value=toy.Status.READY) == "Ready to go"
    assert draw(shown, value=2) == "Two"
    assert draw(shown, value="strange") == "strange"
    assert draw(shown, value=None) == columns.EMPTY
    assert shown.options == [("ready", "Ready to go"), ("2", "Two")]


def test_tags_are_few_and_the_rest_is_said():
    drawn = draw(columns.tags(lambda _row: "abcdefg"))
    assert re.findall(r'tag-pill">(\w)<', drawn) == list("abcde")
    assert 'title="f, g"' in drawn
    assert '<span class="visually-hidden">f, g</span>' in drawn
    assert draw(columns.tags(lambda _row: ())) == columns.EMPTY
    assert "+" not in draw(columns.tags(lambda _row: "abcde"))


def test_tags_may_lead_somewhere_on_this_site():
    drawn = draw(columns.tags(lambda _row: ["a"], lambda tag: f"/admin/?tag={tag}"))
    assert '<a class="tag-pill" href="/admin/?tag=a">a</a>' in drawn
    assert "<a" not in draw(columns.tags(lambda _row: ["a"], lambda _tag: "https://e.example"))


def test_long_text_is_cut():
    assert draw(columns.clipped(5), value="Harbour") == '<span title="Harbour">Harbo…</span>'
    assert draw(columns.clipped(7), value="Harbour") == "Harbour"


def test_a_column_of_ones_own():
    assert draw(columns.own(lambda row: f"{row.up}/{row.down}"), up=1, down=2) == "1/2"
    assert draw(columns.own(lambda _row: "")) == columns.EMPTY
    assert columns.own(str, "number").cell == "number"


def test_a_button_posts_the_row_and_may_ask_first():
    declared = RowButton("Check", "refresh", ".check", post=True, confirm="Check “%(name)s”?")
    drawn = draw(columns.button(declared), id=7, title="Harbour")
    assert 'form="row-form" formaction="/admin/thing/check" name="id" value="7"' in drawn
    assert 'data-confirm="Check “Harbour”?"' in drawn
    assert " disabled>" in drawn
    linked = RowButton("Look", "eye", address=lambda row: f"/look/{row.id}")
    assert draw(columns.button(linked), id=7).startswith('<a class="btn btn-sm" href="/look/7">')
    away = RowButton("Look", "eye", address=lambda _row: None)
    assert draw(columns.button(away), id=7) == columns.EMPTY


def test_a_button_that_would_refuse_says_why_instead():
    declared = RowButton("Drop", "x", ".drop", post=True, danger=True, refusal=lambda _row: "Kept.")
    drawn = draw(columns.button(declared), id=7, title="Harbour")
    assert 'data-confirm="Kept."' in drawn
    assert "data-confirm-refused disabled>" in drawn


@pytest.mark.case(36)
@pytest.mark.parametrize(
    "formatter",
    [
        columns.picture(lambda _row: EVIL, alt=lambda _row: EVIL),
        columns.picture(lambda _row: "/s", large=lambda _row: f"/{EVIL}"),
        columns.pictures(lambda _row: [Shot(EVIL, f"/{EVIL}", EVIL)] * 5),
        columns.link(lambda _row: f"/{EVIL}", lambda _row: EVIL),
        columns.switch(EVIL, EVIL),
        columns.tags(lambda _row: [EVIL] * 6, lambda tag: f"/{tag}"),
        columns.tags(lambda _row: [EVIL]),
        columns.status({EVIL: columns.State(EVIL, EVIL)}),
        columns.clipped(3),
        columns.clipped(300),
        columns.tree(None, None),
        columns.button(RowButton(EVIL, "x", ".x", post=True, confirm=EVIL.replace("%", "%%"))),
        columns.button(RowButton(EVIL, "x", address=lambda _row: f"/{EVIL}")),
        columns.own(lambda row: row.value),
        columns.select({EVIL: EVIL}),
    ],
)  # fmt: skip
def test_markup_in_a_column_is_inert(formatter, toy_app):
    drawn = formatter(
        View(), {"return_url": EVIL}, Row(value=EVIL, title=EVIL, id=EVIL, tree_level=2), "value"
    )
    shown = toy_app.jinja_env.overlay(autoescape=True).from_string("{{ it }}").render(it=drawn)
    assert "<img src=x" not in shown
    assert '">&lt;' not in shown  # no attribute ends where the text wants it to


# In a list


def cell(text, number, name):
    row = re.search(rf'<tr role="row" data-id="{number}".*?</tr>', text, re.DOTALL)[0]
    found = re.search(rf'data-words="{name}">(.*?)</td>', row, re.DOTALL)
    return found and " ".join(found[1].split())


def test_every_type_in_one_list(shop_client):
    text = shop_client().get("/admin/article/").text
    assert 'href="/picture/900/2.svg" data-view="Desk' in cell(text, 2, "Picture")
    assert "Published" not in cell(text, 1, "Status")
    assert "Draft" in cell(text, 1, "Status")
    assert "Used" in cell(text, 2, "Kind")
    assert 'class="switch"' in cell(text, 2, "Active")
    assert 'href="/admin/article/?search=1">wood</a>' in cell(text, 2, "Marks")
    assert "1,234" in cell(text, 2, "Stock")
    assert "Dec 24, 2026" in cell(text, 2, "Due")
    assert "<time" in cell(text, 2, "Created")
    assert 'data-confirm="Check “Lamp 1”?"' in cell(text, 1, "Check")
    assert "is-empty" in cell(text, 2, "Check")
    assert "1234 / 17" in cell(text, 2, "Score")
    assert "Comes in three colou…" in cell(text, 2, "Note")


def test_who_may_not_use_a_button_finds_an_empty_cell(shop_client):
    assert "is-empty" in cell(shop_client("viewer").get("/admin/article/").text, 1, "Check")


def test_the_button_in_a_cell_acts(shop_client, shop_app):
    answer = shop_client().post("/admin/article/check", data={"id": "1"}, follow_redirects=True)
    assert "Checked." in answer.text
    assert shop_client("viewer").post("/admin/article/check", data={"id": "1"}).status_code == 403


def test_what_an_act_has_done_before_it_refuses_is_taken_back(shop_client, article):
    stock = article(3)["stock"]
    answer = shop_client().post("/admin/article/check", data={"id": "3"}, follow_redirects=True)
    assert "It is locked." in answer.text
    assert article(3)["stock"] == stock != 1


def test_details_show_columns_as_the_list_does(shop_client):
    text = shop_client().get("/admin/article/details/?id=1").text
    assert 'id="row-form"' in text
    assert 'formaction="/admin/article/check"' in text
    assert "data-viewer" in text


def test_the_queries_of_every_type_do_not_grow_with_rows(shop_app, shop_client, statements_of):
    counts = []
    for more in (10, 80):
        with shop_app.app_context():
            shop.fill(more)
        with statements_of(shop_app) as sql:
            shop_client().get("/admin/article/?page_size=100")
        counts.append(len(sql))
    assert counts[0] == counts[1]


# Trees


@pytest.fixture
def shelves(shop_app):
    """Fill the shelves with pairs of title and number of the parent."""

    def go(*pairs):
        with shop_app.app_context():
            for table in (shop.marked, shop.Article.__table__, shop.Shelf.__table__):
                shop.db.session.execute(table.delete())
            shop.fill(0, pairs)

    return go


def levels(answer):
    found = []
    for row in re.findall(r'<tr role="row" data-id=.*?</tr>', answer.text, re.DOTALL):
        level = re.search(r"tree-(\d)", row)
        found.append((re.search(r'data-name="([^"]*)"', row)[1], int(level[1]) if level else 0))
    return found


def test_a_tree_stands_below_its_parents(shelves, shop_client):
    shelves(("Home", None), ("Kitchen", 1), ("Pots", 2), ("Garden", None), ("Beds", 1))
    answer = shop_client().get("/admin/shelf/")
    assert levels(answer) == [("Garden", 0), ("Home", 0), ("Beds", 1), ("Kitchen", 1), ("Pots", 2)]
    assert '<span class="visually-hidden">Level 3: </span>Pots' in answer.text


def test_a_tree_that_is_sorted_otherwise_is_flat(shelves, shop_client):
    shelves(("Home", None), ("Kitchen", 1), ("Attic", 1))
    answer = shop_client().get("/admin/shelf/?sort=0")
    assert levels(answer) == [("Attic", 0), ("Home", 0), ("Kitchen", 0)]


def test_what_is_found_in_a_tree_keeps_its_level(shelves, shop_client):
    shelves(("Home", None), ("Kitchen", 1), ("Pots", 2))
    assert levels(shop_client().get("/admin/shelf/?search=pots")) == [("Pots", 2)]


def test_every_row_of_a_tree_is_on_one_page(shelves, shop_client):
    shelves(*((f"S{n}", n // 3 or None) for n in range(1, 61)))
    found = [
        name for page in range(3)
        for name, _level in levels(shop_client().get(f"/admin/shelf/?page={page}"))
    ]  # fmt: skip
    assert len(found) == len(set(found)) == 60


def test_its_own_ancestor_and_the_lost_come_last(shelves, shop_client):
    shelves(("Ring", 2), ("Other", 1), ("Own", 3), ("Home", None), ("Lost", 99))
    found = levels(shop_client().get("/admin/shelf/"))
    assert found[0] == ("Home", 0)
    assert {name for name, _level in found} == {"Ring", "Other", "Own", "Home", "Lost"}


def test_very_deep_trees_end(shelves, shop_client):
    shelves(*((f"S{n}", n - 1 or None) for n in range(1, trees.DEEPEST + 5)))
    found = levels(shop_client().get("/admin/shelf/?page_size=100"))
    assert len(found) == trees.DEEPEST + 4
    assert found[5] == ("S6", 5)
