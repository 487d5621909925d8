"""A consumer among bad pictures: each fails by itself, in words."""

import os
import signal

import pytest

from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media.models import Image, ImageStatus
from tests import pictures
from tests.factories import make_picture
from tests.processes import Site, begun_by, lives, wait_for

PROCESSES = ("huey_consumer", "cms.tasks.huey", "-w", "2", "-k", "process")


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path, CMS_JOB_RETRY_DELAY="0", CMS_IMAGE_SECONDS="1")
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


def test_a_picture_that_takes_for_ever_fails_and_the_others_are_ready(site):
    slow, *good = (picture(data) for data in (pictures.slow_jpeg(), None, None, None))
    site.start_consumer()

    wait_for(lambda: ended(slow, *good), "the jobs")
    status, words, _errors = outcome(slow)
    assert status == ImageStatus.FAILED
    assert words in (
        "The picture takes more than 1 seconds of work, and is not processed.",
        "The picture was not ready after 2 seconds. The server may be busy.",
    )
    assert [outcome(image) for image in good] == [(ImageStatus.READY, "", [None])] * 3
    assert site.stop("consumer") == 0


def test_a_picture_whose_process_is_killed_each_time_fails_after_its_last_attempt(site):
    site.environment["CMS_IMAGE_SECONDS"] = "60"
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
    site.environment["CMS_IMAGE_SECONDS"] = "60"
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
