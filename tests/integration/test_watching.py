"""Who looks for what is wrong, and where it is shown."""

from datetime import timedelta

import pytest

from cms import clock
from cms.audit.models import AuditEntry
from cms.extensions import db
from cms.jobs.models import JobState
from cms.notifications import alarms, services
from cms.notifications.models import AdminNotification, NotificationState
from cms.storage.base import StorageFull
from cms.tasks import huey, watching
from tests.toy_tasks import write_toy

PLENTY = 50_000
OPEN, RESOLVED = NotificationState.OPEN, NotificationState.RESOLVED


@pytest.fixture(autouse=True)
def disk(monkeypatch):
    """The free space, in MB, of every folder."""
    free = {"mb": PLENTY}
    monkeypatch.setattr(alarms, "free_mb", lambda _folder: free["mb"])
    return free


def states():
    return {
        group.job_data["alarm"]: (group.state, group.count)
        for group in db.session.query(AdminNotification)
    }


def page_of_it():
    return f"/admin/notification/details/?id={db.session.query(AdminNotification).one().id}"


@pytest.fixture
def web(ctx, client):
    ctx.extensions.pop("cms.next_look", None)
    yield client
    ctx.extensions.pop("cms.next_look", None)


def test_the_consumer_on_duty_looks(each_ctx, disk):
    disk["mb"] = 0
    assert watching.watch in huey.duties
    watching.watch(huey)
    db.session.rollback()
    assert states() == {"disk_full": (OPEN, 1)}


def test_the_web_looks_once_a_minute_and_closes_what_is_over(web, disk, moment):
    def ready(seconds):
        with clock.stopped_at(moment + timedelta(seconds=seconds)):
            web.get("/readyz")
        db.session.expire_all()
        return states()

    assert ready(0) == {}
    disk["mb"] = 0
    assert ready(59) == {}
    assert ready(60) == {"disk_full": (OPEN, 1)}, "though the answer was a 503"
    disk["mb"] = PLENTY
    assert ready(119)["disk_full"] == (OPEN, 1)
    assert ready(120)["disk_full"] == (RESOLVED, 1)


def test_the_banner_looks_too_and_nobody_has_closed_what_closes(web, disk, log_in, moment):
    log_in("administrator")
    for seconds, free in ((0, 0), (60, PLENTY)):
        disk["mb"] = free
        with clock.stopped_at(moment + timedelta(seconds=seconds)):
            assert web.get("/admin/pulse").status_code == 200
    closed = db.session.query(AuditEntry).filter_by(action="resolve").one()
    assert (closed.user_id, closed.user_email) == (None, None)


def test_a_look_that_goes_wrong_spoils_no_answer(web, log_in, monkeypatch):
    log_in("administrator")

    def fail():
        raise RuntimeError("no look")

    monkeypatch.setattr(alarms, "look", fail)
    assert web.get("/admin/pulse").status_code == 200


def test_the_pages_say_what_it_means_and_what_to_do(web, disk, log_in):
    log_in("administrator")
    disk["mb"] = 7
    web.get("/readyz")
    listed = web.get("/admin/notification/").text
    page = web.get(page_of_it()).text

    for text in (listed, page):
        assert "A disk is full, or nearly so" in text
        assert "7 MB are free for" in text
        assert "Make room, or give it a larger disk." in text
        assert "/admin/notification/retry" not in text
        assert "Tried" not in text
    assert "uploads are refused, and jobs fail" in page
    assert "Until 10 more" not in page


def test_a_job_listed_in_an_alarm_has_its_button(web, disk, log_in):
    log_in("administrator")
    disk["mb"] = 7
    web.get("/readyz")
    job = write_toy.submit("bear")
    job.state = JobState.FAILED
    services.job_failed(job, StorageFull())
    db.session.commit()
    page = web.get(page_of_it()).text
    assert "Retry one" in page
    assert "What failed because of it" in page


def test_an_alarm_of_another_version_is_shown_as_it_is(web, log_in):
    log_in("administrator")
    strange = alarms.Trouble("moon_fell", "", "The moon fell.", {})
    db.session.add(
        AdminNotification(
            type="alarm",
            fingerprint=strange.mark,
            severity="critical",
            message="The moon fell.",
            job_data={"alarm": "moon_fell", "sentence": "The moon fell.", "facts": {}},
        )
    )
    db.session.commit()
    assert "The moon fell." in web.get("/admin/notification/").text
