"""Choices that are looked up: in a form, as a search item, and by the script of the page."""

import pytest

from cms.admin.choices import MOST_AT_ONCE
from tests.unit.admin import toy

SEARCH = "/admin/photo/choices/?name="


@pytest.fixture
def crowd(toy_app):
    """More people than are offered at once."""
    with toy_app.app_context():
        numbers = range(10, 10 + MOST_AT_ONCE + 20)
        toy.db.session.add_all(toy.Person(id=n, email=f"guest{n}@example.org") for n in numbers)
        toy.db.session.commit()


@pytest.mark.parametrize("asked", ["owner&query=li exam", "owner_of&query=li@exam"])
def test_what_is_typed_narrows_what_is_found(editor, asked):
    found = editor.get(SEARCH + asked).json
    assert found == {"options": [{"value": "2", "words": "li@example.org"}], "more": False}


def test_choices_come_in_pages(editor, crowd):
    first = editor.get(f"{SEARCH}owner&query=guest&limit=50").json
    second = editor.get(f"{SEARCH}owner&query=guest&limit=50&offset=50").json
    assert (len(first["options"]), first["more"]) == (50, True)
    assert (len(second["options"]), second["more"]) == (20, False)
    assert not {o["value"] for o in first["options"]} & {o["value"] for o in second["options"]}


@pytest.mark.parametrize(
    "asked", ["limit=999999", "limit=-1", "offset=-5", "offset=9999999999", "limit=x"]
)
def test_limit_and_offset_are_held_within_bounds(editor, crowd, asked):
    answer = editor.get(f"{SEARCH}owner&{asked}")
    assert answer.status_code == 200
    assert len(answer.json["options"]) <= MOST_AT_ONCE


@pytest.mark.parametrize("query", ["%", "_", "' OR 1=1 --", "\\"])
def test_signs_stand_for_themselves(editor, query):
    answer = editor.get("/admin/photo/choices/", query_string={"name": "owner", "query": query})
    assert answer.json["options"] == []


@pytest.mark.parametrize(
    ("who", "name", "status"),
    [("viewer", "owner_of", 200), ("editor", "no", 404), (None, "owner", 302)],
)
def test_it_is_open_to_who_may_see_the_list(client_of, who, name, status):
    assert client_of(who).get(SEARCH + name).status_code == status


def test_a_form_offers_the_first_and_the_chosen_without_script(editor, crowd, toy_app):
    with toy_app.app_context():
        toy.db.session.get(toy.Photo, 1).owner_id = 10 + MOST_AT_ONCE + 19
        toy.db.session.commit()
    page = editor.get("/admin/photo/edit/?id=1").text
    assert page.count("<option value='") == MOST_AT_ONCE + 2  # none, and the one beyond the first
    assert "<option value='79' selected>guest79@example.org</option>" in page
    assert 'data-lookup="/admin/photo/choices/?name=owner"' in page


@pytest.mark.parametrize(("posted", "saved"), [("2", 2), ("", None)])
def test_a_choice_is_saved(editor, photo, posted, saved):
    editor.post("/admin/photo/edit/?id=1", data={"title": "Harbour", "size": "1", "owner": posted})
    assert photo(1)["owner_id"] == saved


@pytest.mark.parametrize("posted", ["999", "x", "1 OR 1", "9" * 40])
def test_what_is_not_offered_is_not_saved(editor, photo, posted):
    editor.post("/admin/photo/edit/?id=1", data={"title": "Harbour", "size": "1", "owner": posted})
    assert photo(1)["owner_id"] in (None, 1)


@pytest.mark.parametrize(
    ("value", "left"), [("1", ["Broken", "Harbour"]), ("2", ["Teahouse 100%"])]
)
def test_a_list_is_narrowed_by_a_relation(editor, value, left):
    page = editor.get(f"/admin/photo/?flt8_owner_of={value}").text
    assert (
        sorted(
            title
            for title in ("Harbour", "Teahouse 100%", "Broken")
            if f'data-name="{title}"' in page
        )
        == left
    )
    assert f'<option value="{value}" selected>' in page


def test_a_relation_that_is_none_is_ignored_in_words(editor):
    assert "was ignored" in editor.get("/admin/photo/?flt8_owner_of=somebody").text
