"""From the failure to its repair: what an administrator sees and presses."""

import re
from pathlib import Path

import pytest

from cms.editorial.retries import retry_job
from cms.extensions import db
from cms.imaging.presets import SHIPPED
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus
from cms.notifications.models import AdminNotification, NotificationState
from cms.tasks import huey
from tests import pictures
from tests.factories import make_picture
from tests.toy_tasks import break_toy


@pytest.fixture
def damaged(ctx, run_jobs):
    """A picture whose stored file was damaged after the upload; its job failed four times."""
    image = make_picture(pictures.jpeg(640, 480), "harbour.jpg")
    db.session.commit()
    path = stored(ctx, image)
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    run_jobs(hours=1)
    db.session.refresh(image)
    return image


@pytest.fixture
def mend(ctx, damaged):
    """Put the whole file back."""

    def go():
        stored(ctx, damaged).write_bytes(pictures.jpeg(640, 480))

    return go


def stored(app, image):
    return Path(app.config["CMS_SETTINGS"].data_dir, "files", image.key)


def retries():
    return db.session.query(Job).filter(Job.retry_of_id.isnot(None)).all()


def test_a_failure_reaches_the_list_the_job_and_the_notifications(client, log_in, damaged):
    log_in("administrator")
    job = db.session.query(Job).one()
    told = db.session.query(AdminNotification).one()
    why = damaged.sentence % (damaged.facts or {})

    assert damaged.status == ImageStatus.FAILED
    assert why in client.get("/admin/image/?tab=failed").text
    assert why in client.get(f"/admin/image/edit/?id={damaged.id}").text
    assert why in client.get("/admin/job/?tab=failed").text
    assert why in client.get("/admin/notification/").text
    page = client.get(f"/admin/notification/details/?id={told.id}").text
    assert why in page
    assert f"/admin/job/details/?id={job.id}" in page
    assert f"/admin/image/edit/?id={damaged.id}" in page
    assert (told.count, told.state) == (1, NotificationState.OPEN)


def test_the_page_of_the_job_tells_of_each_attempt(client, log_in, damaged):
    log_in("administrator")
    job = db.session.query(Job).one()
    page = client.get(f"/admin/job/details/?id={job.id}").text

    assert "(4 / 4)" in page
    assert len(job.attempts) == 4
    assert page.count('<summary>Details for developers</summary><pre tabindex="0">Traceback') == 4


def test_an_editor_sees_why_but_no_trace(client, log_in, damaged):
    log_in("editor")
    page = client.get(f"/admin/job/details/?id={db.session.query(Job).one().id}").text

    assert damaged.sentence % (damaged.facts or {}) in page
    assert "Traceback" not in page
    assert "site-packages" not in page


def test_the_menu_counts_what_is_open(client, log_in, damaged):
    log_in("administrator")
    badge = re.compile(r'data-menu-badge="notification">1<')

    assert badge.search(client.get("/admin/").text)
    told = db.session.query(AdminNotification).one()
    client.post("/admin/notification/resolve", data={"id": told.id})
    assert not badge.search(client.get("/admin/").text)


@pytest.mark.parametrize("where", ["image", "job", "notification"])
def test_the_cause_is_mended_and_the_retry_closes_everything(
    client, log_in, damaged, mend, run_jobs, where
):
    log_in("administrator")
    told = db.session.query(AdminNotification).one()
    job = db.session.query(Job).one()
    things = {"image": damaged.id, "job": job.id, "notification": told.id}
    mend()
    answer = client.post(f"/admin/{where}/retry", data={"id": things[where]})
    assert answer.status_code == 302
    db.session.refresh(damaged)
    assert (damaged.status, damaged.sentence) == (ImageStatus.PENDING, None)
    run_jobs()

    db.session.expire_all()
    assert damaged.status == ImageStatus.READY
    assert {r.preset for r in damaged.renditions} == {preset.name for preset in SHIPPED}
    assert [job.state for job in retries()] == [JobState.SUCCEEDED]
    assert told.state == NotificationState.RESOLVED
    assert told.resolved_by is None
    assert "Nothing needs your attention." in client.get("/admin/notification/").text


@pytest.mark.case(24)
def test_pressed_on_every_screen_it_is_one_run(client, log_in, damaged):
    log_in("administrator")
    told, job = db.session.query(AdminNotification).one(), db.session.query(Job).one()
    for where, number in (("image", damaged.id), ("job", job.id), ("notification", told.id)):
        for _press in range(2):
            client.post(f"/admin/{where}/retry", data={"id": number})

    assert len(retries()) == 1
    assert len(huey) == 1


@pytest.mark.case(24)
def test_pressed_while_it_runs_it_is_one_run(client, log_in, damaged):
    log_in("administrator")
    client.post("/admin/image/retry", data={"id": damaged.id})
    (again,) = retries()
    again.state = JobState.RUNNING
    db.session.commit()
    answer = client.post("/admin/image/retry", data={"id": damaged.id}, follow_redirects=True)

    assert "Only a job that failed can be tried again." in answer.text
    assert len(retries()) == 1


