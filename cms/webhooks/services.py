"""What can be done with webhooks. Callers commit.

A call carries the three headers of the Standard Webhooks specification, so that
its receivers check it with a library of that name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from standardwebhooks import Webhook

from cms import clock
from cms.audit.services import record
from cms.config import settings
from cms.extensions import db
from cms.jobs import ledger
from cms.webhooks.calls import Answer, Caller, Gone, prepared
from cms.webhooks.models import (
    TEST_EVENT,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
    new_secret,
)

# What is not to be called any more.
_DONE = (DeliveryState.DELIVERED, DeliveryState.DROPPED)


def check_url(url: str) -> None:
    """Raise `UnusableUrl` for an address that cannot be called.

    Where a name leads is looked up when it is called: it may change.
    """
    prepared(url)


def deliveries_of(event: str, data: Mapping[str, Any]) -> list[WebhookDelivery]:
    """Add one waiting delivery for each endpoint that wants to know of `event`."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.enabled).order_by(WebhookEndpoint.id)
    wanted = [endpoint for endpoint in db.session.scalars(query) if event in endpoint.events]
    return [_add(endpoint, event, data) for endpoint in wanted]


def trial_of(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Add a delivery that only tries the endpoint out."""
    return _add(endpoint, TEST_EVENT, {"endpoint": endpoint.name})


def begin(delivery_id: int) -> WebhookDelivery | None:
    """Return a delivery that is to be made; None when it was made already, or is gone."""
    delivery = db.session.get(WebhookDelivery, delivery_id)
    return delivery if delivery is not None and delivery.state not in _DONE else None


def deliver(delivery: WebhookDelivery) -> None:
    """Make the call and record its answer. Raises `CallFailed`.

    One to an endpoint that was switched off meanwhile is dropped, except a trial.
    """
    endpoint = delivery.endpoint
    if not endpoint.enabled and delivery.event != TEST_EVENT:
        _end(delivery, DeliveryState.DROPPED)
        return
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":"))
    caller = Caller(settings().webhook_timeout, settings().webhook_allow)
    headers = _headers(delivery.uid, endpoint.secret, body)
    _keep(delivery, caller.post(endpoint.url, body.encode(), headers))
    _end(delivery, DeliveryState.DELIVERED)


def attempt_failed(delivery_id: int, error: BaseException, *, final: bool) -> None:
    """Say on the delivery why it failed, or that it waits for the next attempt.

    An endpoint that wants no more calls is switched off.
    """
    delivery = db.session.get(WebhookDelivery, delivery_id)
    if delivery is None:
        return
    if isinstance(error, Gone) and delivery.endpoint.enabled:
        delivery.endpoint.enabled = False
        record("edit", delivery.endpoint, enabled=[True, False], delivery=delivery.id, answer=410)
    if delivery.state in _DONE:  # by another job, while this one still tried
        return
    delivery.sentence, delivery.facts = ledger.in_words(error)
    if answer := getattr(error, "answer", None):
        _keep(delivery, answer)
    if final:
        delivery.state, delivery.finished_at = DeliveryState.FAILED, clock.now()
    db.session.flush()


def await_call(delivery: WebhookDelivery) -> None:
    """Put a delivery back to waiting, because a job for it was submitted again."""
    delivery.state = DeliveryState.WAITING
    delivery.sentence = delivery.facts = delivery.finished_at = None
    db.session.flush()


def change_secret(endpoint: WebhookEndpoint) -> None:
    """Give the endpoint a new signing key; calls that wait are signed with it."""
    endpoint.secret = new_secret()
    db.session.flush()


def prune(before: datetime) -> int:
    """Delete calls of before that moment that wait no more, and return how many.

    Not while a job of theirs is left. Commits after each batch.
    """
    old = and_(WebhookDelivery.created_at < before, WebhookDelivery.state != DeliveryState.WAITING)
    return ledger.prune_things(WebhookDelivery, "webhook_delivery", old)


def _add(endpoint: WebhookEndpoint, event: str, data: Mapping[str, Any]) -> WebhookDelivery:
    payload = {"type": event, "timestamp": clock.now().isoformat(), "data": dict(data)}
    delivery = WebhookDelivery(endpoint=endpoint, event=event, payload=payload)
    db.session.add(delivery)
    db.session.flush()
    return delivery


def _headers(uid: str, secret: str, body: str) -> dict[str, str]:
    now = clock.now()
    return {
        "Content-Type": "application/json",
        "User-Agent": "QsCMS",
        "Accept-Encoding": "identity",
        "webhook-id": uid,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(uid, now, body),
    }


def _keep(delivery: WebhookDelivery, answer: Answer) -> None:
    delivery.response_code = answer.code
    delivery.response_excerpt = answer.excerpt or None
    delivery.duration_ms = answer.milliseconds


def _end(delivery: WebhookDelivery, state: DeliveryState) -> None:
    delivery.state = state
    delivery.finished_at = clock.now()
    delivery.sentence = delivery.facts = None
    db.session.flush()
