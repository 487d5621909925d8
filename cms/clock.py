"""The one source of time. Everything that asks for the time asks here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return _source()


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment`, so that a test decides what time it is."""
    global _source  # noqa: PLW0603 - one process has one clock
    before, _source = _source, lambda: moment
    try:
        yield
    finally:
        _source = before
