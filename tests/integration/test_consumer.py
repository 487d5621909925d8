"""The consumer as a process of its own, as an operator starts and stops it."""

import signal
from datetime import timedelta

import pytest

from cms import clock
from cms.accounts.models import Role
from cms.extensions import db
from cms.jobs import schedules
from cms.jobs.models import Job, JobState, Schedule, Worker
from cms.media.models import Image, ImageStatus
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from tests.factories import make_picture
from tests.processes import Site, wait_for
from tests.toy_tasks import kill_worker, stop_toy, wait_for_toy, write_toy


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path, CMS_APP="tests.toy_site:app", CMS_JOB_RETRY_DELAY="1", CMS_JOB_LEASE="3")
    site.prepare()
    yield site
    site.close()


def jobs():
    """Those that the test began: what comes by the clock comes at any time of the day."""
    by_the_clock = schedules.declared().keys() - {"toy_tick"}
    db.session.rollback()
    return db.session.query(Job).filter(Job.task.not_in(by_the_clock)).order_by(Job.created_at)


def states():
    return [job.state for job in jobs()]


def test_the_plain_command_runs_what_the_web_process_queued(site):
    with site.inside():
        for number in range(3):
            make_picture(filename=f"{number}.jpg")
        db.session.commit()
        site.start_consumer(("huey_consumer", "cms.tasks.huey", "-w", "3"))

        wait_for(lambda: set(states()) == {JobState.SUCCEEDED}, "the jobs")
        assert {image.status for image in db.session.query(Image)} == {ImageStatus.READY}


def test_term_is_told_to_a_long_job_which_goes_on_with_the_next_consumer(site):
    with site.inside():
        stop_toy.submit("patience")
        db.session.commit()
        site.start_consumer()
        wait_for(lambda: db.session.rollback() or db.session.query(Role).filter_by(
            name="patience").count(), "the job to begin")  # fmt: skip

        site.signal("consumer", signal.SIGTERM)
        assert site.wait("consumer") == 0
        assert states() == [JobState.RETRYING]
        site.start_consumer()
        wait_for(lambda: states() == [JobState.SUCCEEDED], "the job to go on")


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
        (job,) = jobs()
        assert [attempt.outcome for attempt in job.attempts] == ["failed"] * 4
        (notification,) = db.session.query(AdminNotification)
        assert [told.job_id for told in notification.occurrences] == [job.id]
        db.session.refresh(image)
        assert image.status == ImageStatus.FAILED
        assert image.sentence == "The picture is damaged and cannot be read."
        assert job.id in site.log("consumer")


def test_arguments_pass_through_and_the_number_of_workers_is_a_setting(site):
    site.environment["HUEY_WORKERS"] = "2"
    site.start_consumer(("./huey_consumer.sh", "--scheduler-interval", "6"))

    assert "started with 2 thread" in site.log("consumer")
    assert "every 6 second" in site.log("consumer")


@pytest.mark.case(27)
def test_a_killed_worker_loses_nothing(site, tmp_path):
    gate = tmp_path / "gate"
    with site.inside():
        wait_for_toy.submit("patience", str(gate))
        db.session.commit()
        site.start_consumer()
        wait_for(lambda: states() == [JobState.RUNNING], "the job to begin")

        site.stop("consumer", signal.SIGKILL)
        gate.touch()
        site.start_consumer()

        wait_for(lambda: states() == [JobState.SUCCEEDED], "the next worker")
        (job,) = jobs()
        assert [attempt.outcome for attempt in job.attempts] == ["lost", "succeeded"]
        assert db.session.query(Role).filter_by(name="patience").count() == 1


@pytest.mark.case(28)
def test_a_job_that_kills_its_worker_fails_and_the_others_go_on(site):
    with site.inside():
        kill_worker.submit("killer")
        db.session.commit()
        for _life in range(2):
            site.start_consumer()
            assert site.wait("consumer") == -signal.SIGKILL
        write_toy.submit("bystander")
        db.session.commit()
        site.start_consumer()

        wait_for(lambda: states() == [JobState.FAILED, JobState.SUCCEEDED], "both to end")
        (notification,) = db.session.query(AdminNotification).filter_by(type="job_failed")
        assert notification.message == "The worker died while it worked on this."


@pytest.mark.case(29)
def test_an_unsigned_message_is_refused_and_the_consumer_lives(site):
    with site.inside():
        huey.storage.enqueue(b"cos\nsystem\n(S'true'\ntR.")
        site.start_consumer()
        wait_for(lambda: "Error reading from queue" in site.log("consumer"), "the refusal")
        write_toy.submit("bear")
        db.session.commit()

        wait_for(lambda: states() == [JobState.SUCCEEDED], "the next job")


def test_a_living_consumer_is_on_the_list_and_leaves_it_when_it_stops(site):
    with site.inside():
        site.start_consumer()
        worker = wait_for(lambda: db.session.query(Worker).one_or_none(), "the worker")
        assert (worker.pid, worker.threads) == (site.pid("consumer"), 3)

        site.stop("consumer")
        db.session.rollback()
        assert db.session.query(Worker).count() == 0


def test_what_was_due_while_no_consumer_lived_runs_once_when_one_is_back(site):
    with site.inside():
        due = clock.now() - timedelta(days=3)
        db.session.add(Schedule(name="toy_tick", due_at=due))
        db.session.commit()
        site.start_consumer()

        wait_for(lambda: states() == [JobState.SUCCEEDED], "the job")
        assert db.session.query(Role).filter_by(name="ticked").count() == 1
        schedule = db.session.get_one(Schedule, "toy_tick")
        assert schedule.late >= timedelta(days=3)
        assert schedule.due_at > clock.now()
        assert {row.name for row in db.session.query(Schedule)} >= {"prune", "clear_incoming"}
