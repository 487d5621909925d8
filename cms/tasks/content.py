"""Texts and the pictures that they show: going live on time and ending on time, and never
live with a picture that cannot be shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import selectinload

from cms import clock, trash
from cms.audit import values
from cms.audit.services import record
from cms.config import settings
from cms.content import addresses, life, redirects, revisions, site_settings, trees, writing
from cms.content.errors import AtField
from cms.content.life import STEPS, Pictures, Step
from cms.content.models import Article, Page, State, Writing
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs.queue import LedgerHuey
from cms.jobs.task import checkpoint
from cms.media.models import Image, ImageStatus
from cms.tasks.mail import post
from cms.tasks.queue import huey
from cms.tasks.trash import hold
from cms.tasks.webhooks import announce

logger = logging.getLogger(__name__)

# How soon one that is held is looked at again, and how long it may wait for its pictures
# before its author is told.
AGAIN = timedelta(minutes=1)
PATIENCE = timedelta(minutes=10)

MODELS: tuple[type[Any], ...] = (Article, Page)


# Pictures


class PictureGone(AtField):
    """It is in the trash, or was never there."""

    sentence = N_("It shows a picture that is not in the library any more.")


class PictureFailed(AtField):
    """Its file could not be made into renditions."""

    sentence = N_("The picture “%(title)s” has failed. Replace its file, or try it again.")


class PictureWaits(AtField):
    """Its renditions are not made yet."""

    sentence = N_("The picture “%(title)s” is still being processed.")


class NoCover(AtField):
    """The site's settings ask for one."""

    sentence = N_("Choose a cover.")
    field = "cover"


def problems(thing: Writing, step: Step) -> Iterator[AtField]:
    """Yield all that keeps a text from a step, each at its field."""
    yield from life.problems(thing, step)
    yield from picture_problems(thing, step.pictures)


def picture_problems(thing: Writing, wanted: Pictures) -> Iterator[AtField]:
    """Yield what is wrong with the pictures of a text, as far as a step minds."""
    if wanted is Pictures.ANY:
        return
    cover_id = getattr(thing, "cover_id", None)
    if isinstance(thing, Article) and cover_id is None and site_settings.read().cover_needed:
        yield NoCover()
    ids = writing.picture_ids(thing)
    query = select(Image).where(Image.id.in_(ids)).options(selectinload(Image.renditions))
    found = {image.id: image for image in db.session.scalars(query)}
    for image_id in sorted(ids):
        problem = _problem_of(found.get(image_id), wanted)
        if problem is not None:
            problem.field = "cover" if image_id == cover_id else "body"
            yield problem


def _problem_of(image: Image | None, wanted: Pictures) -> AtField | None:
    if image is None:
        return PictureGone()
    if image.status is ImageStatus.FAILED:
        return PictureFailed(title=image.title)
    # One that is made again is shown as it was until then.
    if wanted is Pictures.READY and image.status is not ImageStatus.READY and not image.renditions:
        return PictureWaits(title=image.title)
    return None


def take(thing: Writing, step: Step, **more: Any) -> None:
    """Let a text take a step, and note it. The text must be held: see `writing.hold`.

    Raises `NotNow`, or the first of `problems`. `more` are JSON values for the trail.
    """
    life.check_start(thing, step)
    for problem in problems(thing, step):
        raise problem
    before, was_live = thing.state, thing.is_live
    life.take(thing, step)
    if thing.is_live:
        redirects.arrived(thing)
    record(step.name, thing, state=[before.value, thing.state.value], **more)
    announce_change(thing, was_live=was_live)


def announce_change(thing: Writing, *, was_live: bool) -> None:
    """Tell other systems what the public has seen of a change to a text."""
    is_live = thing.is_live and not thing.in_trash
    if is_live:
        announce("content.changed" if was_live else "content.published", in_brief(thing))
    elif was_live:
        announce("content.removed", in_brief(thing))


def in_brief(thing: Writing) -> dict[str, Any]:
    """Return what other systems are told of a text."""
    return {
        "kind": thing.kind,
        "id": thing.id,
        "title": thing.title,
        "language": thing.language,
        "address": addresses.of(thing),
    }


# On time


@dataclass(frozen=True)
class Outcome:
    """What became of a text that was due: that it went live or was ended, how late, or why
    it is held."""

    kind: str
    id: int
    what: Literal["published", "ended", "held"]
    late: timedelta
    reason: CmsError | None = None


@huey.task(
    retries=3,
    retry_delay=60,
    name="see_to_content",
    words=N_("Publish and end what is due"),
    meaning=N_("What was scheduled is not on the site, or what should have ended still is."),
)
def see_to_content() -> None:
    """Publish what is due, and take off the site what has ended."""
    now = clock.now()
    for outcome in [*expire_due(now), *publish_due(now)]:
        logger.info("%s %s: %s, %s late", outcome.kind, outcome.id, outcome.what, outcome.late)


