"""The audit trail: who did what to what, from where, in the same transaction."""

import pytest

from cms.audit import values
from cms.audit.models import AuditEntry
from cms.audit.services import record
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus
from cms.notifications import services as notifications
from tests import pictures
from tests.factories import form_file, make_picture, make_user

HERE = {"REMOTE_ADDR": "203.0.113.7"}


@pytest.fixture
def picture(ctx):
    """A picture that failed for good, with its notification."""
    image = make_picture(filename="harbour.jpg")
    image.status = ImageStatus.FAILED
    job = db.session.query(Job).one()
    job.state = JobState.FAILED
    notifications.job_failed(job, RuntimeError("broken"))
    db.session.query(AuditEntry).delete()
    db.session.commit()
    return image


@pytest.fixture
def act(client, log_in):
    """Do something as an administrator; return who, and what the trail says."""
    user = log_in("administrator")

    def go(path, **form):
        answer = client.post(path, data=form, environ_base=HERE)
        assert answer.status_code == 302
        return [
            (entry.action, entry.thing_kind, entry.thing_id, entry.changes)
            for entry in entries_of(user)
        ]

    return go


def entries_of(user):
    entries = db.session.query(AuditEntry).order_by(AuditEntry.id).all()
    for entry in entries:
        assert (entry.user_id, entry.user_email) == (user.id, user.email)
        assert entry.address == "203.0.113.7"
        assert entry.at.tzinfo
    return entries


def test_upload(act):
    data = pictures.jpeg(64, 48)
    noted = act("/admin/image/upload", file=form_file(data, "harbour.jpg"))
    image = db.session.query(Image).one()

    changes = {"filename": "harbour.jpg", "size": len(data)}
    assert noted == [("upload", "image", str(image.id), changes)]


def test_edit(picture, act):
    form = {"title": "Pier", "alt_text": "Boats"}
    noted = act(f"/admin/image/edit/?id={picture.id}", **form)

    changes = {"title": ["harbour", "Pier"], "alt_text": ["", "Boats"]}
    assert noted == [("edit", "image", str(picture.id), changes)]


def test_a_save_that_changes_nothing_is_not_noted(picture, act):
    assert act(f"/admin/image/edit/?id={picture.id}", title="harbour", alt_text="") == []


def test_delete(picture, act):
    number = str(picture.id)
    changes = {"title": "harbour", "filename": "harbour.jpg"}
    told = str(db.session.query(notifications.AdminNotification).one().id)
    noted = act("/admin/image/delete/", id=number)

    assert ("delete", "image", number, changes) in noted
    # What was told of the picture is closed with it, and that is noted as well.
    assert [entry[:3] for entry in noted if entry[0] != "delete"] == [
        ("resolve", "admin_notification", told)
    ]


def test_delete_of_several_notes_each(picture, act):
    other = make_picture(filename="pier.jpg")
    db.session.commit()
    db.session.query(AuditEntry).delete()
    db.session.commit()
    noted = act("/admin/image/action/", action="delete", rowid=[picture.id, other.id])

    deleted = [entry for entry in noted if entry[1] == "image"]
    assert {(action, changes["title"]) for action, _kind, _id, changes in deleted} == {
        ("delete", "harbour"),
        ("delete", "pier"),
    }


@pytest.mark.parametrize("where", ["image", "job", "notification"])
def test_retry(picture, act, where):
    job = db.session.query(Job).one()
    things = {"image": picture.id, "job": job.id}
    things["notification"] = db.session.query(notifications.AdminNotification).one().id
    noted = act(f"/admin/{where}/retry", id=things[where])

    again = db.session.query(Job).filter(Job.id != job.id).one()
    expected = [("retry", "job", job.id, {"retry": again.id})]
    if where == "notification":
        expected.append(("retry one", "admin_notification", str(things[where]), {"job": again.id}))
    assert sorted(noted) == sorted(expected)
    assert act(f"/admin/{where}/retry", id=things[where]) == noted, "pressed twice, noted once"


def test_resolve(picture, act):
    number = str(db.session.query(notifications.AdminNotification).one().id)
    changes = {"state": ["open", "resolved"]}
    noted = act("/admin/notification/resolve", id=number)

    assert noted == [("resolve", "admin_notification", number, changes)]
    assert act("/admin/notification/resolve", id=number) == noted, "pressed twice, noted once"


def test_an_entry_is_taken_back_with_what_it_tells_of(picture, act, client, monkeypatch):
    def refuse():
        raise RuntimeError("the database is away")

    with monkeypatch.context() as broken:
        broken.setattr("cms.edge.db.session.commit", refuse)
        answer = client.post("/admin/image/delete/", data={"id": picture.id})
        assert answer.status_code == 500

    assert db.session.query(AuditEntry).count() == 0
    assert db.session.query(Image).one().title == "harbour"


def test_what_is_refused_is_not_noted(picture, act, client):
    answer = client.post(f"/admin/image/edit/?id={picture.id}", data={"title": ""})

    assert answer.status_code == 422
    assert db.session.query(AuditEntry).count() == 0


def test_without_a_request_nobody_is_named(ctx):
    entry = record("upload", make_picture(), filename="a.jpg")
    db.session.flush()

    assert (entry.user_id, entry.user_email, entry.address) == (None, None, None)


def test_a_new_thing_is_named_by_the_number_it_gets(ctx):
    user = make_user()
    image = Image(title="x", filename="x", key="k", mime="m", size=1, sha256="s", width=1, height=1)
    image.owner = user
    db.session.add(image)

    assert record("upload", image).thing_id == str(image.id)


@pytest.mark.case(40)
def test_secrets_are_masked(ctx):
    user = make_user(email="anna@example.com")
    db.session.commit()
    db.session.refresh(user)
    user.password = "hunter2hunter2"
    user.email = "anne@example.com"

    assert values.unsaved(user) == {
        "password": ["•••", "•••"],
        "email": ["anna@example.com", "anne@example.com"],
    }
