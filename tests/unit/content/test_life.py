"""The life of a text: which step leads where, who may take it, and what must hold."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from cms import clock
from cms.accounts.policy import ROLES, may
from cms.content import life
from cms.content.life import STEPS
from cms.content.models import Article, State

# From each state: the step, where it leads, and who may let it.
TABLE = {
    State.DRAFT: {
        "submit": ("review", "author editor administrator"),
        "schedule": ("scheduled", "editor administrator"),
        "publish": ("published", "editor administrator"),
    },
    State.REVIEW: {
        "withdraw": ("draft", "author editor administrator"),
        "return": ("draft", "editor administrator"),
        "schedule": ("scheduled", "editor administrator"),
        "publish": ("published", "editor administrator"),
    },
    State.SCHEDULED: {
        "schedule": ("scheduled", "editor administrator"),
        "unschedule": ("draft", "editor administrator"),
        "publish": ("published", "editor administrator"),
    },
    State.PUBLISHED: {
        "unpublish": ("draft", "editor administrator"),
        "archive": ("archived", "editor administrator"),
    },
    State.ARCHIVED: {
        "publish": ("published", "editor administrator"),
        "revive": ("draft", "editor administrator"),
    },
}  # fmt: skip
MINE = SimpleNamespace(owner_id=1)
OTHERS = SimpleNamespace(owner_id=2)


def article(state=State.DRAFT, **more):
    given = {"title": "Harbour", "body": "<p>Dawn</p>", "state": state}
    return Article(**given | more)


def person(role):
    role = SimpleNamespace(name=role)
    return SimpleNamespace(id=1, roles=[role], active=True, is_authenticated=True)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("role", ROLES)
def test_each_state_leads_on_as_the_table_says_for_whom_it_says(state, role):
    user = person(role)
    steps = [step for step in life.steps_from(state) if may(user, step.action, "article", MINE)]
    expected = {name for name, (_end, who) in TABLE[state].items() if role in who.split()}
    assert {step.name for step in steps} == expected
    assert all(step.end == TABLE[state][step.name][0] for step in steps)


def test_nobody_sends_what_is_anothers_to_review():
    assert not may(person("author"), "submit", "article", OTHERS)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", STEPS)
def test_a_step_from_elsewhere_is_refused_and_changes_nothing(state, name):
    thing = article(state)
    if name in TABLE[state]:
        life.take(thing, STEPS[name])
        assert thing.state == TABLE[state][name][0]
        return
    with pytest.raises(life.NotNow):
        life.take(thing, STEPS[name])
    assert thing.state is state


def fields(thing, name):
    return [problem.field for problem in life.problems(thing, STEPS[name])]


def test_each_thing_that_lacks_is_said_at_its_field(moment):
    with clock.stopped_at(moment):
        assert fields(article(title="", body="<p> </p>"), "submit") == ["title", "body"]
        assert fields(article(), "schedule") == ["publish_at"]
        assert fields(article(publish_at=moment), "schedule") == ["publish_at"]
        late, early = moment + timedelta(hours=2), moment + timedelta(hours=1)
        assert fields(article(publish_at=late, expire_at=early), "schedule") == ["expire_at"]
        assert fields(article(publish_at=early, expire_at=late), "schedule") == []
        assert fields(article(expire_at=moment), "publish") == ["expire_at"]
        assert fields(article(), "publish") == []


def test_publishing_notes_when_and_going_back_forgets_what_was_planned(moment):
    thing = article(State.SCHEDULED, publish_at=moment, zone="Asia/Shanghai")
    with clock.stopped_at(moment + timedelta(minutes=1)):
        life.take(thing, STEPS["publish"])
    assert thing.published_at == moment + timedelta(minutes=1)

    life.take(thing, STEPS["unpublish"])
    assert (thing.publish_at, thing.zone) == (None, None)
    assert thing.published_at is not None


@pytest.mark.case(30)
def test_a_delay_is_told_and_the_way_of_a_clock_is_none(moment):
    thing = article(State.SCHEDULED, publish_at=moment)
    with clock.stopped_at(moment + timedelta(minutes=1)):
        assert life.late(thing) is None
    with clock.stopped_at(moment + timedelta(hours=3)):
        assert life.late(thing) == timedelta(hours=3)
        life.take(thing, STEPS["publish"])
    assert life.late(thing) == timedelta(hours=3)


def test_a_reason_is_news_once():
    thing = article(State.SCHEDULED)
    life.hold(thing, life.EmptyBody())
    assert not thing.held_told
    thing.held_told = True
    life.hold(thing, life.EmptyBody())
    assert thing.held_told
    life.hold(thing, life.NoTime())
    assert not thing.held_told


@pytest.mark.case(30)
@pytest.mark.parametrize(
    ("at", "zone", "utc"),
    [
        ("2026-03-01T20:00", "Asia/Shanghai", "2026-03-01T12:00+00:00"),
        ("2026-07-01T20:00", "Europe/Berlin", "2026-07-01T18:00+00:00"),
        # It comes twice: the first is meant.
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30+00:00"),
    ],
)
def test_a_time_is_said_in_a_zone(at, zone, utc):
    assert life.moment(datetime.fromisoformat(at), zone) == datetime.fromisoformat(utc)


def test_a_time_that_there_is_not_and_a_zone_that_there_is_not_are_refused():
    with pytest.raises(life.NoSuchTime):
        life.moment(datetime.fromisoformat("2026-03-29T02:30"), "Europe/Berlin")
    for zone in ("Mars/Olympus", "", "../etc/passwd"):
        with pytest.raises(life.UnknownZone):
            life.moment(datetime.fromisoformat("2026-03-01T12:00"), zone)
