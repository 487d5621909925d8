"""What orders the site, as editors keep it: categories, tags, menus, redirects, settings."""

import html
import re
import threading

import pytest
from sqlalchemy import select

from cms import clock
from cms.accounts.models import User
from cms.audit.models import AuditEntry
from cms.audit.services import acting_for
from cms.content import addresses, categories, menus, redirects, site_settings, tags
from cms.content.models import Article, Category, Redirect, SiteSetting, Tag
from cms.editorial import content, shelves
from cms.errors import NotAllowed
from cms.exchange.models import Import, ImportState
from cms.extensions import db
from tests.factories import form_file, make_article, make_page, make_user
from tests.queries import statements

JSON = {"Accept": "application/json"}


@pytest.fixture
def editor(log_in):
    return log_in("editor")


def shelf(title, below=None, language="en"):
    made = categories.create(title, parent=below, language=language)
    db.session.commit()
    return made


def tagged(*names, language="en"):
    made = make_article(tags=list(names), language=language)
    db.session.commit()
    return made


def outline(language="en"):
    db.session.expire_all()
    return [one.path for one in categories.in_order(language)]


def leads(address):
    db.session.expire_all()
    return redirects.find(address)


def last_entry():
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


# Categories


def test_a_category_is_added_below_another_in_the_language_of_the_tab(client, editor):
    travel = shelf("Travel")
    shelf("旅行", language="zh_Hans_CN")
    form = client.get(f"/admin/category/new/?parent_id={travel.id}&language=en")
    assert f'<option selected value="{travel.id}">Travel (English)' in form.text
    given = {"title": "Asia", "language": "en", "parent_id": travel.id, "slug": "", "position": ""}
    assert client.post("/admin/category/new/", data=given).status_code == 302
    assert outline() == ["travel", "travel/asia"]
    listed = client.get("/admin/category/").text
    assert "/en/categories/travel/asia" in listed
    assert "旅行" not in listed
    assert "旅行" in client.get("/admin/category/?tab=zh_Hans_CN").text
    entry = last_entry()
    assert (entry.action, entry.thing_kind, entry.user_id) == ("create", "category", editor.id)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"title": ""}, "title", "This field is required"),
        ({"title": "Asia", "slug": "travel"}, "slug", "“travel” is taken. “travel-2” is free."),
        ({"title": "Asia", "slug": "a b"}, "slug", "“a-b”"),
        ({"title": "Asia", "language": "zh_Hans_CN"}, "parent_id", "is in its language"),
    ],
)
def test_what_is_wrong_with_a_category_is_said_at_its_field(client, editor, given, field, words):
    travel = shelf("Travel")
    below = travel.id if field == "parent_id" else ""
    base = {"language": "en", "parent_id": below, "slug": "", "position": ""}
    answer = client.post("/admin/category/new/", data={**base, **given})
    assert answer.status_code == 422
    assert words in answer.text.partition(f'id="{field}-error"')[2].partition("</ul>")[0]
    assert outline() == ["travel"]


def test_a_category_is_moved_step_by_step_and_put_at_a_place(client, editor):
    travel, food = shelf("Travel"), shelf("Food")
    asia = shelf("Asia", travel)

    def move(row, **where):
        return client.post("/admin/category/place", data={"id": row.id, **where}, headers=JSON)

    assert 'data-tree-handle data-level="1"' in client.get("/admin/category/").text
    assert move(food, to="up").json["words"] == "“Food” was moved."
    assert outline() == ["food", "travel", "travel/asia"]
    assert move(travel, to="in").status_code == 200
    assert outline() == ["food", "food/travel", "food/travel/asia"]
    assert move(asia, to="out").status_code == 200
    assert outline() == ["food", "food/travel", "food/asia"]
    assert leads("/en/categories/travel/asia") == "/en/categories/food/asia"
    assert move(asia, parent="", position=1).status_code == 200
    assert outline() == ["asia", "food", "food/travel"]
    refused = move(food, parent=travel.id, position=1)
    assert (refused.status_code, refused.json["error"]) == (
        422,
        "“Food” cannot stand below itself.",
    )
    assert move(asia, to="up").status_code == 422
    assert move(asia, to="up").json["error"] == (
        "“Asia” cannot be moved further in this direction."
    )
    assert "data-tree-handle" not in client.get("/admin/category/?search=asia").text


