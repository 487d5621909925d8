"""Search items: what each draws, finds and refuses, and that it is inert."""

import re

import pytest

from cms.admin import search_items
from cms.admin.search_items import typed
from tests.unit.admin import shop

EVIL = '"><img src=x onerror=alert(1)>'


def titles(answer):
    return re.findall(r'data-name="([^"]*)"', answer.text)


def control(text, name):
    return re.search(rf'<(?:input|select)[^>]*name="{name}"[^>]*>', text)[0]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("flt0_title_has=lamp", ["Lamp 1"]),  # text
        ("flt1_status_is=out", ["Desk with two drawers and a lock 2"]),  # select
        ("flt2_kind_is=used", ["Desk with two drawers and a lock 2"]),  # the column's own words
        ("flt3_active_is=0", ["Desk with two drawers and a lock 2"]),
        ("flt4_created_at_since=2000-01-01&flt5_created_at_until=2000-12-31", []),  # date range
        ("flt6_cost_is=0", ["Lamp 1"]),
        ("flt7_find_in=note:three", ["Desk with two drawers and a lock 2"]),  # select + text
        ("flt7_find_in=three&of-flt7_find_in=note", ["Desk with two drawers and a lock 2"]),
        ("flt7_find_in=lamp&of-flt7_find_in=note", []),
        ("flt7_find_in=a:b&of-flt7_find_in=note", []),
        ("flt7_find_in=note:%25", []),
        ("flt8_shelf_of=2", []),  # relation
        ("flt9_marks_of=1", ["运河边的老茶馆 3", "Desk with two drawers and a lock 2"]),
        ("flt10_series_only=7", ["Lamp 1"]),  # hidden
    ],
)
def test_each_finds_its_rows(shop_app, shop_client, query, found):
    with shop_app.app_context():
        for row in shop.db.session.query(shop.Article):
            row.series = 7 if row.title == "Lamp 1" else None
        first = shop.db.session.query(shop.Mark).filter_by(name="wood").one().id
        shop.db.session.commit()
    query = query.replace("marks_of=1", f"marks_of={first}")
    assert titles(shop_client().get(f"/admin/article/?{query}")) == found


@pytest.mark.case(33)
@pytest.mark.parametrize(
    "query",
    ["flt7_find_in=nothing:x", "flt7_find_in=x", "flt7_find_in=note:", "flt7_find_in=:",
     "flt7_find_in=x&of-flt7_find_in=password", "flt8_shelf_of=x", "flt8_shelf_of=" + "9" * 30,
     "flt8_shelf_of=1,2", "flt10_series_only=x", "flt10_series_only=" + "9" * 5000],
)  # fmt: skip
def test_what_is_no_value_is_told_and_ignored(shop_client, query):
    answer = shop_client().get(f"/admin/article/?{query}")
    assert answer.status_code == 200
    assert "was ignored" in answer.text
    assert len(titles(answer)) == 3


@pytest.mark.case(36)
@pytest.mark.parametrize("name", ["flt7_find_in", "flt8_shelf_of", "flt10_series_only"])
def test_markup_in_an_address_is_inert(shop_client, name):
    for value in (EVIL, f"note:{EVIL}"):
        answer = shop_client().get("/admin/article/", query_string={name: value})
        assert "<img src=x" not in answer.text
        assert "&lt;img src=x" in answer.text


@pytest.mark.case(36)
def test_markup_in_what_is_related_is_inert(shop_app, shop_client):
    with shop_app.app_context():
        shop.db.session.add(shop.Shelf(id=4, title=EVIL))
        shop.db.session.commit()
    answer = shop_client().get("/admin/article/")
    assert "<img src=x" not in answer.text
    assert "&lt;img src=x" in answer.text


def test_a_date_range_is_one_item(shop_client):
    text = shop_client().get("/admin/article/?flt4_created_at_since=2026-01-02").text
    found = re.search(
        r'<div class="search-item search-pair is-set".*?</div>\s*</div>', text, re.DOTALL
    )
    assert 'aria-label="Created"' in found[0]
    assert re.findall(r'aria-label="(from|to)"', found[0]) == ["from", "to"]
    assert 'value="2026-01-02"' in control(found[0], "flt4_created_at_since")


def test_text_in_a_chosen_column_is_one_item_that_keeps_both(shop_client):
    text = shop_client().get("/admin/article/?flt7_find_in=shelf.title:ho:me").text
    assert 'value="ho:me"' in control(text, "flt7_find_in")
    assert '<option value="shelf.title" selected>' in text
    # What leads on from here says it in one word.
    assert "tab=draft&amp;flt7_find_in=shelf.title:ho:me" in text


