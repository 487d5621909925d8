"""Telling other systems what has happened here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cms.errors import N_
from cms.jobs import ledger
from cms.jobs.models import Job
from cms.jobs.task import Moot, beside_the_end_of
from cms.tasks.queue import huey
from cms.webhooks import services as webhooks


@huey.task(
    retries=6,
    retry_delay=60,
    retry_backoff=4,  # 1, 4, 16 and 64 minutes, then 4 and 17 hours
    name="call_webhook",
    subject="webhook_delivery",
    words=N_("Call a webhook"),
    meaning=N_("The other system does not know what has happened here."),
)
def call_webhook(delivery_id: int) -> None:
    """Tell an endpoint of an event.

    If the worker dies between the answer and the commit, the endpoint is told
    again, under the same `webhook-id`.
    """
    delivery = webhooks.begin(delivery_id)
    if delivery is None:
        raise Moot
    webhooks.deliver(delivery)


@call_webhook.on_failure
def _tell_the_delivery(delivery_id: int, *, error: BaseException, final: bool) -> None:
    webhooks.attempt_failed(delivery_id, error, final=final)


@call_webhook.on_retry
def _call_again(delivery_id: int) -> None:
    if delivery := webhooks.begin(delivery_id):
        webhooks.await_call(delivery)


def announce(event: str, data: Mapping[str, Any]) -> None:
    """Tell every endpoint that wants to know of `event`, once the caller's transaction commits.

    `event` is one of `cms.webhooks.models.EVENTS`; `data` are JSON values
    without secrets.
    """
    for delivery in webhooks.deliveries_of(event, data):
        call_webhook.submit(delivery.id)


@huey.on_final_failure
def announce_failure(job: Job, error: BaseException) -> None:
    """Tell of a job that failed for good, in the transaction that ends it.

    A call that failed is not told of: that would be a call, which may fail.
    """
    if job.task == call_webhook.name:
        return
    with beside_the_end_of(job):
        sentence, facts = ledger.in_words(error)
        announce(
            "job.failed",
            {
                "id": job.id,
                "task": job.task,
                "subject": {"kind": job.subject_kind, "id": job.subject_id},
                "attempts": job.attempts_made,
                "message": sentence % facts,
            },
        )