def test_without_the_repair_it_fails_again_and_is_told_again(client, log_in, damaged, run_jobs):
    log_in("administrator")
    client.post("/admin/image/retry", data={"id": damaged.id})
    run_jobs(hours=1)

    told = db.session.query(AdminNotification).one()
    assert (told.count, told.state) == (2, NotificationState.OPEN)
    db.session.refresh(damaged)
    assert damaged.status == ImageStatus.FAILED
    client.post("/admin/image/retry", data={"id": damaged.id})
    assert len(retries()) == 2


def test_what_is_ready_needs_no_retry(client, log_in, ctx, run_jobs):
    log_in("administrator")
    image = make_picture()
    db.session.commit()
    run_jobs()
    answer = client.post("/admin/image/retry", data={"id": image.id}, follow_redirects=True)

    assert "Only a job that failed can be tried again." in answer.text
    assert retries() == []


def test_a_picture_whose_job_is_given_up_says_so_and_can_be_tried_again(
    client, log_in, ctx, run_jobs
):
    log_in("administrator")
    image = make_picture()
    db.session.commit()
    client.post("/admin/job/discard", data={"id": db.session.query(Job).one().id})
    db.session.refresh(image)
    assert image.status == ImageStatus.FAILED
    assert image.sentence == "It was given up before it was done."
    assert db.session.query(AdminNotification).count() == 0

    client.post("/admin/image/retry", data={"id": image.id})
    run_jobs()
    db.session.refresh(image)
    assert image.status == ImageStatus.READY


@pytest.mark.case(14)
def test_a_picture_that_was_deleted_meanwhile_ends_its_job_quietly(
    client, log_in, damaged, run_jobs
):
    log_in("administrator")
    client.post("/admin/image/retry", data={"id": damaged.id})
    client.post("/admin/image/delete/", data={"id": damaged.id})
    run_jobs(hours=1)

    assert db.session.query(Image).count() == 0
    assert [job.state for job in retries()] == [JobState.MOOT]
    assert db.session.query(AdminNotification).one().state == NotificationState.RESOLVED
    for page in ("/admin/job/", "/admin/notification/?tab=all"):
        assert client.get(page).status_code == 200


def test_a_job_of_a_kind_that_this_version_knows_no_more_is_still_shown(client, log_in, damaged):
    log_in("administrator")
    job = db.session.query(Job).one()
    job.args = [*job.args, [], "what it took once"]
    db.session.commit()
    answer = client.post("/admin/job/retry", data={"id": job.id}, follow_redirects=True)
    assert "This version does not know how to do such jobs." in answer.text
    job.task = "forgotten"
    db.session.commit()

    assert "forgotten" in client.get("/admin/job/").text
    assert client.get(f"/admin/job/details/?id={job.id}").status_code == 200
    answer = client.post("/admin/job/retry", data={"id": job.id}, follow_redirects=True)
    assert "This version does not know how to do such jobs." in answer.text
    assert retries() == []


def test_resolving_several_at_once(client, log_in, damaged, run_jobs):
    user = log_in("administrator")
    break_toy.submit("bear")
    db.session.commit()
    run_jobs(hours=1)
    rows = [told.id for told in db.session.query(AdminNotification)]
    form = {"action": "resolve", "rowid": rows}
    answer = client.post("/admin/notification/action/", data=form, follow_redirects=True)

    assert "2 rows done." in answer.text
    db.session.expire_all()
    for told in db.session.query(AdminNotification):
        assert (told.state, told.resolved_by_id) == (NotificationState.RESOLVED, user.id)
        assert told.resolved_at is not None


def test_a_retry_that_failed_as_well_is_tried_again_from_the_first_job(damaged, mend, run_jobs):
    first = db.session.query(Job).one()
    second = retry_job(first)
    db.session.commit()
    run_jobs(hours=1)
    assert second.state == JobState.FAILED

    mend()
    third = retry_job(first)
    db.session.commit()
    run_jobs(hours=1)

    assert third.retry_of_id == second.id
    assert third.state == JobState.SUCCEEDED
    db.session.refresh(damaged)
    assert damaged.status == ImageStatus.READY
    assert retry_job(first) is third


def test_a_retry_that_is_rolled_back_leaves_nothing(damaged):
    first = db.session.query(Job).one()
    retry_job(first)
    db.session.rollback()

    assert retries() == []
    assert len(huey) == 0


def test_deleting_the_picture_closes_what_was_told_of_it(client, log_in, damaged):
    log_in("editor")
    client.post("/admin/image/delete/", data={"id": damaged.id})

    db.session.expire_all()
    assert db.session.query(AdminNotification).one().state == NotificationState.RESOLVED
