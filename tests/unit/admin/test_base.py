"""The known traps of Flask-Admin, each sprung once."""

import re
from pathlib import Path

import flask_admin
import pytest

from cms.audit.values import unsaved
from tests.unit.admin import toy

TOP = Path(__file__).parents[3]
CELL = {"id": "1", "column": "title", "value": "Pier", "seen": "Harbour"}
HOOKS = re.compile(r"\son[a-z]+=|javascript:|\sstyle=|<style(?! nonce)", re.IGNORECASE)


@pytest.mark.case(33)
@pytest.mark.parametrize(
    "address",
    ["edit/?id=1,2", "edit/?id=x", "edit/?id=1.0", "edit/?id=-1", "edit/?id=99999999999999999999",
     "edit/?id=4294967296", "edit/?id=%EF%BC%91", "details/?id=999", "details/?id=1&id=2",
     "edit/?id=1%20", "ajax/lookup/?name=nothing"],
)  # fmt: skip
def test_odd_ids_are_not_found(editor, address):
    assert editor.get(f"/admin/photo/{address}").status_code == 404


@pytest.mark.case(33)
@pytest.mark.parametrize(
    "query",
    ["flt7_size_in_list=99999999999999999999,1", "flt7_size_in_list=x", "flt7_size_in_list=1e400",
     "page=100000000000000000000", "page=-1", "page=x", "page=1e9", "page_size=0", "page_size=-5",
     "page_size=1000000", "sort=99", "sort=-1", "sort=0", "sort=x", "desc=7", "tab=none", "tab=",
     "search=%25", "search=" + "a+" * 500, "flt", "flt_x=1", "flt0_=1", "fltx_status_is=ready",
     "flt0_status_is=nothing", "flt1_created_at_since=x", "flt1_created_at_since=0001-01-01",
     "flt2_created_at_until=9999-12-31", "flt4_size_is=1e400", "flt4_size_is=" + "9" * 30,
     "flt4_size_is=nan", "flt5_hidden_is=2", "page=" + "9" * 5000],
)  # fmt: skip
def test_odd_addresses_still_show_a_list(editor, query):
    assert editor.get(f"/admin/photo/?{query}").status_code == 200


@pytest.mark.case(33)
@pytest.mark.parametrize(
    "query", ["search=%00", "flt0_status_is=%00", "tab=%00", "%00=1", "id=%00"]
)
def test_nul_in_an_address_is_refused(editor, query):
    assert editor.get(f"/admin/photo/?{query}").status_code == 400


@pytest.mark.case(33)
def test_half_a_character_is_no_error(editor):
    assert editor.get("/admin/photo/?search=%ED%A0%80").status_code == 200