def test_a_title_is_changed_in_the_list_and_taken_back(client, editor):
    travel = shelf("Travel")
    cell = {"id": travel.id, "column": "title", "value": "Journeys", "seen": "Travel"}
    answer = client.post("/admin/category/ajax/update/", data=cell)
    assert answer.status_code == 200, answer.text
    db.session.expire_all()
    assert [one.title for one in categories.in_order("en")] == ["Journeys"]
    token = answer.json["notices"][0]["html"].partition('value="')[2].partition('"')[0]
    client.post("/admin/undo/", data={"token": token})
    db.session.expire_all()
    assert travel.title == "Travel"


def test_deleting_a_category_says_first_what_depends_on_it(client, editor):
    travel = shelf("Travel")
    asia = shelf("Asia", travel)
    article = make_article(category_id=asia.id)
    menus.put(menus.get("main", "en"), [{"category_id": asia.id}])
    db.session.commit()
    assert "others below it" in client.get(f"/admin/category/remove?id={travel.id}").text
    asked = client.get(f"/admin/category/remove?id={asia.id}").text
    assert "1 article stands in it. It will stand in none." in asked
    assert "Main menu of the site (English)" in asked
    refused = client.post("/admin/category/delete/", data={"id": travel.id}, follow_redirects=True)
    assert "has others below it" in refused.text
    deleted = select(AuditEntry.thing_id).where(AuditEntry.action == "delete")
    assert db.session.scalars(deleted).all() == []
    done = client.post("/admin/category/delete/", data={"id": asia.id}, follow_redirects=True)
    assert "“Asia” was deleted." in done.text
    assert db.session.get(Article, article.id).category_id is None
    assert menus.lines(menus.get("main", "en")) == []


def test_the_list_asks_as_many_questions_for_many_as_for_few(client, editor, count_queries):
    for number in range(3):
        shelf(f"Shelf {number}")
    few = count_queries(lambda: client.get("/admin/category/"))
    for number in range(3, 40):
        shelf(f"Shelf {number}")
    assert count_queries(lambda: client.get("/admin/category/")) == few


@pytest.fixture
def count_queries():
    def count(act):
        with statements() as seen:
            assert act().status_code == 200
        return len(seen)

    return count


# Tags


def test_a_tag_is_renamed_and_its_old_address_leads_on(client, editor):
    tagged("sea", "coast")
    sea = db.session.scalars(select(Tag).where(Tag.slug == "sea")).one()
    assert '<td role="cell" class="cell-number"' in client.get("/admin/tag/").text
    answer = client.post(f"/admin/tag/edit/?id={sea.id}", data={"title": "Coast"})
    assert answer.status_code == 422
    assert "There is a tag “coast” already. Merge the two instead." in answer.text
    assert client.post(f"/admin/tag/edit/?id={sea.id}", data={"title": "Ocean"}).status_code == 302
    assert leads("/en/tags/sea") == "/en/tags/ocean"
    entry = last_entry()
    assert (entry.action, entry.changes["title"]) == ("edit", ["sea", "Ocean"])


def test_two_tags_become_one(client, editor):
    both, one = tagged("sea", "ocean"), tagged("sea")
    sea, ocean = (
        db.session.scalars(select(Tag).where(Tag.slug == slug)).one() for slug in ("sea", "ocean")
    )
    chinese = tagged("海", language="zh_Hans_CN").tags[0]
    found = client.get(f"/admin/tag/others?id={sea.id}").json["options"]
    assert [option["words"] for option in found] == ["ocean"]
    for wrong in ("", sea.id, chinese.id, "x" * 30):
        answer = client.post("/admin/tag/merge/do", data={"id": sea.id, "into": wrong})
        assert answer.status_code == 422
        assert "Choose another tag of the same language." in answer.text
    shelves.rename_tag(sea, editor, "Seaside")
    db.session.commit()
    client.post("/admin/tag/merge/do", data={"id": sea.id, "into": ocean.id})
    db.session.expire_all()
    assert [[tag.title for tag in it.tags] for it in (both, one)] == [["ocean"], ["ocean"]]
    for old in ("/en/tags/sea", "/en/tags/seaside"):
        assert leads(old) == "/en/tags/ocean"
    assert tags.count_articles([ocean.id]) == {ocean.id: 2}
    one.deleted_at = clock.now()
    db.session.commit()
    assert tags.count_articles([ocean.id]) == {ocean.id: 1}
    assert last_entry().changes == {
        "into": "ocean",
        "title": ["Seaside", None],
        "slug": ["seaside", None],
        "language": ["en", None],
    }


