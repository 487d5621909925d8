"""Summing up what has become of jobs, by the consumer on duty."""

from __future__ import annotations

from cms.jobs import tallies
from cms.jobs.queue import LedgerHuey
from cms.tasks.queue import huey


@huey.duty
def tally(_huey: LedgerHuey) -> None:
    """Sum up the minutes that have closed since the last time."""
    tallies.tally()
