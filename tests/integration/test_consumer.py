"""The consumer as a process of its own, as an operator starts and stops it."""

import signal

import pytest

from cms.accounts.models import Role
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus
from cms.notifications.models import AdminNotification
from tests.factories import make_picture
from tests.processes import Site, wait_for
from tests.toy_tasks import wait_for_toy


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path, CMS_APP="tests.toy_site:app", CMS_JOB_RETRY_DELAY="1")
    site.prepare()
    yield site
    site.close()


def states():
    db.session.rollback()
    return [job.state for job in db.session.query(Job).order_by(Job.created_at)]


def test_the_plain_command_runs_what_the_web_process_queued(site):
    with site.inside():
        for number in range(3):
            make_picture(filename=f"{number}.jpg")
        db.session.commit()
        site.start_consumer(("huey_consumer", "cms.tasks.huey", "-w", "3"))

        wait_for(lambda: set(states()) == {JobState.SUCCEEDED}, "the jobs")
        assert {image.status for image in db.session.query(Image)} == {ImageStatus.READY}


def test_term_lets_a_running_job_finish(site, tmp_path):
    gate = tmp_path / "gate"
    with site.inside():
        wait_for_toy.submit("patience", str(gate))
        db.session.commit()
        site.start_consumer()
        wait_for(lambda: states() == [JobState.RUNNING], "the job to begin")

        site.signal("consumer", signal.SIGTERM)
        wait_for(lambda: "hutting down" in site.log("consumer"), "the consumer to hear of it")
        gate.touch()

        assert site.wait("consumer") == 0
        assert states() == [JobState.SUCCEEDED]
        assert db.session.query(Role).filter_by(name="patience").count() == 1


def test_a_damaged_file_takes_four_attempts_and_one_notification(site):
    with site.inside():
        image = make_picture()
        db.session.commit()
        (path,) = site.folder.glob("files/originals/*/*.jpg")
        path.write_bytes(path.read_bytes()[:300])
        site.start_consumer()

        wait_for(lambda: states() == [JobState.FAILED], "the last attempt")
        (job,) = db.session.query(Job)
        assert [attempt.outcome for attempt in job.attempts] == ["failed"] * 4
        (notification,) = db.session.query(AdminNotification)
        assert notification.job_id == job.id
        db.session.refresh(image)
        assert image.status == ImageStatus.FAILED
        assert image.sentence == "The picture is damaged and cannot be read."
        assert job.id in site.log("consumer")


def test_arguments_pass_through_and_the_number_of_workers_is_a_setting(site):
    site.environment["HUEY_WORKERS"] = "2"
    site.start_consumer(("./huey_consumer.sh", "--scheduler-interval", "6"))

    assert "started with 2 thread" in site.log("consumer")
    assert "every 6 second" in site.log("consumer")