def test_a_tag_is_deleted_and_its_articles_stay(client, editor):
    article = tagged("sea")
    client.post("/admin/tag/delete/", data={"id": article.tags[0].id})
    db.session.expire_all()
    assert article.tags == []
    assert (last_entry().action, last_entry().changes["title"]) == ("delete", ["sea", None])


def test_a_count_leads_to_the_articles_that_were_counted(client, editor):
    food = shelf("Food")
    make_article(title="Soup", category_id=food.id, tags=["spoon"])
    make_article(title="Spoon and fork", tags=["fork"])
    db.session.commit()
    for screen in ("category", "tag"):
        page = client.get(f"/admin/{screen}/?search={'food' if screen == 'category' else 'spoon'}")
        (link,) = re.findall(r'href="(/admin/article/\?flt[^"]+)">1<', page.text)
        listed = client.get(link).text
        assert 'data-name="Soup"' in listed
        assert 'data-name="Spoon and fork"' not in listed


# Menus


def lines_of(*lines, name="main", language="en"):
    menu = menus.find(name, language)
    keys = ("level", "target", "label", "address")
    columns = {key: [line.get(key, "") for line in lines] for key in keys}
    return {"name": name, "language": language, "_seen": menus.digest(menu), **columns}


def test_the_trail_says_which_items_of_a_menu_have_changed(ctx):
    editor, address = make_user("editor"), "https://{}.example/"

    def put(*names, below=()):
        items = [{"label": name.title(), "address": address.format(name)} for name in names]
        items[0]["items"] = [{"label": it, "address": address.format(it)} for it in below]
        shelves.put_menu("main", "en", editor, items, seen=None)
        return last_entry()

    first = put("news", "shop", "about", below=["today"])
    assert first.changes["added"][1][:2] == [
        "1 News → https://news.example/", "1.1 today → https://today.example/",
    ]  # fmt: skip
    assert put("news", "shop", "about", below=["today"]) is first

    entry = put("about", "news", "help", "today")
    assert entry.changes == {
        "name": "main",
        "language": "en",
        "added": [None, ["3 Help → https://help.example/"]],
        "removed": [["2 Shop → https://shop.example/"], None],
        "renamed": [
            ["1.1 today → https://today.example/"],
            ["4 Today → https://today.example/"],
        ],
        "moved": [
            ["1.1 today → https://today.example/", "3 About → https://about.example/"],
            ["4 Today → https://today.example/", "1 About → https://about.example/"],
        ],
    }


def test_a_menu_is_edited_as_a_whole(client, editor):
    about, place = make_page(title="About"), shelf("Places")
    content.take(about, "publish", editor)
    draft = make_article(title="Harbour")
    db.session.commit()
    data = lines_of(
        {"level": "1", "target": f"page:{about.id}", "label": "Who we are"},
        {"level": "2", "target": f"category:{place.id}"},
        {"level": "3", "target": f"article:{draft.id}"},
        {"level": "1", "label": "Shop", "address": "https://shop.example/"},
    )
    answer = client.post("/admin/menu/save", data=data, follow_redirects=True)
    assert "The menu is saved." in answer.text
    db.session.expire_all()
    lines = menus.lines(menus.get("main", "en"))
    assert [(line.level, line.is_live) for line in lines] == [
        (1, True), (2, True), (3, False), (1, True)
    ]  # fmt: skip
    assert "Not live: readers do not see this line" in answer.text
    assert [entry.label for entry in menus.shown(menus.get("main", "en"))] == ["Who we are", "Shop"]
    assert (last_entry().thing_kind, last_entry().changes["added"]) == (
        "menu",
        [
            None,
            [
                f"1 Who we are → page {about.id}",
                f"1.1 Places → category {place.id}",
                f"1.1.1 Harbour → article {draft.id}",
                "2 Shop → https://shop.example/",
            ],
        ],
    )
    found = client.get("/admin/menu/find?language=en&query=harb").json["options"]
    assert found == [
        {"value": f"article:{draft.id}", "words": "Harbour · Article · Not live"},
    ]
    assert "Harbour" in client.get("/admin/menu/").text


