"""Jobs that come again: submitted when due, once after an outage, by one consumer."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from cms import clock
from cms.audit.models import AuditEntry
from cms.editorial import schedules as acts
from cms.extensions import db
from cms.jobs import crons, ledger, schedules
from cms.jobs.models import Job, JobState, Schedule
from cms.tasks import huey
from tests.factories import make_user
from tests.toy_tasks import tick

DAY = timedelta(days=1)
HALF_PAST_TWO = timedelta(hours=14, minutes=30)  # after the noon of `moment`


@pytest.fixture
def look():
    """Let a consumer on duty look at the clock and do what is due."""

    def go(when):
        with clock.stopped_at(when):
            schedules.submit_due(huey)
        db.session.expire_all()

    return go


@pytest.fixture
def begun(each_ctx, look, moment):
    """The toy schedule as its first look leaves it: due the next night."""
    look(moment)
    return db.session.get_one(Schedule, "toy_tick")


def ticks():
    return db.session.query(Job).filter_by(task="toy_tick").order_by(Job.created_at).all()


def end(job):
    ledger.claim(job.id, huey.holder())
    ledger.succeed(job.id, 1)
    db.session.commit()


# Declaring


@pytest.mark.parametrize(
    "cron", ["", "15 3 * *", "0 15 3 * * *", "61 3 * * *", "15 3 31 2 *", "nightly", "@daily"]
)
def test_what_names_no_time_is_refused_where_it_is_declared(cron):
    with pytest.raises(ValueError, match="is no schedule"):
        crons.checked(cron)


def test_a_task_that_comes_again_has_no_arguments_since_nobody_is_there_to_give_them():
    with pytest.raises(ValueError, match="toy_greet: a task with a schedule takes no arguments"):
        huey.task(name="toy_greet", schedule="15 3 * * *", words="Greet")(lambda _name: None)
    assert "toy_greet" not in huey.kinds


def test_a_job_may_be_about_nothing(ctx):
    job = tick.submit()

    assert (job.args, job.subject_kind, job.subject_id) == ([], None, None)


# Coming


def test_a_new_schedule_comes_at_its_next_time_and_not_at_once(begun, moment):
    assert begun.due_at == moment + HALF_PAST_TWO
    assert ticks() == []


def test_it_is_submitted_when_it_is_due_and_then_waits_for_the_next_time(begun, look, moment):
    look(moment + HALF_PAST_TWO - timedelta(seconds=1))
    assert ticks() == []

    look(moment + HALF_PAST_TWO + timedelta(seconds=5))
    (job,) = ticks()

    assert job.state == JobState.QUEUED
    assert job.id in {message.id for message in huey.pending()}
    assert begun.due_at == moment + HALF_PAST_TWO + DAY
    assert begun.last_due_at == moment + HALF_PAST_TWO
    assert begun.last_at == moment + HALF_PAST_TWO + timedelta(seconds=5)
    assert begun.last_job == job

    look(moment + HALF_PAST_TWO + timedelta(seconds=20))
    assert len(ticks()) == 1


def test_after_an_outage_it_is_caught_up_once_and_says_how_late(begun, look, moment):
    back = moment + HALF_PAST_TWO + 2 * DAY + timedelta(hours=2)
    look(back)

    assert len(ticks()) == 1
    assert begun.late == 2 * DAY + timedelta(hours=2)
    assert begun.due_at == moment + HALF_PAST_TWO + 3 * DAY


def test_a_second_one_does_not_begin_while_the_first_has_not_ended(begun, look, moment):
    first = moment + HALF_PAST_TWO
    look(first)
    look(first + DAY)
    (job,) = ticks()
    assert begun.last_due_at == first, "the one that was left out has left no trace"

    end(job)
    look(first + DAY + timedelta(minutes=1))
    assert len(ticks()) == 1, "nor does it come later"

    look(first + 2 * DAY)
    assert len(ticks()) == 2


def test_of_two_consumers_that_look_at_once_one_submits(each_app, begun, moment):
    at_once = Barrier(2)

    def consumer():
        with each_app.app_context():
            at_once.wait()
            schedules.submit_due(huey)

    with clock.stopped_at(moment + HALF_PAST_TWO):
        both = [Thread(target=consumer) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()

    db.session.expire_all()
    assert len(ticks()) == 1
    assert begun.due_at == moment + HALF_PAST_TWO + DAY


def test_two_consumers_whose_clocks_differ_submit_once(begun, look, moment):
    look(moment + HALF_PAST_TWO)
    end(*ticks())
    look(moment + HALF_PAST_TWO - timedelta(seconds=20))  # the other's clock
    look(moment + HALF_PAST_TWO + timedelta(seconds=10))

    assert len(ticks()) == 1


def test_one_that_becomes_due_while_a_consumer_looks_is_submitted_once(
    begun, look, moment, monkeypatch
):
    due = moment + HALF_PAST_TWO
    with monkeypatch.context() as passing:
        times = iter([due - timedelta(microseconds=1)])
        passing.setattr(clock, "_source", lambda: next(times, due))
        passing.setattr(schedules, "declared", lambda: {"toy_tick": tick})
        schedules.submit_due(huey)
    for job in ticks():
        end(job)
    look(due + timedelta(seconds=10))
    assert len(ticks()) == 1


def test_a_consumer_that_dies_in_the_middle_leaves_it_due(begun, look, moment, monkeypatch):
    def die(**_options):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(tick, "submit", die)
        with pytest.raises(SystemExit):
            look(moment + HALF_PAST_TWO)
    db.session.rollback()
    assert begun.due_at == moment + HALF_PAST_TWO

    look(moment + HALF_PAST_TWO + timedelta(seconds=15))
    assert len(ticks()) == 1


def test_one_that_cannot_be_submitted_keeps_no_other(begun, look, moment, monkeypatch, caplog):
    def refuse(**_options):
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(tick, "submit", refuse)
        look(moment + 7 * DAY)  # some come once a week
    assert "schedule toy_tick: it could not be seen to" in caplog.text
    assert {job.task for job in db.session.query(Job)} == set(schedules.declared()) - {"toy_tick"}

    look(moment + 7 * DAY)
    assert len(ticks()) == 1


def test_a_schedule_that_a_release_has_changed_comes_at_its_new_time(
    begun, look, moment, monkeypatch
):
    monkeypatch.setattr(tick, "schedule", "0 18 * * *")
    look(moment)

    assert begun.due_at == moment + timedelta(hours=6)
    assert ticks() == []


def test_it_comes_in_the_zone_of_the_site(each_ctx, look, moment, monkeypatch):
    shanghai = each_ctx.config["CMS_SETTINGS"].model_copy(update={"time_zone": "Asia/Shanghai"})
    monkeypatch.setitem(each_ctx.config, "CMS_SETTINGS", shanghai)
    look(moment)

    schedule = db.session.get_one(Schedule, "toy_tick")
    assert schedule.due_at == datetime(2026, 3, 1, 18, 30, tzinfo=UTC)


# Summer time: Berlin has no 02:30 on 29 March, and two on 25 October

BERLIN = "Europe/Berlin"


def times(cron, start, count):
    found = [start]
    for _ in range(count):
        found.append(crons.next_after(cron, found[-1], BERLIN))
    return [f"{each:%d %H:%M}" for each in found[1:]]


def test_a_time_that_a_day_leaves_out_comes_when_the_gap_is_over():
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert times("30 2 * * *", start, 3) == ["29 01:00", "30 00:30", "31 00:30"]


def test_a_time_that_a_day_has_twice_is_taken_once():
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert times("30 2 * * *", start, 2) == ["25 00:30", "26 01:30"]


def test_every_half_hour_is_every_half_hour_on_the_longest_day_too():
    start = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert times("*/30 * * * *", start, 4) == ["25 00:30", "25 01:00", "25 01:30", "25 02:00"]


# Overdue


def test_what_nobody_has_submitted_is_overdue_after_ten_minutes(begun, look, moment):
    due = moment + HALF_PAST_TWO
    with clock.stopped_at(due + timedelta(minutes=10)):
        assert begun not in schedules.overdue()
    with clock.stopped_at(due + timedelta(minutes=11)):
        assert begun in schedules.overdue()

    look(due + timedelta(minutes=11))
    with clock.stopped_at(due + timedelta(minutes=11)):
        assert schedules.overdue() == []


def test_neither_what_is_paused_nor_what_is_unknown_is_overdue(begun, moment):
    acts.pause(begun)
    db.session.add(Schedule(name="toy_gone", due_at=moment))
    db.session.commit()

    with clock.stopped_at(moment + DAY):
        assert {"toy_tick", "toy_gone"}.isdisjoint(each.name for each in schedules.overdue())


def test_one_that_no_version_knows_is_forgotten_after_a_month(begun, look, moment):
    db.session.add(Schedule(name="toy_gone", due_at=moment))
    db.session.commit()
    look(moment + 30 * DAY)
    assert db.session.get(Schedule, "toy_gone")

    look(moment + 31 * DAY)
    assert db.session.get(Schedule, "toy_gone") is None


# Pausing, and running out of turn


def test_what_is_paused_does_not_come_and_is_not_caught_up(begun, look, moment):
    ada = make_user("administrator")
    with clock.stopped_at(moment):
        acts.pause(begun, ada)
        acts.pause(begun)
    db.session.commit()
    assert begun.paused_by == ada

    look(moment + 3 * DAY)
    assert ticks() == []
    with clock.stopped_at(moment + 3 * DAY):
        acts.resume(begun)
        acts.resume(begun)
    db.session.commit()
    look(moment + 3 * DAY)

    assert ticks() == []
    assert begun.paused_by is None
    assert begun.due_at == moment + 3 * DAY + HALF_PAST_TWO
    assert [(e.action, e.thing_id) for e in db.session.query(AuditEntry)] == [
        ("pause", "toy_tick"),
        ("resume", "toy_tick"),
    ]


def test_it_is_run_out_of_turn_even_while_paused_and_comes_when_it_would(begun, look, moment):
    with clock.stopped_at(moment + timedelta(hours=1)):
        acts.pause(begun)
        job = acts.run_now(begun)
        db.session.commit()

    assert (begun.last_job, begun.late) == (job, timedelta(0))
    assert begun.due_at == moment + HALF_PAST_TWO
    entry = db.session.query(AuditEntry).filter_by(action="run").one()
    assert (entry.thing_id, entry.changes) == ("toy_tick", {"job": job.id})


def test_it_is_not_run_while_the_last_has_not_ended(begun):
    acts.run_now(begun)
    db.session.commit()
    with pytest.raises(acts.StillAtWork):
        acts.run_now(begun)

    end(*ticks())
    assert acts.run_now(begun)


def test_one_that_this_version_does_not_know_is_neither_run_nor_resumed(ctx, moment):
    gone = Schedule(name="toy_gone", due_at=moment, paused_at=moment)
    db.session.add(gone)
    for act in (acts.run_now, acts.resume):
        with pytest.raises(acts.UnknownSchedule, match="no schedule “toy_gone”"):
            act(gone)


def test_the_row_outlives_its_last_job(begun, look, moment):
    look(moment + HALF_PAST_TWO)
    end(*ticks())
    ledger.prune(clock.now() + DAY)
    db.session.expire_all()

    assert begun.last_job is None
    assert begun.last_at == moment + HALF_PAST_TWO
