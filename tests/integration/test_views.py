"""Views of lists, and what each person chooses to see of a list."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from cms.accounts.services import datastore
from cms.admin import counting, listing, lists
from cms.admin.images import ImageView
from cms.audit.models import AuditEntry
from cms.editorial import views
from cms.extensions import db
from cms.media.models import Image
from cms.views import services
from cms.views.models import ListChoice, SavedView
from tests.factories import make_picture, make_user
from tests.processes import PASSWORD
from tests.queries import statements

LIST = "/admin/image/"


@pytest.fixture
def gallery(ctx):
    """Three pictures: a Boat, a Harbour and a Teahouse."""
    for name in ("Boat", "Harbour", "Teahouse"):
        make_picture(filename=f"{name}.jpg")
    db.session.commit()


@pytest.fixture
def view_of(ctx):
    """Keep a view of the list of pictures, of a new editor unless it says whose."""

    def make(name="Ready ones", owner=None, *, shared=False, of="image", **query):
        owner = owner or make_user("editor")
        view = SavedView(list=of, name=name, owner_id=owner.id, shared=shared, query=query)
        db.session.add(view)
        db.session.commit()
        return view

    return make


def titles(answer):
    return re.findall(r'data-name="([^"]*)"', answer.text)


def headings(answer):
    """The words above the columns of a table, as they stand."""
    cells = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', answer.text, re.DOTALL)
    words = [re.sub(r"<[^>]*>", "", cell).strip() for cell in cells]
    return [word for word in words if word and word != "Buttons"]


def menu(answer):
    """The names in the menu of views."""
    found = re.findall(r'views-words">(.*?)</span>', answer.text, re.DOTALL)
    return [re.split(r"\s*<small>", name)[0].strip() for name in found]


def asked(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def save(client, name, query="", **form):
    return client.post(f"/admin/view/save?list=image&{query}", data={"name": name, **form})


def choose(client, url=LIST, **form):
    return client.post("/admin/view/choose", data={"list": "image", "url": url, **form})


# Views


def test_a_saved_view_shows_what_was_shown(client, log_in, gallery):
    log_in()
    answer = save(client, " Boats  and more ", "search=boat&sort=1&desc=1&flt0_mime_is=image/jpeg")
    wanted = {"search": "boat", "sort": "1", "desc": "1", "flt0_mime_is": "image/jpeg"}
    view = db.session.scalars(select(SavedView)).one()
    assert view.name == "Boats and more"
    assert asked(answer.location) == wanted | {"view": str(view.id)}

    opened = client.get(f"/admin/view/?id={view.id}")
    assert opened.location == answer.location
    page = client.get(opened.location)
    assert titles(page) == ["Boat"]
    assert 'class="views-name">Boats and more<' in page.text


def test_a_view_is_kept_by_names_and_not_by_places(client, log_in, gallery):
    log_in()
    save(client, "Mine", "search=a&sort=4&flt0_mime_is=image/png&page_size=50&look=grid")
    view = db.session.scalars(select(SavedView)).one()
    assert view.query == {
        "tab": None,
        "search": "a",
        "filters": {"mime_is": "image/png"},
        "sort": "size",
        "desc": False,
        "columns": list(ImageView.column_list),
        "size": 50,
        "look": "grid",
    }


def test_the_page_that_a_view_shows_can_be_handed_on_to_anybody(client, log_in, gallery, view_of):
    address = LIST + f"?search=boat&view={view_of(search='boat').id}"
    log_in("viewer")
    page = client.get(address)
    assert titles(page) == ["Boat"]  # though the view is somebody else's
    assert "Ready ones" not in page.text


def test_a_view_can_be_changed_renamed_and_deleted(client, log_in, gallery):
    log_in()
    save(client, "Mine", "search=boat")
    view = db.session.scalars(select(SavedView)).one()
    page = client.get(f"{LIST}?view={view.id}&search=tea")
    assert 'class="views-changed"' in page.text

    answer = client.post("/admin/view/update?search=tea", data={"id": view.id})
    assert asked(answer.location) == {"search": "tea", "view": str(view.id)}
    assert 'class="views-changed"' not in client.get(answer.location).text
    client.post("/admin/view/rename", data={"id": view.id, "name": "Tea"})
    db.session.refresh(view)
    assert (view.name, view.query["search"]) == ("Tea", "tea")

    answer = client.post(
        "/admin/view/delete", data={"id": view.id, "url": f"{LIST}?view={view.id}&search=tea"}
    )
    assert answer.location == f"{LIST}?search=tea"
    db.session.rollback()
    assert db.session.scalars(select(SavedView)).all() == []


def test_a_default_view_opens_with_the_bare_list(client, log_in, gallery, view_of):
    user = log_in()
    view = view_of("Boats", user, search="boat")
    client.post("/admin/view/default", data={"id": view.id})

    answer = client.get(LIST)
    assert asked(answer.location) == {"search": "boat", "view": str(view.id)}
    assert titles(client.get(answer.location)) == ["Boat"]
    whole = client.get(f"{LIST}?view=none")
    assert len(titles(whole)) == 3
    links = re.findall(r'class="tab" href="([^"]*)"', whole.text)
    assert all("view=none" in link for link in links)  # turning to a tab does not bring it back

    client.post("/admin/view/default", data={"list": "image"})
    assert client.get(LIST).status_code == 200


def test_the_default_goes_with_its_view(client, log_in, gallery, view_of):
    user = log_in()
    view = view_of("Boats", user, search="boat")
    client.post("/admin/view/default", data={"id": view.id})
    client.post("/admin/view/delete", data={"id": view.id})
    assert client.get(LIST).status_code == 200


def test_a_shared_view_is_for_all_who_see_the_list(client, log_in, gallery):
    owner = log_in()
    save(client, "Boats", "search=boat", shared="1")
    save(client, "My own")
    assert menu(client.get(LIST)) == ["Boats", "My own"]
    view_id = db.session.scalars(select(SavedView.id).where(SavedView.shared)).one()

    client.post("/logout")
    log_in("viewer")
    page = client.get(LIST)
    assert menu(page) == ["Boats"]
    assert owner.email in page.text
    assert titles(client.get(client.get(f"/admin/view/?id={view_id}").location)) == ["Boat"]
    assert client.post("/admin/view/default", data={"id": view_id}).status_code == 302
    assert asked(client.get(LIST).location)["view"] == str(view_id)


def test_a_default_that_is_no_longer_shared_is_none(client, log_in, gallery, view_of):
    user = log_in("viewer")
    view = view_of("Boats", shared=True, search="boat")
    db.session.add(ListChoice(user_id=user.id, list="image", view_id=view.id))
    db.session.commit()
    assert client.get(LIST).status_code == 302
    view.shared = False
    db.session.commit()
    assert client.get(LIST).status_code == 200


def test_private_views_of_others_are_not_there(client, log_in, view_of):
    for role in ("viewer", "administrator"):
        log_in(role)
        view = view_of(f"Secret {role}")
        form = {"id": view.id, "name": "Mine now"}
        assert client.get(f"/admin/view/?id={view.id}").status_code == 404
        for page in ("update", "rename", "delete", "default"):
            assert client.post(f"/admin/view/{page}", data=form).status_code == 404, page
        assert "Secret" not in client.get(LIST).text
        client.post("/logout")
    assert {view.name for view in db.session.scalars(select(SavedView))} == {
        "Secret viewer",
        "Secret administrator",
    }


@pytest.mark.parametrize("given", ["", "0", "-1", "1,2", "x", "9" * 30, "²"])
def test_a_view_that_is_none_is_not_there(client, log_in, given):
    log_in()
    assert client.get("/admin/view/", query_string={"id": given}).status_code == 404
    assert client.post("/admin/view/delete", data={"id": given}).status_code == 404


def test_only_its_owner_and_administrators_change_a_shared_view(client, log_in, view_of):
    view = view_of("Boats", shared=True)
    log_in("editor")
    for page in ("update", "rename", "delete"):
        form = {"id": view.id, "name": "Ships"}
        assert client.post(f"/admin/view/{page}", data=form).status_code == 403, page
    client.post("/logout")
    log_in("administrator")
    client.post("/admin/view/rename", data={"id": view.id, "name": "Ships", "shared": "1"})
    db.session.refresh(view)
    assert (view.name, view.shared) == ("Ships", True)


def test_who_may_not_share_keeps_it_for_himself(client, log_in, view_of):
    user = log_in("author")
    assert 'name="shared"' not in client.get(LIST).text
    save(client, "Mine", shared="1")
    view = db.session.scalars(select(SavedView)).one()
    assert not view.shared
    # Was it shared when he might, renaming it does not take it from the others.
    kept = view_of("Ours", user, shared=True)
    client.post("/admin/view/rename", data={"id": kept.id, "name": "Yours"})
    db.session.refresh(kept)
    assert (kept.name, kept.shared) == ("Yours", True)


def test_a_view_of_a_list_that_one_may_not_see_is_refused(client, log_in, view_of):
    log_in("viewer")
    view = view_of("Late jobs", of="job", shared=True)
    assert client.get(f"/admin/view/?id={view.id}").status_code == 403
    assert client.post("/admin/view/save?list=job", data={"name": "Mine"}).status_code == 403
    assert client.post("/admin/view/choose", data={"list": "job", "size": 50}).status_code == 403
    assert client.post("/admin/view/save?list=nothing", data={"name": "Mine"}).status_code == 404
    assert client.post("/admin/view/save?list=queue", data={"name": "Mine"}).status_code == 404


def test_a_view_whose_parts_are_gone_opens_and_says_so(client, log_in, gallery, view_of):
    user = log_in()
    view = view_of(
        "Old",
        user,
        tab="drafts",
        search="boat",
        filters={"colour_is": "red", "mime_is": "image/bmp", "title_has": "x"},
        sort="colour",
        columns=["title", "colour", "status"],
        size=33,
        look="cloud",
    )
    answer = client.get(f"/admin/view/?id={view.id}")
    assert asked(answer.location) == {
        "search": "boat",
        "columns": "title,status",
        "view": str(view.id),
    }
    page = client.get(answer.location)
    assert titles(page) == ["Boat"]
    notice = re.search(r"“Old” shows less than it did[^<]*", page.text)[0]
    for part in ("drafts", "colour", "colour is: red", "Kind: image/bmp", "title has: x"):
        assert part in notice


def test_a_view_that_says_nothing_is_the_whole_list(client, log_in, gallery, view_of):
    user = log_in()
    view = view_of("Bare", user)
    page = client.get(client.get(f"/admin/view/?id={view.id}").location)
    assert len(titles(page)) == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("  ", "Give the view a name of at most 60 characters."),
        ("x" * 61, "Give the view a name of at most 60 characters."),
        ("boats", "You have a view “boats” of this list already."),
    ],
)
def test_names_that_do_not_do(client, log_in, view_of, name, words):
    user = log_in()
    view_of("Boats", user)
    answer = save(client, name, url=LIST)
    assert answer.location == LIST
    assert words in client.get(LIST).text
    assert len(db.session.scalars(select(SavedView)).all()) == 1


def test_two_people_may_use_the_same_name(client, log_in, view_of):
    log_in()
    view_of("Boats", shared=True)
    save(client, "Boats")
    assert len(db.session.scalars(select(SavedView)).all()) == 2


def test_a_name_that_no_database_keeps_is_refused(client, log_in):
    log_in()
    assert save(client, "a\x00b").status_code == 400


def test_there_is_an_end_to_views(client, log_in, view_of, monkeypatch):
    user = log_in()
    monkeypatch.setattr(services, "MOST_OF_ONE", 2)
    for name in ("a", "b"):
        view_of(name, user)
    save(client, "c", url=LIST)
    assert "There are 2 views of this list already." in client.get(LIST).text

    monkeypatch.setattr(services, "MOST_OF_ONE", 9)
    monkeypatch.setattr(services, "MOST_SHARED", 1)
    view_of("d", shared=True)
    save(client, "e", shared="1", url=LIST)
    assert "There are 1 views" in client.get(LIST).text
    monkeypatch.setattr(services, "LONGEST_QUERY", 20)
    save(client, "f", url=LIST)
    assert "more than a view can hold" in client.get(LIST).text
    db.session.rollback()
    assert sorted(view.name for view in db.session.scalars(select(SavedView))) == ["a", "b", "d"]


def test_what_is_shared_is_audited_and_what_is_private_is_not(client, log_in):
    user = log_in()
    save(client, "Mine")
    mine = db.session.scalars(select(SavedView)).one()
    client.post("/admin/view/rename", data={"id": mine.id, "name": "My own"})
    entries = select(AuditEntry).where(AuditEntry.thing_kind == "saved_view")
    assert db.session.scalars(entries).all() == []

    client.post("/admin/view/rename", data={"id": mine.id, "name": "Ours", "shared": "1"})
    client.post("/admin/view/delete", data={"id": mine.id})
    db.session.rollback()
    renamed, deleted = db.session.scalars(entries.order_by(AuditEntry.id))
    assert renamed.changes == {"name": ["My own", "Ours"], "shared": [False, True]}
    assert (deleted.action, deleted.user_id) == ("delete", user.id)


def test_views_go_with_their_owner(ctx, view_of):
    owner = make_user("editor")
    view_of("Boats", owner, shared=True)
    db.session.add(ListChoice(user_id=owner.id, list="image", size=50))
    db.session.commit()
    datastore.delete_user(owner)
    db.session.commit()
    assert db.session.scalars(select(SavedView)).all() == []
    assert db.session.scalars(select(ListChoice)).all() == []


def test_each_database_keeps_views_and_choices(each_ctx):
    ada, bob = make_user("editor"), make_user("editor")
    mine = views.save(ada, "image", "Zebras 🦓", {"search": "斑马"}, shared=False)
    views.save(bob, "image", "apes", {}, shared=False)
    ours = views.save(bob, "image", "Bears", {}, shared=True)
    views.save(bob, "job", "Late", {}, shared=True)
    views.choose(ada, "image", columns=["title"], view_id=ours.id)
    db.session.commit()

    choice, seen = services.of_list(ada, "image")
    assert (choice.view_id, seen) == (ours.id, [mine, ours])
    choice, seen = services.of_list(bob, "image")
    assert (choice.view_id, [view.name for view in seen]) == (None, ["apes", "Bears"])
    assert services.find(mine.id, ada, for_update=True) == mine
    assert services.find(mine.id, bob) is None
    views.choose(ada, "image", columns=None, size=50)
    views.delete(ours)
    db.session.commit()
    db.session.expire_all()
    choice = services.choice_of(ada, "image")
    assert (choice.columns, choice.size, choice.view_id) == (None, 50, None)
    assert mine.query == {"search": "斑马"}


# Columns


def test_columns_are_chosen_ordered_and_remembered_for_the_person(client, log_in, gallery):
    user = log_in()
    answer = choose(client, column=["filename", "title", "status"])
    assert answer.location == LIST
    assert headings(client.get(LIST)) == ["File name", "Title", "Status"]
    assert db.session.get(ListChoice, (user.id, "image")).columns == ["filename", "title", "status"]

    client.post("/logout")
    client.post("/login", data={"email": user.email, "password": PASSWORD})
    assert headings(client.get(LIST)) == ["File name", "Title", "Status"]
    client.post("/logout")
    log_in()
    assert headings(client.get(LIST))[:3] == ["Picture", "Title", "Alternative text"]


def test_columns_are_as_declared_again(client, log_in, gallery):
    user = log_in()
    before = headings(client.get(LIST))
    choose(client, column=["title"])
    choose(client, column=["title"], reset="1")
    assert headings(client.get(LIST)) == before
    choose(client, column=list(ImageView.column_list))
    db.session.expire_all()
    assert db.session.get(ListChoice, (user.id, "image")).columns is None


def test_the_name_stays(client, log_in, gallery):
    log_in()
    choose(client, column=["status", "size"])
    assert headings(client.get(LIST)) == ["Title", "Status", "Size"]


def test_forged_columns_are_left_out(client, log_in, gallery):
    user = log_in()
    choose(client, column=["title", "owner.password", "key", "__class__", "title", "status"])
    assert db.session.get(ListChoice, (user.id, "image")).columns == ["title", "status"]
    page = client.get(f"{LIST}?columns=title,owner.password,sha256,size,size")
    assert headings(page) == ["Title", "Size"]


def test_a_column_that_the_role_may_not_see_is_never_offered(
    client, log_in, gallery, view_of, monkeypatch
):
    monkeypatch.setattr(ImageView, "column_needs", {"size": "delete", "mime": "delete"})
    monkeypatch.setattr(ImageView, "column_sortable_list", ("title", "size"))
    view = view_of(
        "All", shared=True, columns=["title", "size"], sort="size", filters={"mime_is": "image/png"}
    )
    log_in("viewer")
    page = client.get(LIST)
    assert "Size" not in headings(page)
    assert 'value="size"' not in page.text
    assert "mime_is" not in page.text
    choose(client, column=["title", "size"])
    assert headings(client.get(f"{LIST}?columns=title,size")) == ["Title"]
    assert "aria-sort" not in client.get(f"{LIST}?sort=3").text
    assert len(titles(client.get(f"{LIST}?flt0_mime_is=image/png"))) == 3

    answer = client.get(f"/admin/view/?id={view.id}")
    assert set(asked(answer.location)) == {"view"}
    page = client.get(answer.location)
    assert "Left out, since it is no more or not for you: size; mime is: image/png." in page.text
    client.post("/logout")
    log_in("editor")
    assert "Size" in headings(client.get(LIST))


def test_sorting_counts_all_columns_whichever_are_shown(client, log_in, gallery):
    log_in()
    page = client.get(f"{LIST}?columns=title,status&sort=1")
    assert titles(page) == ["Boat", "Harbour", "Teahouse"]
    assert headings(page) == ["Title", "Status"]
    assert page.text.count('aria-sort="ascending"') == 1


def test_what_the_address_says_is_not_remembered(client, log_in, gallery):
    log_in()
    page = client.get(f"{LIST}?columns=title&look=grid&page_size=100")
    assert 'class="tile"' in page.text
    assert 'class="tile"' not in client.get(LIST).text
    assert db.session.scalars(select(ListChoice)).all() == []


# Rows on a page, table or grid


def test_the_page_size_is_remembered_and_begins_at_the_first_page(client, log_in, gallery):
    log_in()
    answer = choose(client, f"{LIST}?page=3&search=a&page_size=100", size="50")
    assert answer.location == f"{LIST}?search=a"
    user_choice = db.session.scalars(select(ListChoice)).one()
    assert (user_choice.list, user_choice.size) == ("image", 50)
    page = client.get(f"{LIST}?page_size=25")
    # An address that says another one keeps it from page to page.
    assert 'name="page_size" value="25"' in page.text


@pytest.mark.parametrize("form", [{"size": "26"}, {"size": "all"}, {"look": "cloud"}])
def test_what_is_not_offered_cannot_be_chosen(client, log_in, form):
    log_in()
    assert choose(client, **form).status_code == 400
    assert db.session.scalars(select(ListChoice)).all() == []


def test_the_grid_shows_the_same_rows_and_is_remembered(client, log_in, gallery):
    log_in()
    before = titles(client.get(LIST))
    choose(client, look="grid")
    page = client.get(LIST)
    assert titles(page) == before
    assert page.text.count('class="tile"') == len(before)
    assert page.text.count('name="rowid"') == len(before)
    assert 'aria-label="Edit: Boat"' in page.text
    choose(client, look="table")
    assert '<table class="rows"' in client.get(LIST).text


def test_a_list_without_pictures_has_no_grid(client, log_in):
    log_in("administrator")
    client.post("/admin/view/choose", data={"list": "job", "look": "grid"})
    page = client.get("/admin/job/?look=grid")
    assert 'class="grid"' not in page.text
    assert 'name="look"' not in page.text


def test_choices_lead_back_inside_only(client, log_in):
    log_in()
    for url in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        assert choose(client, url, size="50").location == LIST


def test_shortcuts_are_switched_off_and_on_for_the_person(client, log_in, gallery):
    user = log_in()
    assert " data-shortcuts" in client.get(LIST).text
    client.post("/admin/view/keys", data={"on": "0", "url": LIST})
    assert " data-shortcuts" not in client.get(LIST).text
    db.session.refresh(user)
    assert not user.shortcuts
    client.post("/admin/view/keys", data={"on": "1", "url": LIST})
    assert " data-shortcuts" in client.get(LIST).text
    assert client.post("/admin/view/keys", data={"on": "maybe"}).status_code == 400


# Chips and pages


def test_what_narrows_the_list_is_said_in_words(client, log_in, gallery):
    log_in()
    query = "search=b&flt0_mime_is=image/jpeg&flt1_created_at_since=2026-01-31&sort=1&view=none"
    text = client.get(f"{LIST}?{query}").text.replace("&amp;", "&")
    chips = re.findall(r'class="chip"><span>([^<]*)</span><a href="([^"]*)"', text)
    assert [words for words, _url in chips] == [
        "Search: b",
        "Kind: JPEG",
        "Uploaded from: Jan 31, 2026",
    ]
    # Each takes away itself alone.
    for (_words, url), own in zip(chips, ("search", "mime_is", "created_at_since"), strict=True):
        left = {"search", "mime_is", "created_at_since", "sort"} - {own}
        assert {re.sub(r"^flt\d+_", "", name) for name in asked(url)} == left
    clear = re.search(r'href="([^"]*)">Clear all<', text)[1]
    assert set(asked(clear)) == {"sort"}


def test_a_chip_is_inert(client, log_in, gallery):
    log_in()
    text = client.get(LIST, query_string={"search": "<img onerror=x>"}).text
    assert "<img onerror" not in text
    assert "Search: &lt;img onerror=x&gt;" in text


@pytest.mark.parametrize(
    ("number", "page", "words"),
    [
        ("2", "1", None),
        (" 3 ", "2", None),
        ("1", None, None),
        ("4", "2", "There is no page 4. This is the last one, page 3."),
        ("99999999", "2", "There is no page 99,999,999."),
        ("0", "1", "“0” is not the number of a page."),
        ("-1", "1", "“-1” is not the number of a page."),
        ("", "1", "“” is not the number of a page."),
        ("two", "1", "“two” is not the number of a page."),
        ("²", "1", "“²” is not the number of a page."),
        ("9" * 400, "1", "is not the number of a page."),
    ],
)
def test_a_page_by_its_number(client, log_in, ctx, monkeypatch, number, page, words):
    monkeypatch.setattr(ImageView, "page_size", 2)
    for n in range(5):
        make_picture(filename=f"{n}.jpg")
    db.session.commit()
    log_in()
    query = {"page": "1", "search": "jpg", "goto": number}
    answer = client.get(LIST, query_string=query)
    wanted = {"search": "jpg"} | ({"page": page} if page else {})
    assert asked(answer.location) == wanted
    if words:
        assert words in client.get(answer.location).text


def test_past_the_end_of_a_list_that_nobody_counts_is_its_end(client, log_in, ctx, monkeypatch):
    monkeypatch.setattr(ImageView, "page_size", 2)
    for module in (counting, listing, lists):
        monkeypatch.setattr(module, "MOST_COUNTED", 2)
    for n in range(5):
        make_picture(filename=f"{n}.jpg")
    db.session.commit()
    log_in()
    answer = client.get(LIST, query_string={"goto": "7"})
    assert asked(answer.location) == {"page": "-1"}
    page = client.get(answer.location).text
    assert "There is no page 7. This is the end of the list." in page


def test_one_page_has_nowhere_to_jump(client, log_in, gallery):
    log_in()
    assert 'name="goto"' not in client.get(LIST).text


# News


def test_a_list_asks_for_marks_and_gets_nothing_else(client, log_in, gallery):
    log_in()
    ids = list(map(str, db.session.scalars(select(Image.id))))
    with statements() as sql:
        answer = client.get(LIST + "status", query_string={"ids": ",".join(ids), "marks": "only"})
    assert set(answer.json) == {"marks"}
    assert set(answer.json["marks"]) == set(ids)
    assert [it for it in sql if "FROM rendition" in it] == []
