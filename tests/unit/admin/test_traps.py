"""Traps of Flask-Admin that lists walk into, and that no other test springs."""

import re
from pathlib import Path

import pytest
from flask_admin.contrib.sqla import ModelView

from cms.admin.lists import QsListView
from tests.unit.admin import toy

SOURCES = sorted(Path(toy.TOP, "cms").rglob("*.py"))


def test_hooks_run_before_the_commit(toy_app, editor, photo, monkeypatch):
    """Flask-Admin's run after it: what they refuse is saved all the same."""

    def refuse(*_args, **_kwargs):
        raise RuntimeError("too late")

    monkeypatch.setattr(toy_app.photos, "after_model_change", refuse)
    answer = editor.post("/admin/photo/edit/?id=1", data={"title": "Pier", "size": "1"})
    assert answer.status_code == 422
    assert photo(1)["title"] == "Harbour"
    monkeypatch.setattr(toy_app.photos, "after_model_delete", refuse)
    editor.post("/admin/photo/delete/", data={"id": "1"})
    assert photo(1)


@pytest.mark.parametrize("fast", [True, False])
def test_deleting_many_runs_the_hooks_of_each(toy_app, editor, photo, monkeypatch, fast):
    """Flask-Admin's `fast_mass_delete` runs none of them."""
    monkeypatch.setattr(toy.PhotoView, "fast_mass_delete", fast)
    seen = []
    monkeypatch.setattr(toy_app.photos, "on_model_delete", lambda row: seen.append(row.title))
    editor.post("/admin/photo/action/", data={"action": "delete", "rowid": ["1", "2"]})
    assert sorted(seen) == ["Harbour", "Teahouse 100%"]
    assert photo(1) is None


def test_relations_may_be_named_to_be_loaded(toy_app):
    """`column_select_related_list` of names stops Flask-Admin's own view."""

    class View(QsListView):
        kind = "image"
        column_list = ("title", "owner.email")
        column_select_related_list = ("owner",)

    view = View(toy.Photo, toy.db, endpoint="related", url="/related")
    with toy_app.test_request_context():
        assert len(view.loader_options()) == 1


@pytest.mark.parametrize("path", ["edit/?id=1", "ajax/update/", "delete/", "new/"])
def test_what_a_screen_cannot_do_has_no_page(toy_app, editor, photo, monkeypatch, path):
    """Flask-Admin's inline editing looks at `column_editable_list` and not at `can_edit`."""
    for ability in ("can_edit", "can_delete", "can_create"):
        monkeypatch.setattr(toy.PhotoView, ability, False)
    form = {"id": "1", "list_form_pk": "1", "title": "Pier", "size": "1"}
    assert editor.post(f"/admin/photo/{path}", data=form).status_code == 404
    assert photo(1)["title"] == "Harbour"


@pytest.mark.parametrize("name", ["ImageUploadField", "FileUploadField", "FileAdmin", "SecureForm"])
def test_parts_that_lose_files_or_tokens_are_not_used(name):
    assert [path for path in SOURCES if re.search(rf"\b{name}\b", path.read_text())] == []


def test_views_are_ours():
    """A plain `ModelView` would stand open: each screen derives from the guarded one."""
    plain = re.compile(r"class \w+\(.*\bModelView\b")
    found = [path.name for path in SOURCES if plain.search(path.read_text())]
    assert found == ["base.py"]
    assert issubclass(QsListView, ModelView)
