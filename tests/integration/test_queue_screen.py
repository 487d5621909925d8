"""The screen of the queue: what it says, how it pauses, and the banner on every page."""

import re
from datetime import timedelta

import pytest

from cms import clock
from cms.admin.queue import retries_in_words, seconds_in_words
from cms.editorial import queue
from cms.extensions import db
from cms.jobs import pauses, tallies
from cms.jobs.consumer import Heart
from cms.jobs.models import Job, JobState, JobTally
from cms.tasks import huey
from tests.factories import make_user
from tests.toy_tasks import break_toy, write_toy

CHINESE = {"Accept-Language": "zh-CN"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def day(ctx, moment):
    """Jobs that ended within the last day, as tallied; the clock stands."""
    for minutes, task, done, failed in (
        (2, "toy_write", 3, 1),
        (30, "toy_write", 1, 0),
        (600, "toy_write", 10, 0),
        (8 * 1440, "toy_write", 99, 0),
    ):
        tally = JobTally(begins_at=moment - minutes * MINUTE, task=task)
        tally.succeeded, tally.failed = done, failed
        tally.waited, tally.waited_longest, tally.ran = 8.0 * done, 20.0, 0.5 * (done + failed)
        db.session.add(tally)
    db.session.commit()
    with clock.stopped_at(moment):
        yield


def told_in(text):
    return re.findall(r"<p>(.*?)</p>", text, re.DOTALL)


@pytest.fixture
def banners(client):
    """The banners about pauses, as anybody who is logged in sees them."""

    def go(**how):
        text = client.get("/admin/pulse", **how).text
        return [re.sub(r"<[^>]+>", "", told).strip() for told in told_in(text)]

    Heart(huey, threads=3).beat()
    return go


def test_the_figures_as_numbers_and_in_words(day, client, log_in, moment):
    log_in("administrator")
    for _ in range(3):
        write_toy.submit("bear", at=moment - 90 * MINUTE)
    write_toy.submit("bear", at=moment + MINUTE)
    Heart(huey, threads=3).beat()
    db.session.commit()
    answer = client.get("/admin/queue/figures").json

    assert answer["figures"] == {
        "waiting": 4,
        "due": 3,
        "oldest": 5400.0,
        "running": 0,
        "workers": 1,
        "ended": 5,
        "failed": 1,
    }
    assert answer["words"]["oldest"] == "1.5 hr"
    assert answer["kinds"]["toy_write"] == {
        "waiting": "4",
        "running": "0",
        "succeeded": "4",
        "failed": "1",
        "ran": "0.5 sec",
        "waited": "6.4 sec",
    }


@pytest.mark.parametrize(
    ("span", "steps", "done"), [("hour", 60, 4), ("day", 96, 14), ("week", 84, 14)]
)
def test_each_span_has_its_steps(day, client, log_in, moment, span, steps, done):
    log_in("administrator")
    series = client.get(f"/admin/queue/figures?span={span}").json["series"]

    assert len(series) == steps
    assert sum(point["succeeded"] for point in series) == done
    assert series[-1]["waited"] == (6.4 if span == "week" else 6)
    assert series[0]["waited"] is None


def test_the_charts_are_a_table_too(day, client, log_in):
    log_in("administrator")
    text = client.get("/admin/queue/?span=hour").text
    rows = re.findall(r"<tr>(.*?)</tr>", text.partition("data-numbers")[2], re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows]

    assert len(cells) == 60
    assert [cell[1:] for cell in cells if cell[1] != "0"] == [
        ["3", "1", "6 sec", "20 sec"],
        ["1", "0", "8 sec", "20 sec"],
    ]
    assert text.count('aria-current="page">Hour') == 1


def test_a_kind_is_paused_and_resumed_with_a_button(client, log_in, run_jobs):
    ada = log_in("administrator")
    job = write_toy.submit("bear")
    db.session.commit()
    client.post("/admin/queue/pause", data={"task": "toy_write"})
    run_jobs()

    assert db.session.get_one(Job, job.id).state == JobState.QUEUED
    text = client.get("/admin/queue/").text
    assert f"Paused by {ada.email}" in text
    assert 'aria-label="Resume: ' in text

    client.post("/admin/queue/resume", data={"task": "toy_write"})
    run_jobs()
    assert db.session.get_one(Job, job.id).state == JobState.SUCCEEDED


def test_all_is_paused_one_is_resumed_then_all(client, log_in):
    log_in("administrator")
    client.post("/admin/queue/pause", data={"task": "*"})
    assert set(pauses.names()) == huey.kinds.keys()

    client.post("/admin/queue/resume", data={"task": "send_email"})
    assert set(pauses.names()) == huey.kinds.keys() - {"send_email"}

    client.post("/admin/queue/resume", data={"task": "*"})
    assert pauses.names() == []


def test_what_is_paused_is_said_on_every_page_but_who_did_it_only_to_administrators(
    banners, client, log_in, moment
):
    ada = make_user("administrator", "ada@example.com")
    with clock.stopped_at(clock.now() - timedelta(days=2)):
        queue.pause(["send_email", "toy_write"], ada)
    with clock.stopped_at(clock.now() - timedelta(hours=3)):
        queue.pause(["process_image"], ada)
    db.session.commit()

    log_in("administrator")
    assert banners() == [
        "Paused by ada@example.com: Send a mail and Play (2 days ago) Queue",
        "Paused by ada@example.com: Process a picture (3 hours ago) Queue",
    ]
    assert "Send a mail and Play" in client.get("/admin/image/").text
    client.post("/logout")
    log_in("viewer")
    assert banners()[0] == "Paused: Send a mail and Play (2 days ago)"


def test_when_everything_is_paused_the_banner_says_so(banners, log_in):
    log_in("viewer")
    queue.pause(huey.kinds, make_user("administrator"))
    db.session.commit()

    (banner,) = banners()
    assert banner.startswith("Paused: all jobs (")


def test_a_kind_of_another_version_is_shown_by_its_name_and_can_be_resumed(client, log_in):
    log_in("administrator")
    job = write_toy.submit("bear")
    job.task = "forgotten"
    queue.pause(["forgotten"], make_user("administrator"))
    db.session.commit()

    assert "forgotten" in client.get("/admin/queue/").text
    client.post("/admin/queue/resume", data={"task": "forgotten"})
    assert pauses.names() == []


def test_retries_in_words(ctx):
    assert retries_in_words("toy_break") == "3 retries, after 1 min each"
    assert retries_in_words("toy_back_off") == "3 retries, after 1 min, 4 min, and 16 min"
    assert retries_in_words("toy_end") == "1 retry, after 1 min"
    assert retries_in_words("forgotten") == ""


def test_seconds_in_words(ctx):
    shown = [seconds_in_words(seconds) for seconds in (0, 0.126, 59, 60, 90, 5400, 100_000)]
    assert shown == ["0 sec", "0.13 sec", "59 sec", "1 min", "1.5 min", "1.5 hr", "1.2 days"]


def test_nothing_that_was_paused_counts_as_late(banners, client, log_in):
    log_in("administrator")
    break_toy.submit("bear")
    queue.pause(["toy_break"], make_user("administrator"))
    db.session.commit()
    with clock.stopped_at(clock.now() + timedelta(minutes=5)):
        Heart(huey, threads=3).beat()
        assert [banner for banner in banners() if "waited" in banner] == []


def test_the_newest_minute_that_may_be_tallied_is_the_last_bar(day, client, log_in, moment):
    log_in("administrator")
    series = client.get("/admin/queue/figures").json["series"]
    assert series[-1]["at"] == (moment - 2 * MINUTE).isoformat()
    assert tallies.last_closed() == moment - MINUTE