@pytest.mark.case(33)
@pytest.mark.parametrize("title", ["a\x00b", "x" * 101, ""])
def test_unstorable_titles_come_back_with_the_form(editor, photo, title):
    before = photo(1)
    answer = editor.post("/admin/photo/edit/?id=1", data={"title": title, "size": "1"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert photo(1) == before


@pytest.mark.case(33)
def test_a_megabyte_of_title_is_refused(editor):
    answer = editor.post("/admin/photo/new/", data={"title": "x" * 1_000_000, "size": "1"})
    assert 400 <= answer.status_code < 500


@pytest.mark.case(33)
def test_json_for_a_form_is_refused(editor):
    assert editor.post("/admin/photo/new/", json={"title": ["x"]}).status_code == 422
    assert editor.post("/admin/photo/action/", json=["delete"]).status_code == 400


def test_save_commits_at_the_edge_and_notes_the_change(editor, photo, toy_app):
    answer = editor.post(
        "/admin/photo/edit/?id=1&url=/admin/photo/?page=1", data={"title": "Pier", "size": "10"}
    )
    assert answer.location == "/admin/photo/?page=1#row-1"
    assert photo(1)["title"] == "Pier"
    assert toy_app.photos.noted == [("edit", "Pier", {"title": ["Harbour", "Pier"]})]


def test_views_only_flush(toy_app, client_of, photo, monkeypatch):
    monkeypatch.setattr(toy.db.session, "commit", lambda: None)
    posts = {
        "edit/?id=1": {"title": "Pier", "size": "1"},
        "new/": {"title": "New", "size": "1"},
        "delete/": {"id": "2"},
        "action/": {"action": "delete", "rowid": "3"},
        "ajax/update/": {"id": "1", "column": "title", "value": "Quay", "seen": "Harbour"},
    }
    for path, form in posts.items():
        assert client_of("editor").post(f"/admin/photo/{path}", data=form).status_code < 400
    monkeypatch.undo()
    assert photo(1)["title"] == "Harbour"
    assert photo(2)
    assert photo(3)


def test_an_unchanged_save_is_no_change(editor, toy_app, photo):
    editor.post("/admin/photo/edit/?id=1", data={"title": "Harbour", "size": "10"})
    assert [noted for noted in toy_app.photos.noted if "title" in noted[2]] == []


def test_taken_values_are_told_in_words(editor, photo):
    answer = editor.post("/admin/photo/edit/?id=1", data={"title": "Broken", "size": "77"})
    assert answer.status_code == 422
    assert "already" in answer.text.lower()
    for sql in ("UNIQUE", "UPDATE", "sqlite", "INSERT", "parameters"):
        assert sql not in answer.text
    assert photo(1)["size"] == 10


def test_unexpected_errors_are_logged_and_not_told(editor, photo, caplog):
    answer = editor.post("/admin/photo/new/", data={"title": "explode", "size": "1"})
    assert answer.status_code == 422
    assert "The error has been logged." in answer.text
    assert "SELECT secrets" not in answer.text
    assert "SELECT secrets" in caplog.text
    assert 'value="explode"' in answer.text


def test_deleting(editor, photo, toy_app):
    assert editor.post("/admin/photo/delete/", data={"id": "1"}).location == "/admin/photo/"
    assert photo(1) is None
    ((action, title, was),) = toy_app.photos.noted
    assert (action, title, was["title"], was["size"]) == (
        "delete", "Harbour", ["Harbour", None], [10, None],
    )  # fmt: skip


def test_bulk_delete_is_all_or_nothing(editor, photo, toy_app, monkeypatch):
    monkeypatch.setattr(
        toy_app.photos, "on_model_delete", lambda row: 1 / 0 if row.id == 1 else None
    )
    form = {"action": "delete", "rowid": ["1", "2"]}
    answer = editor.post("/admin/photo/action/", data=form, follow_redirects=True)
    assert "could not be saved" in answer.text
    assert photo(1)
    assert photo(2)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"action": "nothing", "rowid": "1"}, 400),
        ({"rowid": "1"}, 400),
        ({"action": "delete", "rowid": "1,2"}, 404),
        ({"action": "delete", "rowid": ["1", "x"]}, 404),
        ({"action": "delete"}, 302),
    ],
)
def test_odd_bulk_actions(editor, photo, form, code):
    assert editor.post("/admin/photo/action/", data=form).status_code == code
    assert photo(1)


def test_changing_one_column(editor, photo):
    answer = editor.post("/admin/photo/ajax/update/", data=CELL)
    assert answer.status_code == 200
    assert (answer.json["value"], answer.json["html"]) == ("Pier", "Pier")
    assert photo(1)["title"] == "Pier"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"id": None}, 400),
        ({"seen": None}, 400),
        ({"column": "note"}, 400),  # a field of the form, and not to be edited in the list
        ({"id": "1,2"}, 404),
        ({"value": ""}, 422),
        ({"value": "x" * 101}, 422),
        ({"value": "a\0b"}, 422),
        ({"value": "Broken"}, 422),  # another is called so
        ({"seen": "Mole"}, 409),
    ],
)
def test_odd_changes_of_one_column(editor, photo, form, code):
    form = {name: value for name, value in {**CELL, **form}.items() if value is not None}
    assert editor.post("/admin/photo/ajax/update/", data=form).status_code == code
    assert photo(1)["title"] == "Harbour"


