"""Sums of what became of jobs, on each database: by minute, then by hour, then for ever."""

from datetime import timedelta
from itertools import count

import pytest

from cms import clock
from cms.extensions import db
from cms.jobs import ledger, tallies
from cms.jobs.models import Job, JobState, JobTally
from cms.jobs.sweep import sweep
from cms.tasks import huey
from tests.toy_tasks import break_toy, write_toy

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86400))

_numbers = count(1)


def ended(at, task="toy_write", state=JobState.SUCCEEDED, waited=2 * SECOND, ran=SECOND / 2):
    """A job that ended at that moment."""
    job = Job(
        id=f"job {next(_numbers)}",
        task=task,
        args=[],
        kwargs={},
        state=state,
        attempts_allowed=1,
        retry_delay=60,
        due_at=at - ran - waited,
        started_at=at - ran,
        finished_at=at,
    )
    db.session.add(job)
    db.session.commit()
    return job


def tallied_at(moment):
    """Let the consumer on duty tally at that moment; return all rows."""
    with clock.stopped_at(moment):
        tallies.tally()
    return rows()


def rows():
    found = db.session.query(JobTally).order_by(JobTally.begins_at, JobTally.task)
    return [(t.begins_at, t.task, t.succeeded, t.failed, t.other) for t in found]


def test_a_closed_minute_is_summed_up_by_kind(each_ctx, moment):
    ended(moment + 10 * SECOND)
    ended(moment + 59 * SECOND, waited=4 * SECOND, ran=SECOND)
    ended(moment + 20 * SECOND, state=JobState.FAILED, waited=SECOND, ran=2 * SECOND)
    ended(moment + 30 * SECOND, state=JobState.MOOT)
    ended(moment + 40 * SECOND, state=JobState.DISCARDED)
    ended(moment + 50 * SECOND, task="toy_break")

    assert tallied_at(moment + 2 * MINUTE) == [
        (moment, "toy_break", 1, 0, 0),
        (moment, "toy_write", 2, 1, 2),
    ]
    tally = db.session.get_one(JobTally, (moment, "toy_write"))
    assert tally.waited == pytest.approx(7, abs=0.01)
    assert tally.waited_longest == pytest.approx(4, abs=0.01)
    assert tally.ran == pytest.approx(3.5, abs=0.01)


def test_a_minute_is_left_open_until_what_ended_in_it_must_be_committed(each_ctx, moment):
    ended(moment + 59 * SECOND)

    assert tallied_at(moment + MINUTE) == []
    assert tallied_at(moment + 2 * MINUTE - SECOND) == []
    assert tallied_at(moment + 2 * MINUTE) == [(moment, "toy_write", 1, 0, 0)]


def test_no_minute_is_counted_twice(each_ctx, moment):
    ended(moment)
    once = tallied_at(moment + 2 * MINUTE)

    assert tallied_at(moment + 2 * MINUTE) == once
    assert tallied_at(moment + HOUR) == once


def test_an_outage_of_the_consumers_is_caught_up_with(each_ctx, moment):
    ended(moment)
    tallied_at(moment + 2 * MINUTE)
    for minutes in (3, 4, 600, 3 * 1440):
        ended(moment + minutes * MINUTE)

    assert [at for at, *_rest in tallied_at(moment + 4 * DAY)] == [
        moment + minutes * MINUTE for minutes in (0, 3, 4, 600, 3 * 1440)
    ]


def test_a_long_catching_up_is_done_bit_by_bit(each_ctx, moment, monkeypatch):
    for minutes in range(3):
        ended(moment + minutes * MINUTE)
    monkeypatch.setattr(tallies, "SECONDS_AT_ONCE", -1)

    with clock.stopped_at(moment + HOUR):
        while len(rows()) < 3:
            before = len(rows())
            tallies.tally()
            assert before <= len(rows()) <= before + 1


