"""What Prometheus scrapes: the queue, the workers, and how jobs did."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterator

from flask import Blueprint, Response, abort, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from cms.config import settings
from cms.edge import public
from cms.extensions import db
from cms.jobs import ledger, pauses, pulse, tallies
from cms.jobs.models import WAITING, JobState
from cms.notifications import services as notifications
from cms.tasks import huey

logger = logging.getLogger(__name__)

metrics = Blueprint("metrics", __name__)


@metrics.get("/metrics")
@public
def scrape() -> Response:
    """Answer in Prometheus' text format to who sends `CMS_METRICS_TOKEN`; 401 to others.

    404 while there is no such token.
    """
    token = settings().metrics_token.get_secret_value()
    if not token:
        abort(404)
    scheme, _space, sent = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(sent.encode(), token.encode()):
        return Response("unauthorized\n", 401, {"WWW-Authenticate": "Bearer"}, "text/plain")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Parts())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


class Parts(Collector):
    """Asks each part anew. What one that is away would tell is left out."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("qscms_up", "Whether this part answers.", labels=["part"])
        for part, read in (("database", _from_database), ("queue", _from_queue)):
            try:
                families = list(read())
            except Exception:
                db.session.rollback()
                logger.exception("not measured: %s", part)
                families = []
            up.add_metric([part], bool(families))
            yield from families
        yield up


def _from_queue() -> Iterator[Metric]:
    held = huey.pending_count() + huey.scheduled_count()
    yield _gauge("qscms_queue_messages", "Messages that the queue holds.", held)


def _from_database() -> Iterator[Metric]:
    yield from _jobs()
    now = pulse.take()
    workers = pulse.living()
    yield _gauge(
        "qscms_oldest_due_seconds",
        "How long the oldest job that is due, and not paused, has waited.",
        now.waited.total_seconds(),
    )
    yield _gauge("qscms_workers", "Workers that live.", len(workers))
    yield _gauge(
        "qscms_workers_threads", "Threads of all of them.", sum(w.threads for w in workers)
    )
    yield _gauge(
        "qscms_notifications_open",
        "Notifications that nobody has dealt with.",
        notifications.count_open(),
    )
    yield from _ends()


def _jobs() -> Iterator[Metric]:
    jobs = GaugeMetricFamily("qscms_jobs", "Jobs that have not ended.", labels=["task", "state"])
    halted = GaugeMetricFamily("qscms_task_paused", "1 if it is paused.", labels=["task"])
    counts = ledger.count_unended_by_task()
    paused = pauses.names()
    for task in sorted({*huey.kinds, *counts}):
        states = counts.get(task, {})
        jobs.add_metric([task, "waiting"], sum(states.get(state, 0) for state in WAITING))
        jobs.add_metric([task, "running"], states.get(JobState.RUNNING, 0))
        halted.add_metric([task], task in paused)
    yield jobs
    yield halted


def _ends() -> Iterator[Metric]:
    ended = _counter("qscms_jobs_ended", "Jobs that ended.", "task", "outcome")
    ran = _counter("qscms_job_run_seconds", "How long their last attempts ran.", "task")
    waited = _counter("qscms_job_wait_seconds", "How long they waited for those.", "task")
    for task, sums in sorted(tallies.by_task().items()):
        for outcome in ("succeeded", "failed", "other"):
            ended.add_metric([task, outcome], getattr(sums, outcome))
        ran.add_metric([task], sums.ran)
        waited.add_metric([task], sums.waited)
    found = _counter("qscms_sweep_found", "What sweeps have mended.", "what")
    for what, number in zip(("lost", "published"), tallies.found(), strict=True):
        found.add_metric([what], number)
    yield from (ended, ran, waited, found)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _counter(name: str, words: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, words, labels=labels)