def test_what_is_wrong_with_a_line_is_said_there_and_nothing_is_lost(client, editor):
    data = lines_of(
        {"level": "1", "label": "Shop", "address": "javascript:alert(1)"},
        {"level": "1", "label": "", "address": "/en/about"},
        {"level": "1", "target": "page:999"},
    )
    answer = client.post("/admin/menu/save", data=data)
    assert answer.status_code == 422
    for words in (
        "Give an address of this site",
        "Say what this is called in the menu.",
        "This is not there any more.",
        'value="javascript:alert(1)"',
        'value="/en/about"',
    ):
        assert words in answer.text
    assert menus.lines(menus.get("main", "en")) == []
    for bad in ({"name": "no"}, {"language": "fr"}):
        assert client.post("/admin/menu/save", data={**data, **bad}).status_code == 404
    for bad in ({"label": ["a"]}, {"target": ["x:1", "", ""]}):
        assert client.post("/admin/menu/save", data={**data, **bad}).status_code == 400


@pytest.mark.case(39)
def test_the_second_to_save_a_menu_sees_what_is_saved_and_then_takes_its_place(client, editor):
    data = lines_of({"level": "1", "label": "Mine", "address": "/mine"})
    about = make_page(title="About us")
    theirs = [{"label": "Theirs", "address": "/theirs", "items": [{"page_id": about.id}]}]
    menus.put(menus.get("main", "en"), theirs)
    db.session.commit()

    answer = client.post("/admin/menu/save", data=data)
    assert answer.status_code == 422
    assert "Somebody else saved this in the meantime." in answer.text
    assert 'value="Mine"' in answer.text
    beside = answer.text.partition('id="theirs-title"')[2].partition("</section>")[0]
    assert re.findall(r'data-level="(\d)".*?<span lang="en">(.*?)</span>', beside, re.DOTALL) == [
        ("1", "Theirs"), ("2", "About us")
    ]  # fmt: skip
    again = answer.text.partition('name="_seen" value="')[2].partition('"')[0]
    assert client.post("/admin/menu/save", data={**data, "_seen": again}).status_code == 302


@pytest.mark.case(39)
def test_who_mends_a_line_of_a_menu_is_still_told_that_somebody_else_has_saved(client, editor):
    wrong = lines_of({"level": "1", "label": "", "address": "/mine"})
    menus.put(menus.get("main", "en"), [{"label": "Theirs", "address": "/theirs"}])
    db.session.commit()
    answer = client.post("/admin/menu/save", data=wrong)
    assert answer.status_code == 422
    seen = answer.text.partition('name="_seen" value="')[2].partition('"')[0]
    mended = wrong | {"label": ["Mine"], "_seen": seen}
    assert "Somebody else saved" in client.post("/admin/menu/save", data=mended).text


def test_the_language_is_switched_on_a_page_that_a_refused_form_has_left(client, editor):
    """The address it was sent to is none to look at."""
    wrong = lines_of({"level": "1", "label": "", "address": "/en/about"})

    def leads_to(address, data, referrer):
        page = client.post(address, data=data, headers={"Referer": f"http://localhost{referrer}"})
        assert page.status_code == 422
        return html.unescape(re.search(r'name="next" value="([^"]*)"', page.text)[1])

    menu = "/admin/menu/edit/?name=main&language=en"
    assert leads_to("/admin/menu/save", wrong, menu) == menu
    assert leads_to("/admin/menu/save", wrong, "/admin/menu/save") == "/admin/menu/"
    form = f"/admin/category/edit/?id={shelf('Travel').id}"
    db.session.commit()
    assert leads_to(form, {"title": ""}, "/admin/") == form


