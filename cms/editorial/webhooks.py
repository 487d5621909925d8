"""What an administrator does with webhooks beside editing them."""

from __future__ import annotations

from cms.audit.services import record
from cms.jobs.models import Job
from cms.tasks.webhooks import call_webhook
from cms.webhooks import services
from cms.webhooks.models import WebhookDelivery, WebhookEndpoint


def try_out(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Call an endpoint with nothing to tell, even one that is switched off."""
    delivery = services.trial_of(endpoint)
    record("try", endpoint, delivery=delivery.id)
    call_webhook.submit(delivery.id)
    return delivery


def switch(endpoint: WebhookEndpoint, *, on: bool) -> None:
    """Switch an endpoint on or off; what happened while it was off is not told later."""
    if endpoint.enabled != on:
        record("edit", endpoint, enabled=[endpoint.enabled, on])
        endpoint.enabled = on


def change_secret(endpoint: WebhookEndpoint) -> None:
    """Give an endpoint a new signing key. The old one no longer counts at once."""
    services.change_secret(endpoint)
    record("edit", endpoint, secret=["•••", "•••"])


def send_again(delivery: WebhookDelivery) -> Job:
    """Make a call once more that was made already, under its old number.

    A receiver that keeps such numbers will know it. Pressed twice it is one run.
    """
    services.await_call(delivery)
    record("send again", delivery)
    return call_webhook.submit(delivery.id, unique_for=f"webhook_delivery {delivery.id}")