@pytest.mark.parametrize(
    "query", ["limit=1000000", "limit=-1", "offset=-5", "offset=99999999999999999999", "query=%25"]
)
def test_lookups_are_bounded(toy_app, editor, query):
    with toy_app.app_context():
        toy.db.session.add_all(toy.Person(email=f"p{n}@example.org") for n in range(100))
        toy.db.session.commit()
    answer = editor.get(f"/admin/photo/ajax/lookup/?name=owner&{query}")
    assert answer.status_code == 200
    assert len(answer.json) <= 50


def seen(text):
    return re.search(r'name="_seen" value="([0-9a-f]+)"', text)[1]


@pytest.mark.case(39)
def test_the_second_editor_sees_the_difference_and_chooses(client_of, photo):
    one, two = client_of("editor:1"), client_of("editor:2")
    mark = seen(two.get("/admin/photo/edit/?id=1").text)
    one.post("/admin/photo/edit/?id=1", data={"title": "Hers", "size": "10", "_seen": mark})
    his = {"title": "His", "size": "10", "_seen": mark}
    answer = two.post("/admin/photo/edit/?id=1", data=his)
    assert answer.status_code == 422
    assert photo(1)["title"] == "Hers"
    assert 'value="His"' in answer.text
    assert ">Hers</del>" in answer.text
    two.post("/admin/photo/edit/?id=1", data=his | {"_seen": seen(answer.text)})
    assert photo(1)["title"] == "His"


@pytest.mark.case(36)
def test_markup_in_titles_is_inert(toy_app, editor):
    evil = '"><img src=x onerror=alert(1)>'
    editor.post("/admin/photo/new/", data={"title": evil, "size": "1"})
    for page in ("", "edit/?id=5", "details/?id=5"):
        text = editor.get(f"/admin/photo/{page}").text
        assert "<img src=x" not in text
        assert "&lt;img src=x" in text


@pytest.mark.case(40)
def test_secrets_are_not_noted(toy_app):
    class Account(toy.Base):
        __tablename__ = "account"
        id: toy.Mapped[int] = toy.mapped_column(primary_key=True)
        password_hash: toy.Mapped[str] = toy.mapped_column(toy.String(10))

    try:
        assert unsaved(Account(password_hash="x"))["password_hash"] == [None, "•••"]
    finally:
        toy.Base.metadata.remove(Account.__table__)
        toy.Base.registry._dispose_cls(Account)


# A mail is no page: no policy travels with it, and mail programs want their styles inline.
PAGE_TEMPLATES = sorted(
    str(path.relative_to(TOP))
    for path in TOP.glob("templates/**/*.html")
    if path.parent.name != "mail" or path.parent.parent.name == "admin"
)


@pytest.mark.parametrize("template", PAGE_TEMPLATES)
def test_templates_hold_nothing_that_the_policy_forbids(template):
    assert not HOOKS.search((TOP / template).read_text())


def test_every_template_of_flask_admin_that_is_used_is_ours():
    theirs = Path(flask_admin.__file__).parent / "templates" / "bootstrap4"
    used = {p.relative_to(theirs) for p in theirs.glob("admin/**/*.html")}
    used -= {p for p in used if p.parts[1] in ("file", "rediscli")}
    assert [p for p in sorted(used) if not (TOP / "templates" / p).is_file()] == []


def test_inline_scripts_carry_a_nonce(editor):
    for page in ("", "new/", "edit/?id=1", "details/?id=1"):
        text = editor.get(f"/admin/photo/{page}").text
        for tag in re.findall(r"<script[^>]*>", text):
            assert "nonce=" in tag
        assert text.count("<h1>") == 1
        assert '<html lang="en"' in text