# Redirects


def test_redirects_are_added_turned_and_deleted_by_hand(client, editor):
    about = make_page(title="About")
    content.take(about, "publish", editor)
    db.session.commit()
    new = {"source": "/old", "target": "/en/about"}
    assert client.post("/admin/redirect/new/", data=new).status_code == 302
    row = db.session.scalars(select(Redirect)).one()
    content.save(about, editor, slug="us")
    db.session.commit()
    assert leads("/old") == "/en/us"  # it follows
    listed = client.get("/admin/redirect/").text
    assert listed.count('href="/en/us"') == 2
    again = client.post("/admin/redirect/new/", data=new)
    assert "There is a redirect from “/old” already. Delete it first." in again.text
    client.post(f"/admin/redirect/edit/?id={row.id}", data={"target": "https://example.org/"})
    assert leads("/old") == "https://example.org/"
    redirects.used({row.id: (1234, clock.now())})
    db.session.commit()
    for desc, order in (("&desc=1", ["/old", "/en/about"]), ("", ["/en/about", "/old"])):
        by_use = client.get(f"/admin/redirect/?sort=3{desc}").text
        assert re.findall("<code>(/[^<]*)</code>", by_use) == order
        assert "1,234" in by_use
    content.take(about, "unpublish", editor)
    db.session.commit()
    assert "Not live" in client.get("/admin/redirect/").text
    client.post("/admin/redirect/delete/", data={"id": row.id})
    assert leads("/old") is None


@pytest.mark.parametrize(
    ("source", "target", "field", "words"),
    [
        ("/a", "/a", "target", "leads back to where it began"),
        ("/b", "/first", "target", "leads back to where it began"),
        ("https://example.org", "/a", "source", "Give an address of this site"),
        ("/a", "javascript:x", "target", "Give an address of this site"),
        ("/en/about", "/a", "source", "“About” is at this address."),
    ],
)
def test_a_redirect_that_cannot_be_is_refused_at_its_field(
    client, editor, source, target, field, words
):
    make_page(title="About")
    redirects.add("/first", "/b")
    db.session.commit()
    answer = client.post("/admin/redirect/new/", data={"source": source, "target": target})
    assert answer.status_code == 422
    assert words in answer.text.partition(f'id="{field}-error"')[2].partition("</ul>")[0]


def test_many_redirects_come_from_a_file(client, editor, run_jobs):
    table = "Old address,Leads to\n/one,/en/first\n/two,https://example.org/\n/three,/three\n"
    begun = {"source": "redirect", "file": form_file(table.encode(), "redirects.csv")}
    client.post("/admin/import/begin", data=begun)
    job = db.session.scalars(select(Import)).one()
    chosen = {"id": job.id, "column-0": "source", "column-1": "target", "creates": "1"}
    client.post("/admin/import/check", data=chosen)
    run_jobs()
    assert job.state is ImportState.CHECKED
    client.post("/admin/import/apply", data={"id": job.id})
    run_jobs()
    # All or none: the third leads to itself.
    assert leads("/one") is None
    assert "leads back" in client.get(f"/admin/import/details/?id={job.id}").text


