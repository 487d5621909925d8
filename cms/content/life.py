"""The life of a text: what may follow upon what, who may let it, and what must hold.

`STEPS` is all there is. Pictures are a neighbour's: what a step wants of them is told
here, and whether it is so is asked in `cms.tasks.content`, where steps are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cms import clock
from cms.content import bodies
from cms.content.errors import AtField, NoTitle
from cms.content.models import State, Writing
from cms.errors import N_, CmsError

# Less is the way of any clock and queue.
TOLERANCE = timedelta(minutes=2)


class EmptyBody(AtField):
    """A page with nothing on it."""

    sentence = N_("There is nothing to read yet: write the text.")
    field = "body"


class NoTime(AtField):
    """Scheduled, but for no time."""

    sentence = N_("Say when it is to be published.")
    field = "publish_at"


class InThePast(AtField):
    """What is to happen must be still to come."""

    sentence = N_("This time has passed. To publish at once, choose “Publish”.")
    field = "publish_at"


class EndsTooSoon(AtField):
    """It would be over before it began, or is over now."""

    sentence = N_("It would end before it is published, or has ended already.")
    field = "expire_at"


class UnknownZone(AtField):
    """A time needs a place."""

    sentence = N_("There is no time zone “%(zone)s”.")
    field = "zone"


class NoSuchTime(AtField):
    """Clocks are put forward over it."""

    sentence = N_("There is no such time on that day: clocks are put forward over it.")
    field = "publish_at"


class NotNow(CmsError):
    """Somebody was faster, or has an old page open."""

    sentence = N_("This cannot be done with “%(title)s” now: somebody else has changed its state.")


class Pictures(Enum):
    """What a step wants of the pictures of a text: nothing, that none has failed, or that
    all can be shown."""

    ANY = 0
    WHOLE = 1
    READY = 2


Need = Callable[[Writing], AtField | None]


def _title(thing: Writing) -> AtField | None:
    return None if thing.title else NoTitle()


def _body(thing: Writing) -> AtField | None:
    return EmptyBody() if bodies.is_empty(thing.body) else None


def _time(thing: Writing) -> AtField | None:
    if thing.publish_at is None:
        return NoTime()
    return InThePast() if thing.publish_at <= clock.now() else None


def _end(thing: Writing) -> AtField | None:
    begin = max(thing.publish_at or clock.now(), clock.now())
    return EndsTooSoon() if thing.expire_at and thing.expire_at <= begin else None


@dataclass(frozen=True)
class Step:
    """One way from a state to the next. `action` is what the policy must allow, `words` are
    a button's."""

    name: str
    words: str
    starts: frozenset[State]
    end: State
    action: str
    needs: tuple[Need, ...] = ()
    pictures: Pictures = Pictures.ANY


_DRAFT, _REVIEW, _SCHEDULED, _PUBLISHED, _ARCHIVED = State

STEPS = {
    step.name: step
    for step in (
        Step("submit", N_("Send to review"), frozenset({_DRAFT}), _REVIEW, "submit",
             (_title, _body)),
        Step("withdraw", N_("Take back from review"), frozenset({_REVIEW}), _DRAFT, "submit"),
        Step("return", N_("Return to the author"), frozenset({_REVIEW}), _DRAFT, "review"),
        Step("schedule", N_("Schedule"), frozenset({_DRAFT, _REVIEW, _SCHEDULED}), _SCHEDULED,
             "schedule", (_title, _body, _time, _end), Pictures.WHOLE),
        Step("unschedule", N_("Do not publish"), frozenset({_SCHEDULED}), _DRAFT, "schedule"),
        Step("publish", N_("Publish"), frozenset({_DRAFT, _REVIEW, _SCHEDULED, _ARCHIVED}),
             _PUBLISHED, "publish", (_title, _body, _end), Pictures.READY),
        Step("unpublish", N_("Take off the site"), frozenset({_PUBLISHED}), _DRAFT, "publish"),
        Step("archive", N_("Archive"), frozenset({_PUBLISHED}), _ARCHIVED, "archive"),
        Step("revive", N_("Make a draft again"), frozenset({_ARCHIVED}), _DRAFT, "archive"),
    )
}  # fmt: skip

# What else than `edit` the policy must allow, to change the text in that state.
TO_EDIT = {
    _DRAFT: "edit",
    _REVIEW: "review",
    _SCHEDULED: "schedule",
    _PUBLISHED: "publish",
    _ARCHIVED: "archive",
}


def steps_from(state: State) -> list[Step]:
    """Return the steps that can be taken from a state."""
    return [step for step in STEPS.values() if state in step.starts]


def problems(thing: Writing, step: Step) -> Iterator[AtField]:
    """Yield what keeps a text from a step, pictures aside: each at its field."""
    return filter(None, (need(thing) for need in step.needs))


def check_start(thing: Writing, step: Step) -> None:
    """Raise `NotNow` where the step does not lead on from the state of the text."""
    if thing.state not in step.starts:
        raise NotNow(title=thing.title)


def take(thing: Writing, step: Step) -> None:
    """Let a text be in the state that a step leads to. Raises `NotNow`."""
    check_start(thing, step)
    thing.state = step.end
    if step.end is State.PUBLISHED:
        forget_hold(thing)
        thing.published_at = clock.now()
    elif step.end is State.SCHEDULED:
        forget_hold(thing)
    else:
        _forget_times(thing)


def end_at(thing: Writing, moment: datetime | None, zone: str) -> None:
    """Let a text end then. Raises `NotNow` for one that is neither live nor scheduled, and
    `EndsTooSoon`."""
    if thing.state not in (State.SCHEDULED, State.PUBLISHED):
        raise NotNow(title=thing.title)
    thing.expire_at, thing.zone = moment, thing.zone or zone
    if problem := _end(thing):
        raise problem


def end(thing: Writing) -> None:
    """Archive a text whose time is over, be it that it was never live."""
    thing.state = State.ARCHIVED
    _forget_times(thing)


def hold(thing: Writing, reason: CmsError) -> None:
    """Keep a text from going live, and say why: its author is to be told what is news."""
    why = (reason.sentence, dict(reason.facts))
    if why != (thing.held_sentence, thing.held_facts):
        thing.held_told = False
    thing.held_at = clock.now()
    thing.held_sentence, thing.held_facts = why


def forget_hold(thing: Writing) -> None:
    """Say that nothing keeps it any more."""
    thing.held_at = thing.held_sentence = thing.held_facts = None
    thing.held_told = False


def _forget_times(thing: Writing) -> None:
    forget_hold(thing)
    thing.publish_at = thing.expire_at = thing.zone = None


def late(thing: Writing) -> timedelta | None:
    """Return how late a text went live, or is by now; None while it is not."""
    if thing.publish_at is None or thing.state not in (State.SCHEDULED, State.PUBLISHED):
        return None
    then = thing.published_at if thing.is_live else clock.now()
    delay = (then or clock.now()) - thing.publish_at
    return delay if delay > TOLERANCE else None


def moment(at: datetime, zone: str) -> datetime:
    """Return in UTC what a clock on the wall means in a zone.

    Of a time that comes twice, as clocks are put back, the first is meant. Raises
    `UnknownZone`, and `NoSuchTime` for one that clocks are put forward over.
    """
    try:
        there = at.replace(tzinfo=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(zone=zone) from None
    found = there.astimezone(UTC)
    if found.astimezone(there.tzinfo).replace(tzinfo=None) != at:
        raise NoSuchTime
    return found
