"""The screen of the jobs that come again, and the commands that do the same."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from babel import Locale

from cms import clock
from cms.admin.schedules import cron_in_words
from cms.audit.models import AuditEntry
from cms.extensions import db
from cms.jobs import ledger, schedules
from cms.jobs.models import Job, Schedule
from cms.tasks import huey
from tests.factories import make_user
from tests.queries import statements
from tests.toy_tasks import tick

PAGE = "/admin/schedule/"


@pytest.fixture
def administrator(log_in):
    """An administrator of a site whose consumer has looked once."""
    user = log_in("administrator")
    schedules.submit_due(huey)
    return user


@pytest.fixture
def row():
    """The row of `toy_tick`, as it is now."""

    def fresh():
        db.session.expire_all()
        return db.session.get_one(Schedule, "toy_tick")

    return fresh


@pytest.fixture
def drawn(client):
    """The row of `toy_tick` as the page has it."""

    def go():
        page = client.get(PAGE).text
        (found,) = re.findall(r'<tr role="row" data-id="toy_tick".*?</tr>', page, re.DOTALL)
        return found

    return go


@pytest.fixture
def shown(drawn):
    """The words in it."""
    return lambda: " ".join(re.sub(r"<[^>]+>", " ", drawn()).split())


@pytest.fixture
def buttons(drawn):
    """The buttons on it."""
    return lambda: set(re.findall(r'formaction="/admin/schedule/(\w+)"', drawn()))


@pytest.mark.parametrize(
    ("cron", "english", "chinese"),
    [
        ("15 3 * * *", "At 03:15, every day", "在 03:15, 每天"),
        ("*/5 * * * *", "Every 5 minutes", "每 5 分钟"),
        ("0 9 * * 1-5", "At 09:00, Monday through Friday", "在 09:00, 星期一 到 星期五"),
        ("30 2 1 1 *", "At 02:30, on day 1 of the month, only in January", None),
        ("no cron at all", "no cron at all", "no cron at all"),
    ],
)
def test_times_are_told_in_words(cron, english, chinese):
    assert cron_in_words(cron, Locale("en")) == english
    told = cron_in_words(cron, Locale("zh", "CN", "Hans"))
    assert told == chinese or (chinese is None and "一月" in told and "January" not in told)


def test_the_page_is_there_before_a_worker_was(client, log_in):
    log_in("administrator")
    assert "A worker makes this list when it starts." in client.get(PAGE).text


def test_a_schedule_says_when_it_comes(administrator, shown, buttons):
    told = shown()
    assert "Tick At 02:30, every day UTC · 30 2 * * *" in told
    assert "Active" in told
    assert buttons() == {"run", "pause"}


def test_it_says_how_late_the_last_one_was_and_how_long_it_took(administrator, row, shown, buttons):
    due = datetime.now(UTC) - timedelta(hours=2, minutes=5)
    row().due_at = due
    db.session.commit()
    schedules.submit_due(huey)
    assert "Waiting" in shown()
    assert "2 hours late" in shown()
    assert "run" not in buttons()

    job = row().last_job
    started = clock.now()
    with clock.stopped_at(started):
        ledger.claim(job.id, huey.holder())
    with clock.stopped_at(started + timedelta(seconds=2.5)):
        ledger.succeed(job.id, 1)
    db.session.commit()
    assert "2 hours late · took 2.5 s" in shown()
    assert "Done" in shown()


def test_one_that_is_late_now_is_overdue(administrator, row, shown):
    row().due_at = clock.now() - timedelta(minutes=11)
    db.session.commit()

    assert "Overdue" in shown()


def test_it_is_paused_and_says_by_whom_and_resumed(client, administrator, row, shown, buttons):
    client.post(f"{PAGE}pause", data={"id": "toy_tick"})
    assert f"Paused {administrator.email}" in shown()
    assert buttons() == {"run", "resume"}

    client.post(f"{PAGE}resume", data={"id": "toy_tick"})
    assert row().paused_at is None
    trail = db.session.query(AuditEntry).filter_by(thing_kind="schedule").order_by(AuditEntry.id)
    assert [(entry.action, entry.user_email) for entry in trail] == [
        ("pause", administrator.email),
        ("resume", administrator.email),
    ]


def test_it_is_run_out_of_turn_once(client, administrator, row):
    due = row().due_at
    for words in ("The job has been submitted.", "has not ended yet"):
        client.post(f"{PAGE}run", data={"id": "toy_tick"})
        assert words in client.get(PAGE).text

    (job,) = db.session.query(Job)
    assert job.submitted_by_id == administrator.id
    assert row().last_job == job
    assert row().due_at == due


def test_one_that_this_version_does_not_know_is_told_and_left_alone(client, administrator):
    db.session.add(Schedule(name="toy_gone", due_at=clock.now()))
    db.session.commit()
    assert "Unknown to this version" in client.get(PAGE).text

    client.post(f"{PAGE}run", data={"id": "toy_gone"})
    assert "knows no schedule “toy_gone”" in client.get(PAGE).text


def test_the_page_takes_as_many_queries_for_many_as_for_one(client, administrator):
    def queries():
        with statements() as seen:
            assert client.get(PAGE).status_code == 200
        return len(seen)

    def add(number):
        now, job, who = clock.now(), tick.submit(), make_user()
        row = Schedule(name=f"toy_gone_{number}", due_at=now, last_at=now, paused_at=now)
        row.last_job_id, row.paused_by_id = job.id, who.id
        db.session.add(row)
        db.session.commit()

    add(0)
    few = queries()
    for number in range(1, 15):
        add(number)
    assert queries() == few


# From a shell


@pytest.fixture
def command(runner):
    def go(*words):
        return runner.invoke(args=["cms", "schedules", *words])

    return go


def test_the_shell_lists_them(command):
    lines = command("list").output.splitlines()

    (told,) = [line for line in lines if line.startswith("prune ")]
    assert re.fullmatch(r"prune +15 3 \* \* \* +\d{4}-\d\d-\d\d 03:15  UTC", told)


def test_the_shell_pauses_runs_and_resumes(command, row):
    assert command("pause", "toy_tick").output == "Paused.\n"
    assert row().paused_at
    assert "paused" in command("list").output
    submitted = command("run", "toy_tick").output
    assert submitted == f"Submitted as {row().last_job_id}.\n"
    assert "has not ended yet" in command("run", "toy_tick").output
    assert command("resume", "toy_tick").output == "Resumed.\n"
    assert row().paused_at is None


def test_the_shell_says_what_it_does_not_know(command):
    done = command("run", "toy_gone")

    assert done.exit_code == 1
    assert done.output == "Error: This version knows no schedule “toy_gone”.\n"
