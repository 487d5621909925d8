"""Failures by the hundred, without running each job four times."""

import pytest

from cms import clock
from cms.extensions import db
from cms.jobs.models import JobState
from cms.notifications import services
from cms.notifications.models import AdminNotification
from tests.failures import fail_job


@pytest.fixture
def fail(ctx):
    """Let a toy job fail for good in one of three ways; return the job."""
    return fail_job


@pytest.fixture
def told(ctx):
    """The only notification, as it is now."""

    def one():
        db.session.expire_all()
        return db.session.query(AdminNotification).one()

    return one


@pytest.fixture
def succeed(ctx):
    """Let a retry succeed, as its worker would."""

    def go(job):
        job.state, job.finished_at = JobState.SUCCEEDED, clock.now()
        db.session.flush()
        services.close_lineage(job)
        db.session.commit()

    return go
