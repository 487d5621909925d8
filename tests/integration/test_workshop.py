"""A consumer among bad pictures: each fails by itself, in words."""

import os
import signal

import pytest

from cms.extensions import db
from cms.imaging import workshop
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus
from tests import pictures
from tests.factories import make_picture
from tests.processes import Site, begun_by, lives, wait_for

PROCESSES = ("huey_consumer", "cms.tasks.huey", "-w", "2", "-k", "process")


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path, CMS_JOB_RETRY_DELAY="0")
    site.prepare()
    with site.inside():
        yield site
    site.close()


def picture(data=None):
    """Make a picture that waits for its renditions."""
    image = make_picture(data=data)
    db.session.commit()
    return image.id


def outcome(image_id):
    """Return how a picture is, why, and how often it was tried."""
    db.session.rollback()
    image = db.session.get_one(Image, image_id)
    (job,) = db.session.query(Job).filter_by(subject_id=str(image_id))
    words = (image.sentence or "") % (image.facts or {})
    return image.status, words, [attempt.error_class for attempt in job.attempts]


def ended(*image_ids):
    db.session.rollback()
    jobs = db.session.query(Job).filter(Job.subject_id.in_(map(str, image_ids)))
    return {job.state for job in jobs} <= {JobState.SUCCEEDED, JobState.FAILED}


@pytest.mark.parametrize(
    ("setting", "words", "error"),
    [
        ({"image_memory_mb": 5}, "more than 5 MB of memory", "TooHungry"),
        ({"image_seconds": 1}, "more than 1 seconds of work", "TooMuchWork"),
    ],
)
def test_a_picture_over_a_limit_fails_at_once_and_the_next_is_ready(
    ctx, set_setting, run_jobs, monkeypatch, setting, words, error
):
    monkeypatch.setattr(workshop, "PATIENCE", 60)  # however busy this machine is
    set_setting(**setting)
    workshop.close()  # a child that has done work before has memory to spare
    bad = picture(pictures.slow_jpeg())
    run_jobs(hours=1)
    set_setting(image_memory_mb=500)
    good = picture()
    run_jobs()

    status, told, errors = outcome(bad)
    assert (status, errors) == (ImageStatus.FAILED, [f"cms.imaging.workshop.{error}"])
    assert words in told
    assert outcome(good) == (ImageStatus.READY, "", [None])


@pytest.mark.case(15)
def test_a_picture_whose_process_is_killed_each_time_fails_after_its_last_attempt(site):
    slow = picture(pictures.slow_jpeg())
    site.start_consumer()
    consumer = site.pid("consumer")

    def kill_until_it_fails():
        for child in begun_by(consumer):
            os.kill(child, signal.SIGKILL)
        return ended(slow)

    wait_for(kill_until_it_fails, "the last attempt")
    words = "Work on the picture was stopped. The server may be short of memory."
    killed = "cms.imaging.workshop.Killed"
    assert outcome(slow) == (ImageStatus.FAILED, words, [killed] * 4)
    good = picture()
    wait_for(lambda: ended(good), "the next job")
    assert outcome(good) == (ImageStatus.READY, "", [None])


def test_a_consumer_that_is_killed_leaves_no_process_behind(site):
    picture(pictures.slow_jpeg())
    site.start_consumer()
    left = wait_for(lambda: begun_by(site.pid("consumer")), "the picture's process")

    site.stop("consumer", signal.SIGKILL)

    wait_for(lambda: not any(map(lives, left)), "its end")


def test_workers_that_are_processes_have_such_processes_too(site):
    images = [picture() for _ in range(4)]
    site.start_consumer(PROCESSES)

    wait_for(lambda: ended(*images), "the jobs")
    assert [outcome(image) for image in images] == [(ImageStatus.READY, "", [None])] * 4
    left = begun_by(site.pid("consumer"))
    assert len(left) > 2
    site.stop("consumer")
    wait_for(lambda: not any(map(lives, left)), "the end of all")
