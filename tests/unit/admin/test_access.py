"""Who may open what: everything is closed until the policy opens it."""

from urllib.parse import parse_qs, urlsplit

import pytest

from cms.admin.access import Guarded, inner_target, storable
from cms.admin.base import QsIndexView, expose, needs
from tests.unit.admin import toy

MINE = {"column": "title", "value": "Mine", "seen": "Harbour"}

PAGES = (
    "/admin/",
    "/admin/photo/",
    "/admin/photo/new/",
    "/admin/photo/edit/?id=1",
    "/admin/photo/details/?id=1",
    "/admin/photo/ajax/lookup/?name=owner",
    "/admin/photo/export/csv/",
    "/admin/photo/status?ids=1",
    "/admin/job/",
)


@pytest.mark.parametrize("address", PAGES)
def test_strangers_are_sent_to_log_in(client_of, address):
    answer = client_of().get(address)
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer.location).query) == {"next": [address]}


@pytest.mark.parametrize("address", PAGES)
def test_scripts_of_strangers_are_told_so_in_json(client_of, address):
    answer = client_of().get(address, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json["error"]


@pytest.mark.case(32)
@pytest.mark.parametrize(
    ("who", "address", "code"),
    [
        ("viewer", "/admin/photo/", 200),
        ("viewer", "/admin/photo/details/?id=1", 200),
        ("viewer", "/admin/photo/edit/?id=1", 403),
        ("viewer", "/admin/photo/new/", 403),
        ("viewer", "/admin/photo/ajax/lookup/?name=owner", 403),
        ("viewer", "/admin/job/", 403),
        ("author:1", "/admin/photo/edit/?id=1", 200),
        ("author:1", "/admin/photo/edit/?id=2", 403),
        ("author:1", "/admin/photo/new/", 200),
        ("editor", "/admin/photo/edit/?id=2", 200),
        ("editor", "/admin/photo/edit/?id=4", 404),
        ("editor", "/admin/photo/details/?id=4", 404),
        ("editor", "/admin/photo/export/csv/", 404),
        ("editor", "/admin/job/", 200),
        ("nobody", "/admin/", 403),
    ],
)
def test_roles(client_of, who, address, code):
    assert client_of(who).get(address).status_code == code


@pytest.mark.case(32)
@pytest.mark.parametrize(
    ("who", "path", "form", "code"),
    [
        ("viewer", "delete/", {"id": "1"}, 403),
        ("viewer", "ajax/update/", MINE | {"id": "1"}, 403),
        ("viewer", "edit/?id=1", {"title": "Mine"}, 403),
        ("viewer", "new/", {"title": "Mine"}, 403),
        ("viewer", "action/", {"action": "delete", "rowid": "1"}, 403),
        ("viewer", "retry", {"id": "3"}, 403),
        ("author:2", "ajax/update/", MINE | {"id": "1"}, 403),
        ("author:2", "retry", {"id": "3"}, 403),
        ("editor", "ajax/update/", MINE | {"id": "4"}, 404),
        ("editor", "delete/", {"id": "4"}, 404),
    ],
)
def test_what_is_not_theirs_stays_as_it_is(client_of, photo, who, path, form, code):
    before = [photo(number) for number in (1, 2, 3, 4)]
    assert client_of(who).post(f"/admin/photo/{path}", data=form).status_code == code
    assert [photo(number) for number in (1, 2, 3, 4)] == before


def test_bulk_actions_leave_other_peoples_rows_alone(client_of, photo):
    form = {"action": "retry", "rowid": ["1", "2"]}
    answer = client_of("author:1").post("/admin/photo/action/", data=form, follow_redirects=True)
    assert photo(1)["status"] == toy.Status.PENDING
    assert photo(2)["status"] == toy.Status.READY
    assert "1 row done." in answer.text
    assert "1 row was left alone" in answer.text


@pytest.mark.case(31)
@pytest.mark.parametrize(
    "path", ["delete/", "action/", "ajax/update/", "retry", "new/", "edit/?id=1"]
)
def test_posts_without_a_token_change_nothing(editor, photo, path):
    before = photo(1)
    form = {"id": "1", "action": "delete", "rowid": "1", **MINE, "title": "Mine"}
    assert editor.post(f"/admin/photo/{path}", data=form, token=False).status_code == 400
    assert photo(1) == before


@pytest.mark.case(31)
@pytest.mark.parametrize("path", ["delete/?id=1", "action/?action=delete&rowid=1", "ajax/update/"])
def test_acts_are_not_for_get(editor, photo, path):
    assert editor.get(f"/admin/photo/{path}").status_code == 405
    assert photo(1)


def test_a_page_that_names_no_permission_stops_the_start():
    class Open(Guarded):
        kind = "image"

        @expose("/")
        def index(self):
            """Answer nothing."""

        index_view = index

        @expose("/hole")
        def hole(self):
            """Answer nothing."""

    with pytest.raises(TypeError, match=r"Open\.hole names no permission"):
        Open()


def test_the_menu_shows_what_one_may_open(client_of):
    assert "/admin/job/" not in client_of("viewer").get("/admin/").text
    assert "/admin/job/" in client_of("editor").get("/admin/").text


def test_flask_admins_own_scripts_are_not_served(editor):
    assert editor.get("/admin/static/vendor/jquery.min.js").status_code == 404


@pytest.mark.case(34)
@pytest.mark.parametrize(
    "target",
    ["//e.example", "/\\e.example", "https:evil.example", "javascript:alert(1)", "/\t/e.example",
     "https://e.example/", "\\\\e.example", "e.example", " /x", "", None],
)  # fmt: skip
def test_only_paths_of_this_site_are_targets(target):
    assert inner_target(target) is None


def test_paths_of_this_site_are_targets():
    assert inner_target("/admin/photo/?page=2") == "/admin/photo/?page=2"


@pytest.mark.case(34)
@pytest.mark.parametrize(
    "target", ["//e.example", "/\\e.example", "https:e.example", "/\t/e.example"]
)
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("delete/", {"id": "1"}),
        ("action/", {"action": "delete", "rowid": "1"}),
        ("retry", {"id": "1"}),
        ("new/", {"title": "New", "size": "1"}),
        ("edit/?id=1", {"title": "New", "size": "1"}),
        ("edit/?id=1", {"title": "New", "size": "1", "_continue_editing": "1"}),
    ],
)
def test_no_answer_leads_away(editor, path, form, target):
    answer = editor.post(f"/admin/photo/{path}", data=form | {"url": target})
    assert answer.status_code == 302
    assert answer.location.startswith("/admin/photo/")


@pytest.mark.case(34)
def test_no_link_leads_away(editor):
    text = editor.get("/admin/photo/edit/?id=1&url=https:e.example").text
    assert 'href="https:e.example' not in text
    strange = "/admin/photo/?_scheme=javascript&_external=1&_anchor=x&endpoint=x&filename=y"
    assert "javascript://" not in editor.get(strange).text


@pytest.mark.parametrize("text", ["\x00", "a\ud800"])
def test_text_no_database_keeps(text):
    assert not storable(text)
    assert storable("照片 \U0001f600")


def test_needs_marks_without_changing():
    @needs("view")
    def page():
        return 1

    assert page() == 1


def test_index_view_needs_only_to_enter(client_of):
    assert QsIndexView.kind == "admin"
    assert client_of("viewer").get("/admin/").status_code == 200