def test_the_wait_is_that_of_the_last_attempt_however_it_ends(each_ctx, moment, run_jobs):
    with clock.stopped_at(moment):
        break_toy.submit("bear")
        db.session.commit()
    for attempt in range(1, 5):
        job = db.session.query(Job).one()
        with clock.stopped_at(job.due_at + 3 * SECOND):
            assert ledger.claim(job.id, huey.holder())
            huey.record_failure(job.id, attempt, RuntimeError("broken"))
            db.session.commit()

    db.session.refresh(job)
    tallied_at(job.finished_at + 3 * MINUTE)
    tally = db.session.query(JobTally).filter_by(task="toy_break").one()
    assert (tally.failed, tally.waited) == (1, pytest.approx(3, abs=0.01))


def test_a_wait_is_never_negative(each_ctx, moment):
    """The clocks of two machines differ."""
    ended(moment, waited=-5 * SECOND, ran=-5 * SECOND)
    tallied_at(moment + 2 * MINUTE)

    tally = db.session.query(JobTally).one()
    assert (tally.waited, tally.waited_longest, tally.ran) == (0, 0, 0)


def test_minutes_become_hours_after_eight_days_and_one_sum_after_400(each_ctx, moment):
    for minutes in (0, 1, 59, 60, 61):
        ended(moment + minutes * MINUTE)
    tallied_at(moment + 2 * HOUR)
    ended(moment + 9 * DAY)

    assert tallied_at(moment + 9 * DAY + 2 * MINUTE) == [
        (moment, "toy_write", 3, 0, 0),
        (moment + HOUR, "toy_write", 2, 0, 0),
        (moment + 9 * DAY, "toy_write", 1, 0, 0),
    ]
    assert db.session.get_one(JobTally, (moment, "toy_write")).waited == pytest.approx(6, abs=0.01)

    ended(moment + 401 * DAY)
    assert tallied_at(moment + 401 * DAY + 2 * MINUTE) == [
        (tallies.EVER, "toy_write", 5, 0, 0),
        (moment + 9 * DAY, "toy_write", 1, 0, 0),
        (moment + 401 * DAY, "toy_write", 1, 0, 0),
    ]
    assert tallies.by_task()["toy_write"].succeeded == 7


@pytest.mark.parametrize("idle", [9 * DAY, 500 * DAY])
def test_after_a_long_rest_what_the_ledger_still_holds_is_not_counted_again(each_ctx, moment, idle):
    for minutes in (10, 20, 30):
        ended(moment + minutes * MINUTE)
    tallied_at(moment + HOUR)
    tallied_at(moment + idle)
    ended(moment + idle)

    tallied_at(moment + idle + 2 * HOUR)
    assert tallies.by_task()["toy_write"].succeeded == 4


def test_sums_over_time_have_no_gaps(each_ctx, moment):
    for minutes in (1, 2, 16):
        ended(moment + minutes * MINUTE)
    ended(moment + 2 * MINUTE, task="toy_break", state=JobState.FAILED, waited=9 * SECOND)
    tallied_at(moment + HOUR)

    quarters = tallies.over_time(moment, moment + HOUR, 15 * MINUTE)
    assert [(q.begins_at, q.succeeded, q.failed) for q in quarters] == [
        (moment, 2, 1),
        (moment + 15 * MINUTE, 1, 0),
        (moment + 30 * MINUTE, 0, 0),
        (moment + 45 * MINUTE, 0, 0),
    ]
    assert quarters[0].waited == pytest.approx(13, abs=0.01)
    assert quarters[0].waited_longest == pytest.approx(9, abs=0.01)


def test_what_sweeps_find_is_counted_apart(each_ctx, moment):
    for sweeps in (1, 2):
        write_toy.submit("bear")
        db.session.commit()
        huey.flush()
        with clock.stopped_at(clock.now() + MINUTE):
            assert sweep(huey).published == sweeps

    assert tallies.found() == (0, 3)
    assert tallies.by_task() == {}
    tallied_at(clock.now() + 500 * DAY)
    assert tallies.found() == (0, 3)
