"""/metrics: who may read it, and what it says."""

from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from cms import clock
from cms.editorial import queue
from cms.extensions import db
from cms.jobs import ledger, pulse, tallies
from cms.jobs.consumer import Heart
from cms.jobs.sweep import sweep
from cms.tasks import huey
from tests.factories import make_user
from tests.toy_tasks import break_toy, write_toy

TOKEN = "a long secret, 秘密"


@pytest.fixture
def opened(set_setting):
    set_setting(metrics_token=SecretStr(TOKEN))


@pytest.fixture
def scrape(client, opened):
    """Return every sample, by its name and the values of its labels by name."""

    def go():
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return go


def test_without_a_token_it_is_not_there(client):
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ü"]
)
def test_with_a_wrong_one_nothing_is_told(client, opened, sent):
    answer = client.get("/metrics", headers={"Authorization": sent} if sent is not None else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "qscms" not in answer.text


def test_what_waits_runs_and_lives(scrape):
    Heart(huey, threads=3).beat()
    with clock.stopped_at(clock.now() - timedelta(seconds=90)):
        jobs = [write_toy.submit(f"bear {n}") for n in range(3)]
        db.session.commit()
    ledger.claim(jobs[0].id, huey.holder())
    db.session.commit()
    told = scrape()

    assert told["qscms_jobs", "waiting", "toy_write"] == 2
    assert told["qscms_jobs", "running", "toy_write"] == 1
    assert told["qscms_jobs", "waiting", "send_email"] == 0
    assert 90 <= told["qscms_oldest_due_seconds",] < 120
    assert told["qscms_workers",] == 1
    assert told["qscms_workers_threads",] == 3
    assert told["qscms_queue_messages",] == 3
    assert told["qscms_notifications_open",] == 0
    assert told["qscms_up", "database"] == told["qscms_up", "queue"] == 1


def test_what_is_paused(scrape):
    write_toy.submit("bear")
    queue.pause(["toy_write"], make_user("administrator"))
    db.session.commit()
    told = scrape()

    assert told["qscms_task_paused", "toy_write"] == 1
    assert told["qscms_task_paused", "send_email"] == 0
    assert told["qscms_oldest_due_seconds",] == 0


def test_how_jobs_did(scrape, run_jobs):
    write_toy.submit("bear")
    break_toy.submit("bear")
    db.session.commit()
    run_jobs(hours=1)
    huey.flush()
    write_toy.submit("lost")
    db.session.commit()
    huey.flush()
    with clock.stopped_at(clock.now() + timedelta(minutes=5)):
        tallies.tally()
        sweep(huey)
    told = scrape()

    assert told["qscms_jobs_ended_total", "succeeded", "toy_write"] == 1
    assert told["qscms_jobs_ended_total", "failed", "toy_break"] == 1
    assert told["qscms_jobs_ended_total", "other", "toy_break"] == 0
    assert told["qscms_job_run_seconds_total", "toy_write"] >= 0
    assert told["qscms_job_wait_seconds_total", "toy_write"] >= 0
    assert told["qscms_sweep_found_total", "published"] == 1
    assert told["qscms_sweep_found_total", "lost"] == 0
    assert told["qscms_notifications_open",] == 1


def test_with_the_queue_away_it_tells_the_rest(scrape, request):
    request.getfixturevalue("unreachable_queue")
    told = scrape()

    assert told["qscms_up", "queue"] == 0
    assert told["qscms_up", "database"] == 1
    assert ("qscms_queue_messages",) not in told
    assert told["qscms_workers",] == 0


def test_with_the_database_away_it_tells_the_rest(scrape, monkeypatch):
    def away():
        raise OperationalError("", {}, Exception("away"))

    monkeypatch.setattr(pulse, "take", away)
    told = scrape()

    assert told["qscms_up", "database"] == 0
    assert told["qscms_up", "queue"] == 1
    assert told["qscms_queue_messages",] == 0


def test_who_asks_for_open_metrics_gets_it(client, opened):
    accept = {"Accept": "application/openmetrics-text", "Authorization": f"Bearer {TOKEN}"}
    families = {family.name for family in open_metrics(client.get("/metrics", headers=accept).text)}
    assert {"qscms_jobs", "qscms_jobs_ended", "qscms_up"} <= families
