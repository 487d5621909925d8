import pytest

from cms.config import settings
from cms.extensions import db
from cms.webhooks.models import WebhookEndpoint
from tests import receivers


@pytest.fixture
def receiver(set_setting):
    """Another system that may be called, though it is on this machine."""
    with receivers.http_receiver() as receiver:
        set_setting(webhook_allow=(f"127.0.0.1:{receiver.port}",))
        yield receiver


@pytest.fixture
def forbidden(ctx):
    """One that may not."""
    with receivers.http_receiver() as receiver:
        assert settings().webhook_allow == ()
        yield receiver


@pytest.fixture
def endpoint(ctx):
    """Make an endpoint that wants everything."""

    def make(url, **columns):
        columns = {"name": "CRM", "events": ["picture.ready", "job.failed"], **columns}
        made = WebhookEndpoint(url=url, **columns)
        db.session.add(made)
        db.session.commit()
        return made

    return make
