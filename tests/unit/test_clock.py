"""There is one source of time, aware and in UTC, and a test may stop it."""

from datetime import UTC, datetime

import pytest

from cms import clock


def test_time_is_aware_and_in_utc():
    before = datetime.now(UTC)
    now = clock.now()

    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC)


def test_a_stopped_clock_stands_still_and_goes_on_afterwards(moment):
    with clock.stopped_at(moment):
        assert clock.now() == clock.now() == moment

    assert clock.now() > moment


def test_the_clock_goes_on_after_an_error(moment):
    with pytest.raises(ZeroDivisionError), clock.stopped_at(moment):
        raise ZeroDivisionError

    assert clock.now() != moment


def test_stops_may_be_nested(moment):
    later = moment.replace(hour=13)
    with clock.stopped_at(moment):
        with clock.stopped_at(later):
            assert clock.now() == later
        assert clock.now() == moment
