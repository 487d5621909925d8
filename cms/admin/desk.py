"""What stands beside a text while it is written: its life, what it lacks, what is said of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import format_timedelta
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import and_

from cms.accounts.models import Role, User
from cms.accounts.policy import NOBODYS, may
from cms.admin.choices import Lookup
from cms.admin.images import large_url, thumbnail_url
from cms.config import settings
from cms.content import addresses, bodies, life, previews, reviews, revisions, waiting, writing
from cms.content.life import STEPS, Step
from cms.content.models import ReviewComment, Revision, Writing
from cms.content.models import State as At
from cms.editorial import content
from cms.extensions import db
from cms.media.models import Image
from cms.media.sources import by_id

NEWEST = 5
# The accounts that may write, to be looked up by who may say whose a text is.
WRITERS = Lookup(
    "owner",
    User,
    ("email",),
    actions=("publish",),
    criterion=and_(
        User.active, User.roles.any(Role.name.in_(("author", "editor", "administrator")))
    ),
)
# The step that the state is meant for comes first, and stands out.
_FIRST = {At.DRAFT: ("publish", "submit"), At.REVIEW: ("publish",), At.ARCHIVED: ("publish",)}


@dataclass(frozen=True)
class Desk:
    """All that the page of `thing` shows to `by` beside the text."""

    thing: Writing
    by: User

    @cached_property
    def _steps(self) -> Sequence[Step]:
        return content.steps_for(self.thing, self.by)

    @property
    def steps(self) -> Sequence[Step]:
        """What the person may let it do next, but for scheduling, which asks for a time."""
        return [step for step in self._steps if step.name != "schedule"]

    @property
    def first(self) -> str:
        """The step that stands out."""
        names = [step.name for step in self.steps]
        wanted = _FIRST.get(self.thing.state, ())
        return next((name for name in wanted if name in names), "")

    @property
    def may_schedule(self) -> bool:
        """Whether the person may say when it goes live."""
        return STEPS["schedule"] in self._steps

    @property
    def may_change_live(self) -> bool:
        """Whether it is live, and the person may let the public see what is written now, or
        say when it ends."""
        return self.thing.is_live and self._may("publish")

    @property
    def may_hand_over(self) -> bool:
        """Whether the person may say who the author is."""
        return may(self.by, "edit", self.thing.kind, NOBODYS)

    @cached_property
    def problems(self) -> Sequence[tuple[str, str]]:
        """What keeps it, or its changes, from going live: a field and a sentence each."""
        thing = self.thing
        if thing.is_live:
            found = content.change_problems(thing) if thing.waiting is not None else []
        else:
            found = content.problems(thing, "publish")
        return [(one.field, _(one.sentence, **one.facts)) for one in found]

    @property
    def held(self) -> str | None:
        """Why it is held back."""
        thing = self.thing
        return _(thing.held_sentence, **(thing.held_facts or {})) if thing.held_sentence else None

    @property
    def late(self) -> str | None:
        """How late it went live, or is."""
        delay = life.late(self.thing)
        return None if delay is None else str(format_timedelta(delay, granularity="minute"))

    @cached_property
    def comments(self) -> Sequence[ReviewComment]:
        """What was said of it, in order."""
        return reviews.of(self.thing)

    @cached_property
    def newest(self) -> Sequence[Revision]:
        """The newest revisions."""
        return revisions.of(self.thing, NEWEST)

    @cached_property
    def translations(self) -> Sequence[tuple[str, Writing | None]]:
        """Each other language, and what says the same in it, be it not the person's to see: or
        they would begin another."""
        there = writing.translations_of(self.thing)
        others = [one for one in settings().content_languages if one != self.thing.language]
        return [(language, there.get(language)) for language in others]

    def sees(self, other: Writing) -> bool:
        """Tell whether the person may see another text."""
        return content.sees(self.by, other)

    @property
    def address(self) -> str:
        """Where it is on the site, or will be."""
        return addresses.of(self.thing)

    @property
    def preview(self) -> str:
        """Where it is shown as the site would, by a link that can be passed on."""
        return url_for("site.preview", token=previews.sign(self.thing))

    @property
    def words(self) -> int:
        """How many words it has."""
        return bodies.count_words(bodies.text(self.body))

    @cached_property
    def body(self) -> str:
        """The text as it was written last."""
        return str(waiting.newest(self.thing)["body"])

    def _may(self, action: str) -> bool:
        return may(self.by, action, self.thing.kind, self.thing)


def times(thing: Writing) -> dict[str, Any]:
    """Return what the form of a text shows of its times, as a clock on the wall says them."""
    zone = thing.zone or settings().time_zone
    return {
        "zone": zone,
        "owner": thing.owner_id,
        "publish_at": _on_the_wall(thing.publish_at, zone),
        "expire_at": _on_the_wall(thing.expire_at, zone),
    }


def _on_the_wall(moment: datetime | None, zone: str) -> str | None:
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def cover_address(image_id: int | None) -> str | None:
    """Return where the file of a cover is, None while there is none."""
    image = db.session.get(Image, image_id) if image_id else None
    return (large_url(image) or thumbnail_url(image)) if image else None


def shown(body: str) -> Markup:
    """Return a body as it is read here: cleaned, its pictures small; nothing of one that is too
    long, which only its field holds then."""
    if len(body) > bodies.LONGEST:
        return Markup()
    cleaned = bodies.clean(body)
    pictures = by_id(bodies.picture_ids(cleaned))
    found = {str(key): thumbnail_url(image) for key, image in pictures.items()}

    def with_file(match: re.Match[str]) -> str:
        return f'{match[0]} src="{escape(found.get(match[1]) or "data:,")}"'

    return Markup(re.sub(r'data-picture="(\d+)"', with_file, cleaned))  # noqa: S704 - cleaned
