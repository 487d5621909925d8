"""Times that come again, as five fields of cron: minute, hour, day, month, weekday."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

FIELDS = 5


def checked(cron: str) -> str:
    """Return `cron` as it is. Raises `ValueError` for one that names no time."""
    if len(cron.split()) != FIELDS:
        raise ValueError(f"{cron!r} is no schedule: it must have five fields")
    try:
        next(CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        raise ValueError(f"{cron!r} is no schedule: {error or 'it never comes'}") from None
    return cron


def next_after(cron: str, moment: datetime, zone: str) -> datetime:
    """Return the first time after `moment`, in UTC, that `cron` names in `zone`.

    Where clocks are put forward, a time of the day that is left out comes when the gap
    is over; where they are put back, one that comes twice is taken once.
    """
    there = moment.astimezone(ZoneInfo(zone))
    return next(CronSim(cron, there)).astimezone(UTC)