def test_two_who_add_the_same_redirect_at_once_are_told(each_app, each_ctx):
    editor = make_user("editor")
    db.session.commit()
    editor_id, told, ready = editor.id, [], threading.Barrier(2)

    def add(target):
        with each_app.app_context():
            by = db.session.get(User, editor_id)
            ready.wait(10)
            try:
                shelves.add_redirect(by, "/old", target)
                db.session.commit()
                told.append("added")
            except redirects.LeadsAlready as refused:
                db.session.rollback()
                told.append(str(refused))

    threads = [threading.Thread(target=add, args=(f"/new-{number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told) == ["There is a redirect from “/old” already. Delete it first.", "added"]


# The settings of the site


SETTINGS = "/admin/site-settings/"


def seen_in(page):
    """What the form of the settings was filled with."""
    return dict(re.findall(r'name="(_seen|_seen_fields)" value="([^"]*)"', page))


def test_only_what_differs_is_kept(client, log_in):
    log_in("administrator")
    page = client.get(SETTINGS).text
    assert "Unless it is set: 12." in page
    given = {"title-en": "Harbour", "title-zh_Hans_CN": "港湾", "articles_per_page": "12"}
    answer = client.post(f"{SETTINGS}save", data={**given, **seen_in(page), "_form": "ab-12"})
    assert answer.status_code == 302, answer.text
    assert "saved_form=ab-12" in answer.headers["Set-Cookie"]  # the browser forgets its draft
    assert [row.key for row in db.session.scalars(select(SiteSetting))] == ["title"]
    assert site_settings.read().title == {"en": "Harbour", "zh_Hans_CN": "港湾"}
    seen = seen_in(client.get(SETTINGS).text)
    wrong = {"articles_per_page": "500", "cover_needed": "y", **seen}
    answer = client.post(f"{SETTINGS}save", data=wrong)
    assert answer.status_code == 422
    assert "Number must be between 1 and 100." in answer.text
    client.post(f"{SETTINGS}save", data={"articles_per_page": "12", **seen})
    db.session.expire_all()
    assert db.session.scalars(select(SiteSetting)).all() == []


@pytest.mark.case(39)
def test_the_second_to_save_the_settings_sees_the_difference_and_chooses(client, log_in):
    log_in("administrator")
    seen, other = seen_in(client.get(SETTINGS).text), make_user("administrator")
    with acting_for(other):
        content.set_site(other, title={"en": "Theirs"}, articles_per_page=20, cover_needed=True)
    db.session.commit()
    mine = {"title-en": "Mine", "tagline-en": "By the sea", "articles_per_page": "12"}

    # What is wrong comes first, and hides nothing of it.
    answer = client.post(f"{SETTINGS}save", data={**mine, **seen, "articles_per_page": "0"})
    assert answer.status_code == 422
    assert seen_in(answer.text) == seen

    answer = client.post(f"{SETTINGS}save", data={**mine, **seen})
    assert answer.status_code == 422
    assert "Somebody else saved this in the meantime." in answer.text
    assert re.findall(r'data-conflict="([^"]*)" data-theirs="([^"]*)"', answer.text) == [
        ("title-en", "Theirs"), ("articles_per_page", "20"), ("cover_needed", "True")
    ]  # fmt: skip
    assert f"Saved by {other.email}" in answer.text
    # One's own where both have changed it, theirs where only they have.
    chosen = re.findall(r'name="(_choice-[^"]*)" value="(\w+)" checked', answer.text)
    assert dict(chosen) == {
        "_choice-title-en": "mine",
        "_choice-articles_per_page": "theirs",
        "_choice-cover_needed": "theirs",
    }
    again = client.post(f"{SETTINGS}save", data={**mine, **seen_in(answer.text), **dict(chosen)})
    assert again.status_code == 302
    db.session.expire_all()
    kept = site_settings.read()
    assert (kept.title["en"], kept.tagline["en"]) == ("Mine", "By the sea")
    assert (kept.articles_per_page, kept.cover_needed) == (20, True)


# Who may


def test_who_may_not_is_refused_also_below_the_screens(ctx, client, log_in):
    author = log_in("author")
    category, tag = shelf("Travel"), tagged("sea").tags[0]
    for act in (
        lambda: shelves.create_category(author, title="x"),
        lambda: shelves.save_category(category, author, title="x"),
        lambda: shelves.remove_category(category, author),
        lambda: shelves.rename_tag(tag, author, "x"),
        lambda: shelves.merge_tag(tag, author, 1),
        lambda: shelves.remove_tag(tag, author),
        lambda: shelves.put_menu("main", "en", author, [], seen=None),
        lambda: shelves.add_redirect(author, "/a", "/b"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert client.get("/admin/category/").status_code == 200
    for address in ("category/new/", "menu/", "redirect/", "site-settings/"):
        assert client.get(f"/admin/{address}").status_code == 403
    move = {"id": category.id, "to": "up"}
    assert client.post("/admin/category/place", data=move).status_code == 403
    assert addresses.of(db.session.get(Category, category.id)) == "/en/categories/travel"
