"""Editing within a list: in place, many rows at once, enabled and disabled, and undone."""

import re
from datetime import timedelta

import pytest

from cms import clock
from cms.audit.models import AuditEntry, UndoStep
from cms.editorial import bulk
from cms.extensions import db
from cms.jobs.models import Selection
from cms.media.models import Image
from cms.webhooks.models import WebhookEndpoint
from tests.factories import make_picture, make_user
from tests.processes import PASSWORD

CELL = "/admin/image/ajax/update/"
BULK = "/admin/image/action/"
JSON = {"Accept": "application/json"}
TOKEN = re.compile(r'name="token" value="([^"]+)"')


@pytest.fixture
def editor(log_in):
    return log_in("editor")


@pytest.fixture
def picture(editor):
    image = make_picture(owner=editor)
    image.alt_text = "A harbour"
    db.session.commit()
    return image


@pytest.fixture
def change(client):
    """Post a cell; the answer."""

    def go(image, value, seen, column="alt_text"):
        form = {"id": image.id, "column": column, "value": value, "seen": seen}
        answer = client.post(CELL, data=form, headers=JSON)
        db.session.expire_all()
        return answer

    return go


@pytest.fixture
def edit(client):
    """Post the form of a bulk edit; the page one is led to."""

    def go(values, rows=(), **more):
        form = {f"new-{name}": value for name, value in values.items()}
        form |= {f"set-{name}": "1" for name in values}
        form |= {"action": "edit", "save": "1", "rowid": [str(row.id) for row in rows], **more}
        answer = client.post(BULK, data=form, follow_redirects=True)
        db.session.expire_all()
        return answer

    return go


@pytest.fixture
def undo(client):
    """Press the button in an answer; the page one is led to."""

    def go(answer):
        html = answer.json["notices"][-1]["html"] if answer.is_json else answer.text
        form = {"token": TOKEN.search(html)[1], "url": "/admin/image/"}
        page = client.post("/admin/undo/", data=form, follow_redirects=True)
        db.session.expire_all()
        return page

    return go


def entries(image):
    found = db.session.query(AuditEntry).filter_by(thing_kind="image", thing_id=str(image.id))
    return [(it.action, it.changes, it.user_id) for it in found.order_by(AuditEntry.id)]


# In place


def test_a_cell_is_saved_and_noted(picture, change, editor):
    answer = change(picture, "A mole", "A harbour")
    assert answer.status_code == 200
    assert answer.json["value"] == "A mole"
    assert picture.alt_text == "A mole"
    assert entries(picture)[-1] == ("edit", {"alt_text": ["A harbour", "A mole"]}, editor.id)


def test_the_field_of_the_form_says_what_is_wrong(picture, change):
    answer = change(picture, "x" * 501, "A harbour")
    assert answer.status_code == 422
    assert answer.json["errors"] == ["Field cannot be longer than 500 characters."]
    assert picture.alt_text == "A harbour"


@pytest.mark.case(39)
def test_what_somebody_else_has_changed_is_not_overwritten_unseen(picture, change):
    picture.alt_text = "Theirs"
    db.session.commit()
    answer = change(picture, "Mine", "A harbour")
    assert (answer.status_code, answer.json["now"], answer.json["words"]) == (409, *["Theirs"] * 2)
    assert picture.alt_text == "Theirs"

    assert change(picture, "Mine", answer.json["now"]).status_code == 200
    assert picture.alt_text == "Mine"


def test_what_both_have_written_is_no_conflict(picture, change):
    picture.alt_text = "Same"
    db.session.commit()
    before = entries(picture)
    answer = change(picture, "Same", "A harbour")
    assert (answer.status_code, answer.json["notices"]) == (200, [])
    assert entries(picture) == before


def test_line_ends_are_no_difference(picture, change):
    picture.alt_text = "One\r\ntwo"
    db.session.commit()
    assert change(picture, "Two", "One\ntwo").status_code == 200


@pytest.mark.case(36)
def test_markup_in_a_cell_is_inert(picture, change):
    answer = change(picture, "<img src=x onerror=alert(1)>", "A harbour")
    assert "<img" not in answer.json["html"]
    change(picture, "<img src=x onerror=alert(1)>", picture.title, "title")
    assert "<img" not in change(picture, "x", picture.alt_text).json["notices"][0]["html"]


