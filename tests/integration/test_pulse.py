"""Whether anybody is working, told on every page and to those who ask by machine."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from types import SimpleNamespace

import pytest

from cms import clock
from cms.extensions import db
from cms.jobs import ledger, pulse
from cms.jobs.consumer import Heart
from cms.jobs.models import Job, Worker
from cms.jobs.queue import open_storage
from cms.site import health
from cms.tasks import huey
from tests.processes import free_port
from tests.toy_tasks import write_toy

PAGES = ("/admin/", "/admin/image/", "/admin/job/", "/admin/notification/", "/admin/pulse")


@pytest.fixture
def heart(ctx):
    heart = Heart(huey, threads=3)
    heart.beat()
    return heart


@pytest.mark.case(26)
def test_without_a_worker_every_page_says_so(ctx, client, log_in):
    log_in("administrator")
    for page in PAGES:
        assert "No worker is running" in client.get(page).text, page


def test_with_one_no_page_does(heart, client, log_in):
    log_in("administrator")
    for page in PAGES:
        shown = re.sub("<template.*?</template>", "", client.get(page).text, flags=re.DOTALL)
        assert "notice-warning" not in shown, page


@pytest.mark.case(26)
def test_a_worker_counts_as_dead_when_its_lease_is_over(heart):
    with clock.stopped_at(clock.now() + timedelta(seconds=29)):
        assert pulse.take().trouble is None
    with clock.stopped_at(clock.now() + timedelta(seconds=31)):
        assert pulse.take().trouble == (pulse.NO_WORKER, {})


@pytest.mark.case(25)
def test_jobs_that_wait_too_long_are_told_of(heart, client, log_in):
    log_in("administrator")
    write_toy.submit("bear")
    db.session.commit()
    with clock.stopped_at(clock.now() + timedelta(minutes=5)):
        heart.beat()
        assert "Jobs have waited for 5 minutes" in client.get("/admin/pulse").text


@pytest.mark.case(25)
def test_a_queue_that_does_not_answer_the_workers_is_told_of(
    heart, client, log_in, unreachable_queue
):
    log_in("administrator")
    heart.beat()
    for page in PAGES:
        assert "The queue does not answer." in client.get(page).text, page


@pytest.mark.case(25)
def test_and_no_longer_once_it_answers_again(ctx, monkeypatch):
    heart = Heart(huey, threads=3)
    with monkeypatch.context() as patch:
        patch.setattr(huey, "storage", open_storage("cms", f"redis://127.0.0.1:{free_port()}/0"))
        heart.beat()
        assert pulse.take().trouble == (pulse.QUEUE_AWAY, {})
    heart.beat()
    assert pulse.take().trouble is None


def test_the_list_of_workers_says_what_each_runs(heart, client, log_in):
    log_in("administrator")
    job = write_toy.submit("bear")
    db.session.commit()
    ledger.claim(job.id, huey.holder())
    db.session.commit()

    assert pulse.running_by_worker() == {huey.consumer_id: 1}
    assert db.session.query(Worker).one().host in client.get("/admin/worker/").text


def test_healthz_says_that_the_process_lives(client):
    assert client.get("/healthz").text == "ok"


def test_readyz_names_what_is_away(client, heart, request):
    assert client.get("/readyz").json == dict.fromkeys(
        ("database", "queue", "storage", "worker"), "ok"
    )
    request.getfixturevalue("unreachable_queue")
    with clock.stopped_at(clock.now() + health.FRESH):
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["queue"] == "away"


@pytest.fixture
def halted(ctx, monkeypatch):
    """A storage that lets each who asks wait, until it is told to go on."""
    asked, go_on, storage = Event(), Event(), ctx.extensions["cms.storage"]

    class Halted(type(storage)):
        def exists(self, key):
            asked.set()
            assert go_on.wait(60)
            return super().exists(key)

    monkeypatch.setitem(ctx.extensions, "cms.storage", Halted(storage.folder))
    yield SimpleNamespace(asked=asked, go_on=go_on)
    go_on.set()


def test_parts_are_asked_once_a_second_however_often_somebody_asks(client, heart, request):
    now = clock.now()
    with clock.stopped_at(now):
        assert client.get("/readyz").status_code == 200
    request.getfixturevalue("unreachable_queue")
    for later, code in ((health.FRESH / 2, 200), (health.FRESH, 503), (-health.FRESH, 503)):
        with clock.stopped_at(now + later):
            assert client.get("/readyz").status_code == code


def test_one_request_waits_for_a_part_that_hangs_and_no_other(ctx, client, heart, request):
    now = clock.now()
    with clock.stopped_at(now):
        client.get("/readyz")
    halted = request.getfixturevalue("halted")
    with clock.stopped_at(now + health.FRESH), ThreadPoolExecutor(1) as pool:
        try:
            waits = pool.submit(lambda: ctx.test_client().get("/readyz"))
            assert halted.asked.wait(60)
            assert client.get("/readyz").json["storage"] == "ok", "what was found before"
            with clock.stopped_at(now + health.FRESH + health.PATIENCE):
                answer = client.get("/readyz")
            assert answer.status_code == 503
            assert (answer.json["queue"], answer.json["storage"]) == ("ok", "away")
        finally:
            halted.go_on.set()
        assert waits.result().status_code == 200


def test_ended_jobs_are_pruned_and_waiting_ones_kept(ctx, run_jobs):
    write_toy.submit("old")
    db.session.commit()
    run_jobs()
    waiting = write_toy.submit("waiting")
    db.session.commit()

    assert ledger.prune(clock.now() - timedelta(days=1)) == 0
    assert ledger.prune(clock.now() + timedelta(seconds=1)) == 1
    assert [job.id for job in db.session.query(Job)] == [waiting.id]


def test_the_ledger_from_a_shell(ctx, runner, run_jobs):
    job = write_toy.submit("bear", fail_after="no honey")
    db.session.commit()
    run_jobs(hours=1)

    def cms(*words):
        return runner.invoke(args=["cms", "jobs", *words])

    assert job.id in cms("list", "--state", "failed").output
    assert "4. failed" in cms("show", job.id).output
    again = cms("retry", job.id).output.split()[-1].rstrip(".")
    assert "Given up." in cms("discard", again).output
    assert cms("discard", again).exit_code == 1
    assert "There is no job nonsense." in cms("show", "nonsense").output
    assert cms("sweep").output == "0 attempts lost, 0 messages made anew.\n"
    assert "0 jobs, 0 mails, 0 webhook calls" in cms("prune", "--days", "1").output