def test_what_is_hidden_is_kept_by_the_form(shop_client):
    shown = shop_client().get("/admin/article/?flt10_series_only=7").text
    assert 'type="hidden"' in control(shown, "flt10_series_only")
    assert 'name="flt10_series_only"' not in shop_client().get("/admin/article/").text


def test_a_relation_offers_its_rows_by_name(shop_client):
    text = shop_client().get("/admin/article/?flt8_shelf_of=2").text
    chosen = re.search(r'<select[^>]*name="flt8_shelf_of".*?</select>', text, re.DOTALL)[0]
    assert re.findall(r"<option[^>]*>([^<]+)", chosen) == ["Any", "Home", "Kitchen"]
    assert '<option value="2" selected>Kitchen' in chosen
    assert "data-lookup" not in chosen


def fill_shelves(app, count):
    with app.app_context():
        shop.db.session.add_all(
            shop.Shelf(id=n, title=f"Shelf {n:03}") for n in range(100, 100 + count)
        )
        shop.db.session.commit()


def test_where_there_are_many_the_chosen_one_is_among_those_that_are_offered(shop_app, shop_client):
    fill_shelves(shop_app, 90)
    text = shop_client().get("/admin/article/?flt8_shelf_of=189").text
    chosen = re.search(r'<select[^>]*name="flt8_shelf_of".*?</select>', text, re.DOTALL)[0]
    assert chosen.count("<option") == search_items.MOST_CHOICES + 2
    assert '<option value="189" selected>Shelf 189' in chosen
    assert 'data-lookup="/admin/article/choices/?name=shelf_of"' in chosen


def test_what_is_typed_finds_more(shop_app, shop_client):
    fill_shelves(shop_app, 90)
    ask = "/admin/article/choices/?name=shelf_of&query="
    assert shop_client().get(f"{ask}189").json == {
        "options": [{"value": "189", "words": "Shelf 189"}],
        "more": False,
    }
    first, rest = (shop_client().get(f"{ask}shelf&offset={start}").json for start in (0, 50))
    assert (len(first["options"]), first["more"]) == (search_items.MOST_CHOICES, True)
    assert (len(rest["options"]), rest["more"]) == (40, False)
    assert first["options"][0]["words"] == "Shelf 100"
    for nothing in ("%25", "x" * 5000, "&offset=99999999999999999999", "shelf&offset=9999"):
        assert shop_client().get(f"{ask}{nothing}").json == {"options": [], "more": False}
    assert shop_client().get(f"{ask}&offset=-5").status_code == 200


@pytest.mark.case(32)
def test_nobody_is_offered_what_they_may_not_choose(shop_app, shop_client):
    assert "secret" not in shop_client().get("/admin/article/?flt8_shelf_of=3").text
    found = shop_client().get("/admin/article/choices/?name=shelf_of&query=secret")
    assert found.json["options"] == []
    with shop_app.app_context():
        shop.db.session.get(shop.Article, 1).shelf_id = 3
        shop.db.session.commit()
    assert titles(shop_client().get("/admin/article/?flt8_shelf_of=3")) == []


@pytest.mark.case(32)
@pytest.mark.parametrize(
    ("who", "name", "code"),
    [("editor", "shelf_of", 200), ("viewer", "shelf_of", 200), ("nobody", "shelf_of", 403),
     ("editor", "", 404), ("editor", "title_has", 404), ("editor", "nothing", 404)],
)  # fmt: skip
def test_who_may_look_up(shop_client, who, name, code):
    assert shop_client(who).get(f"/admin/article/choices/?name={name}").status_code == code


def test_search_items_keep_their_order_beyond_ten(shop_client):
    """Flask-Admin sorts eleven filters as text: 0, 1, 10, 2."""
    query = "flt10_series_only=7&flt2_kind_is=new&flt0_title_has=a&flt9_marks_of=1"
    text = shop_client().get(f"/admin/article/?{query}").text
    drawn = [int(n) for n in re.findall(r'name="flt(\d+)_', text)]
    assert drawn == sorted(drawn)
    assert max(drawn) == 10
    assert (
        "flt0_title_has=a&amp;flt2_kind_is=new&amp;flt9_marks_of=1&amp;flt10_series_only=7" in text
    )


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [(shop.Article.active.type, "1", True), (shop.Article.active.type, "0", False),
     (shop.Article.stock.type, "-7", -7), (shop.Article.title.type, "x" * 500, "x" * 200)],
)  # fmt: skip
def test_values_of_an_address(kind, given, value):
    assert typed(kind, given) == value
    with pytest.raises(ValueError, match="yes"):
        typed(shop.Article.active.type, "yes")