def test_a_list_offers_what_one_may_edit(client, log_in):
    author = log_in("author")
    for owner in (author, make_user("editor")):
        make_picture(owner=owner)
    db.session.commit()
    rows = client.get("/admin/image/").text.split("<tr role")[2:]
    assert ['data-edit="title"' in row for row in rows] == [False, True]


# Undone


def test_an_edit_is_undone_once(picture, change, undo, editor):
    answer = change(picture, "A mole", "A harbour")
    assert "Undone: 1 row." in undo(answer).text
    assert picture.alt_text == "A harbour"
    assert entries(picture)[-1] == ("edit", {"alt_text": ["A mole", "A harbour"]}, editor.id)

    assert "cannot be undone any more" in undo(answer).text
    assert picture.alt_text == "A harbour"


def test_what_was_changed_again_stays_and_is_told(picture, change, undo):
    answer = change(picture, "A mole", "A harbour")
    change(picture, "A pier", "A mole")
    page = undo(answer).text
    assert "was changed again meanwhile, and stays" in page
    assert "Undone" not in page
    assert picture.alt_text == "A pier"


def test_it_is_undone_by_nobody_else(client, picture, change, undo, ctx):
    answer = change(picture, "A mole", "A harbour")
    other = make_user("editor")
    db.session.commit()
    client.post("/logout")
    client.post("/login", data={"email": other.email, "password": PASSWORD})
    assert undo(answer).status_code == 400
    assert picture.alt_text == "A mole"


def test_it_is_undone_by_nobody_who_may_not_edit_any_more(picture, change, undo, editor):
    answer = change(picture, "A mole", "A harbour")
    editor.roles = [role for user in [make_user("author")] for role in user.roles]
    picture.owner = make_user("editor")
    db.session.commit()
    assert "gone, or you may not change it" in undo(answer).text
    assert picture.alt_text == "A mole"


def test_after_a_day_it_is_too_late(picture, change, undo):
    answer = change(picture, "A mole", "A harbour")
    step = db.session.query(UndoStep).one()
    step.created_at = clock.now() - timedelta(days=1, minutes=1)
    db.session.commit()
    assert "a day has passed" in undo(answer).text
    assert picture.alt_text == "A mole"
    change(picture, "A pier", "A mole")
    assert db.session.query(UndoStep).count() == 1


# Many at once


@pytest.fixture
def pictures(editor):
    """So many pictures."""

    def make(count):
        first = make_picture(owner=editor)
        columns = [c.key for c in Image.__table__.columns if c.key not in ("id", "key")]
        same = {name: getattr(first, name) for name in columns}
        copies = [Image(**same, key=f"copy {n}") for n in range(count - 1)]
        db.session.add_all(copies)
        db.session.commit()
        return [first, *copies]

    return make


def texts():
    return {text for (text,) in db.session.query(Image.alt_text)}


def test_it_is_asked_what_is_to_be_set(client, pictures):
    rows = pictures(2)
    page = client.post(BULK, data={"action": "edit", "rowid": [str(row.id) for row in rows]}).text
    assert "Edit 2 rows" in page
    assert page.count('name="rowid"') == 2
    assert 'name="set-alt_text"' in page
    assert 'name="new-title"' in page


def test_only_what_is_ticked_is_set_and_it_is_undone_together(pictures, edit, undo, editor):
    rows = pictures(3)
    titles = [row.title for row in rows]
    page = edit({"alt_text": "A harbour"}, rows[:2], **{"new-title": "Ignored"})
    assert "2 rows done." in page.text
    assert [row.alt_text for row in rows] == ["A harbour", "A harbour", ""]
    assert [row.title for row in rows] == titles
    assert entries(rows[0])[-1] == ("edit", {"alt_text": ["", "A harbour"]}, editor.id)

    assert "Undone: 2 rows." in undo(page).text
    assert texts() == {""}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Tick what is to be changed."),
        ({"title": ""}, "This field is required."),
        ({"alt_text": "x" * 501}, "Field cannot be longer than 500 characters."),
        ({"alt_text": "a\0b"}, "This holds a character that cannot be saved."),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_set(pictures, edit, values, words):
    rows = pictures(2)
    titles = [row.title for row in rows]
    answer = edit(values, rows)
    assert answer.status_code == 422
    assert words in answer.text
    assert [row.title for row in rows] == titles
    assert texts() == {""}