@huey.duty
def look_for_due(_huey: LedgerHuey) -> None:
    """Submit the job that sees to what is due, if anything is.

    Not a schedule: a job for each minute in which nothing happens would be most of the
    ledger. What came due in an outage is found as soon as a worker is back.
    """
    now = clock.now()
    if any(_ids(model, find(model, now), 1) for model in MODELS for find in (_over, _due)):
        see_to_content.submit(unique_for="see_to_content")
    db.session.commit()


@huey.duty
def end_sittings(_huey: LedgerHuey) -> None:
    """Note in the audit trail what was saved by the way by those who have stopped writing."""
    revisions.end_sittings(clock.now() - revisions.SITTING)
    db.session.commit()


def publish_due(now: datetime) -> list[Outcome]:
    """Publish what was to be live by `now`, and return what became of each.

    One whose pictures have failed, or still wait, is held: it says why, its author is told
    once, and it is tried again. Done twice, the second finds nothing to do. Commits after
    each.
    """
    return _see_to(_due, now, _publish)


def expire_due(now: datetime) -> list[Outcome]:
    """Archive what was to end by `now`, be it that it was never live. Commits after each."""
    return _see_to(_over, now, _expire)


def _publish(thing: Writing, now: datetime) -> Outcome:
    late = now - (thing.publish_at or now)
    try:
        take(thing, STEPS["publish"], **_in_seconds(late))
    except CmsError as reason:
        life.hold(thing, reason)
        if not thing.held_told and (not isinstance(reason, PictureWaits) or late > PATIENCE):
            _tell(thing, reason)
        return Outcome(thing.kind, thing.id, "held", late, reason)
    return Outcome(thing.kind, thing.id, "published", late)


def _expire(thing: Writing, now: datetime) -> Outcome:
    before, was_live, late = thing.state, thing.is_live, now - (thing.expire_at or now)
    life.end(thing)
    record("expire", thing, state=[before.value, thing.state.value], **_in_seconds(late))
    announce_change(thing, was_live=was_live)
    return Outcome(thing.kind, thing.id, "ended", late)


def _tell(thing: Writing, reason: CmsError) -> None:
    """Write to the author of a text that is held. Without one, its state says it alone."""
    thing.held_told = True
    author = thing.owner
    if author is None or not author.active:
        return
    site = settings().site_url
    record("hold", thing, reason=str(reason))
    try:
        post(
            author.email,
            "held",
            locale=author.locale,
            thing=thing,
            link=site and f"{site}/admin/{thing.kind}/edit/?id={thing.id}",
        )
    except CmsError:  # an address that cannot be used keeps nothing else from going live
        logger.exception("account %s cannot be told by mail", author.id)


def _in_seconds(late: timedelta) -> dict[str, int]:
    return {"late": int(late.total_seconds())} if late > life.TOLERANCE else {}


def _due(model: type[Any], now: datetime) -> ColumnElement[bool]:
    rested = or_(model.held_at.is_(None), model.held_at <= now - AGAIN)
    return and_(model.state == State.SCHEDULED, model.publish_at <= now, rested)


def _over(model: type[Any], now: datetime) -> ColumnElement[bool]:
    return and_(model.state.in_((State.PUBLISHED, State.SCHEDULED)), model.expire_at <= now)


def _ids(model: type[Any], found: ColumnElement[bool], at_most: int | None = None) -> Sequence[int]:
    query = select(model.id).where(found).order_by(model.publish_at, model.id).limit(at_most)
    return db.session.scalars(query).all()


def _see_to(
    find: Callable[[type[Any], datetime], ColumnElement[bool]],
    now: datetime,
    act: Callable[[Any, datetime], Outcome],
) -> list[Outcome]:
    """Do it to all that is found, and still is once it is locked.

    What goes wrong with one keeps none of the others, and is raised at the end.
    """
    outcomes, wrong = [], None
    for model in MODELS:
        for thing_id in _ids(model, found := find(model, now)):
            query = select(model).where(model.id == thing_id, found).with_for_update()
            try:
                with db.session.begin_nested():
                    thing = db.session.scalar(query.execution_options(populate_existing=True))
                    outcomes += [act(thing, now)] if thing is not None else []
            except Exception as error:
                logger.exception("%s %s could not be seen to", model.kind, thing_id)
                wrong = error
            checkpoint()
    if wrong is not None:
        raise wrong
    return outcomes


# For good


@trash.purges(Article)
def purge_article(article: Article) -> None:
    """Delete an article for good. Raises `NotInTrash` if it was restored meanwhile."""
    _purge(article)


@trash.purges(Page)
def purge_page(page: Page) -> None:
    """Delete a page for good. Raises `NotInTrash`, and `HasChildren`."""
    trees.refuse_parent(page)
    _purge(page)


def _purge(thing: Writing) -> None:
    hold(thing)
    record("purge", thing, **values.gone(thing))
    writing.forget(thing)
