"""PostgreSQL alone: it carries the messages too, and may go away and come back."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.jobs.postgresql import ANSWER_SECONDS, CONNECT_SECONDS, PostgresQueue
from cms.jobs.queue import open_storage
from cms.tasks import huey
from tests import services
from tests.processes import Site, wait_for
from tests.toy_tasks import write_toy


@pytest.fixture
def server(postgresql_url):  # asked for, so that a machine without one skips or fails
    """A PostgreSQL of this test's own, to be stopped."""
    with services.PostgreSQL() as server:
        yield server


@pytest.fixture
def site(server, tmp_path):
    """A whole site that has nothing but that server."""
    address = {"CMS_DATABASE_URL": server.url, "CMS_QUEUE_URL": server.url}
    site = Site(tmp_path, CMS_APP="tests.toy_site:app", CMS_JOB_LEASE="3", **address)
    site.prepare()
    with site.inside():
        yield site
    site.close()  # when the session has given its connection back
    huey.storage.close()


@pytest.fixture
def queue(ctx, server, monkeypatch):
    """The queue is in that server, the ledger is not."""
    monkeypatch.setattr(huey, "storage", open_storage("cms", server.url))
    yield huey.storage
    huey.storage.close()


def submit(name):
    write_toy.submit(name)
    db.session.commit()


def test_after_a_restart_of_the_server_the_next_job_is_published_at_once(queue, server):
    submit("before")
    server.halt()
    submit("meanwhile")
    server.resume()
    submit("after")

    assert [message.args for message in huey.pending()] == [("before",), ("after",)]


def test_a_restart_that_nobody_noticed_costs_nothing(queue, server):
    submit("before")
    server.halt()
    server.resume()
    submit("after")

    assert len(huey) == 2


def test_a_server_that_answers_no_more_holds_nobody_for_long(queue, server):
    submit("before")
    began = time.monotonic()
    with psycopg.connect(server.url) as other:
        other.execute("LOCK TABLE huey_task IN ACCESS EXCLUSIVE MODE")
        submit("meanwhile")
    assert time.monotonic() - began < ANSWER_SECONDS + 2
    assert db.session.query(Job).count() == 2

    submit("after")
    assert [message.args for message in huey.pending()] == [("before",), ("after",)]


def test_a_server_that_does_not_even_greet_holds_nobody_for_long(ctx, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"postgresql://cms@127.0.0.1:{mute.getsockname()[1]}/cms"
        monkeypatch.setattr(huey, "storage", open_storage("cms", address))
        began = time.monotonic()
        submit("bear")

    assert time.monotonic() - began < CONNECT_SECONDS + 2
    assert db.session.query(Job).count() == 1


def test_it_need_not_be_there_when_the_application_starts(ctx, server):
    server.halt()
    queue = open_storage("cms", server.url)
    with pytest.raises(psycopg.OperationalError):
        queue.queue_size()
    server.resume()

    assert queue.queue_size() == 0
    queue.close()


def test_of_many_that_come_first_each_finds_the_tables(server):
    def come(_number):
        queue = PostgresQueue("cms", server.url)
        try:
            return queue.queue_size()
        finally:
            queue.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(come, range(8))) == [0] * 8


def test_a_worker_needs_nothing_but_postgresql_and_outlives_its_restart(site, server):
    site.start_consumer()
    submit("before")
    wait_for(lambda: states() == {JobState.SUCCEEDED}, "the first job")

    db.session.remove()
    server.halt()
    wait_for(lambda: "Error reading from queue" in site.log("consumer"), "it to be missed")
    server.resume()
    submit("after")

    wait_for(lambda: states() == {JobState.SUCCEEDED}, "the second job")
    assert db.session.query(Job).count() == 2
    assert site.stop("consumer") == 0


def states():
    db.session.rollback()
    return {job.state for job in db.session.query(Job)}
