"""Cells of every kind of field, edited in place."""

from datetime import date

import pytest
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from cms.admin.lists import QsListView
from tests.clients import PageClient
from tests.unit.admin import toy

COLUMNS = ("title", "note", "size", "hidden", "status", "taken_on")


class SheetView(toy.PhotoView):
    """A list in which everything can be edited."""

    column_list = column_editable_list = form_columns = COLUMNS  # type: ignore[assignment]
    form_overrides = {"status": SelectField}
    form_args = {
        "status": {
            "choices": [SelectChoice(it, it.name) for it in toy.Status],
            "coerce": toy.Status,
        }
    }
    form_ajax_refs = None  # type: ignore[assignment]
    inline_models = None  # type: ignore[assignment]


class ManyView(QsListView):
    """A list whose cell would take several values."""

    kind = "image"
    column_list = column_editable_list = form_columns = ("remarks",)


@pytest.fixture(scope="session")
def toy_site(tmp_path_factory):
    """The toy application with a sheet."""
    database = tmp_path_factory.mktemp("sheet") / "toy.db"
    app = toy.make_app(f"sqlite:///{database}", TESTING=True)
    app.test_client_class = PageClient
    (admin,) = app.extensions["admin"]
    admin.add_view(SheetView(toy.Photo, toy.db, endpoint="sheet"))
    with app.app_context():
        toy.db.create_all()
    yield app
    with app.app_context():
        toy.db.engine.dispose()


@pytest.fixture
def change(client_of):
    """Post a cell of the first row; the answer."""

    def go(column, value, seen):
        form = {"id": "1", "column": column, "value": value, "seen": seen}
        return client_of("editor").post("/admin/sheet/ajax/update/", data=form)

    return go


@pytest.mark.parametrize(
    ("column", "seen", "value", "kept"),
    [
        ("title", "Harbour", "Pier", "Pier"),
        ("note", "", "One\ntwo", "One\ntwo"),
        ("size", "10", "12", 12),
        ("hidden", "", "1", True),
        ("status", "ready", "failed", toy.Status.FAILED),
        ("taken_on", "", "2026-01-02", date(2026, 1, 2)),
    ],
)
def test_each_kind_of_field_saves_what_it_holds(change, photo, column, seen, value, kept):
    answer = change(column, value, seen)
    assert (answer.status_code, answer.json["value"]) == (200, value)
    assert photo(1)[column] == kept
    assert change(column, seen, value).json["value"] == seen


@pytest.mark.parametrize(
    ("column", "seen", "value", "words"),
    [
        ("size", "10", "many", "Not a valid integer value."),
        ("status", "ready", "lost", "Invalid Choice: could not coerce."),
        ("taken_on", "", "soon", "Not a valid date value."),
    ],
)
def test_each_kind_of_field_says_what_is_wrong(change, photo, column, seen, value, words):
    before = photo(1)
    answer = change(column, value, seen)
    assert (answer.status_code, answer.json["errors"]) == (422, [words])
    assert photo(1) == before


def test_a_list_has_one_field_for_each_column(client_of):
    page = client_of("editor").get("/admin/sheet/").text
    fields = [name for name in COLUMNS if f'<template data-field="{name}">' in page]
    assert fields == [name for name in COLUMNS if name != "hidden"]  # that is a switch
    assert 'type="date"' in page
    assert 'role="switch"' in page
    assert 'role="switch"' not in client_of("viewer").get("/admin/sheet/").text


def test_a_column_of_several_values_stops_the_start():
    with pytest.raises(TypeError, match="cannot be edited in a list"):
        ManyView(toy.Photo, toy.db, endpoint="many")