def test_alternative_text_over_a_filter_of_500_is_a_job(client, pictures, edit, run_jobs):
    rows = pictures(501)
    rows[7].title = rows[7].filename = "Other"
    db.session.commit()
    where = "?search=picture"
    form = {"action": "edit", "everything": "1"}
    assert "Edit 500 rows" in client.post(BULK + where, data=form).text

    answer = client.post(
        BULK + where,
        data=form | {"save": "1", "set-alt_text": "1", "new-alt_text": "A harbour"},
        follow_redirects=True,
    )
    assert "a job does this with all 500 of them" in answer.text
    run_jobs()
    with_text = db.session.query(Image).filter_by(alt_text="A harbour")
    assert (with_text.count(), db.session.get(Image, rows[7].id).alt_text) == (500, "")


def test_another_text_is_another_job(client, pictures, edit, run_jobs):
    pictures(201)
    for text in ("One", "Two"):
        edit({"alt_text": text}, everything="1")
    assert db.session.query(Selection).count() == 2
    run_jobs()
    assert texts() == {"Two"}


def test_a_row_that_may_not_be_edited_says_so(client, log_in, run_jobs):
    author, other = log_in("author"), make_user("editor")
    for owner in [author] * 200 + [other]:
        image = Image(
            title="x", filename="x", key=f"{id(owner)} {db.session.query(Image).count()}",
            mime="image/jpeg", size=1, sha256="0", width=2, height=1, owner=owner,
        )  # fmt: skip
        db.session.add(image)
        db.session.flush()
    db.session.commit()
    form = {"action": "edit", "everything": "1", "save": "1"}
    client.post(BULK, data=form | {"set-alt_text": "1", "new-alt_text": "Mine"})
    run_jobs()
    selection = db.session.query(Selection).one()
    page = client.get(f"/admin/selection/details/?id={selection.id}").text
    assert "200" in page
    assert "You are not allowed to do this." in page
    assert db.session.query(Image).filter_by(alt_text="Mine").count() == 200


def test_the_act_is_registered_for_every_list_that_edits_in_bulk(ctx):
    (admin,) = ctx.extensions["admin"]
    declared = [v.kind for v in admin._views if getattr(v, "bulk_edit_fields", ())]
    assert declared == ["document", "image"]
    assert all(bulk.selections.find(kind, "edit") for kind in declared)


# Enabled and disabled


@pytest.fixture
def endpoints(log_in):
    log_in("administrator")
    made = [WebhookEndpoint(name=n, url="https://a.example/", events=[]) for n in ("Shop", "Till")]
    db.session.add_all(made)
    db.session.commit()
    return made


def test_rows_are_disabled_together_and_that_is_undone(client, endpoints, undo):
    form = {"action": "disable", "rowid": [str(it.id) for it in endpoints]}
    page = client.post("/admin/webhook/action/", data=form, follow_redirects=True)
    db.session.expire_all()
    assert [it.enabled for it in endpoints] == [False, False]

    undo(page)
    assert [it.enabled for it in endpoints] == [True, True]


def test_a_row_is_disabled_and_that_is_undone(client, endpoints, undo):
    one, other = endpoints
    page = client.post("/admin/webhook/disable", data={"id": one.id}, follow_redirects=True)
    db.session.expire_all()
    assert (one.enabled, other.enabled) == (False, True)
    undo(page)
    assert one.enabled


def test_disabling_twice_is_one_change(client, endpoints):
    for _time in range(2):
        client.post("/admin/webhook/disable", data={"id": endpoints[0].id})
    assert db.session.query(AuditEntry).filter_by(action="edit").count() == 1


def test_a_switch_in_the_list_disables(client, endpoints):
    cell = {"id": endpoints[0].id, "column": "enabled", "value": "", "seen": "1"}
    answer = client.post("/admin/webhook/ajax/update/", data=cell, headers=JSON)
    db.session.expire_all()
    assert (answer.json["value"], endpoints[0].enabled) == ("", False)
    assert re.search(r'role="switch"[^>]*data-value=""', client.get("/admin/webhook/").text)
