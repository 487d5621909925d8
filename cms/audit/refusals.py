"""Requests that were turned away: what the trail is told of them, and how often at most.

What is refused is rolled back. So whoever refuses leaves word by `tell`, and the edge of the
request notes it by `note_told`, once that is done. Nobody can fill the trail by being refused:
an account is noted `MOST_OF_ONE` times a minute, strangers all together `MOST_OF_STRANGERS`
times an hour, and what says so once for an address in so many seconds. That is counted where
the limits are, by all processes together where that is Redis.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import g, request
from flask_login import current_user
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits import RateLimitItemPerSecond as Seconds

from cms.audit.services import note
from cms.audit.values import is_secret
from cms.database import storable
from cms.extensions import db, limiter

logger = logging.getLogger(__name__)

PAGE = "address"  # what the trail calls a page that was asked for
MOST_OF_ONE = 60
MOST_OF_STRANGERS = 1_000
_LONGEST = 40


class Told(NamedTuple):
    """What is to be noted: once in `every` seconds for each address and `mark`, if it says so."""

    action: str
    kind: str
    thing_id: str
    facts: Mapping[str, Any]
    every: int
    mark: str


def tell(
    action: str, kind: str, thing_id: str, /, *, every: int = 0, mark: str = "", **facts: Any
) -> None:
    """Leave word of a refusal, for when this request is answered."""
    g.refusal = Told(action, kind, thing_id[:_LONGEST], facts, every, mark)


def tell_of_page(action: str, /, *, every: int = 0, mark: str = "", **facts: Any) -> None:
    """Leave word that what this request asks for was refused: which page, and of which thing."""
    more = {"asked": asked} if (asked := _asked()) else {}
    facts = {"method": request.method, **more, **facts}
    tell(action, PAGE, request.endpoint or "", every=every, mark=mark, **facts)


def tell_of_hidden(model: Any, key: Any) -> None:
    """Leave word that somebody asked for a thing that is there, but not for them to see."""
    if current_user.is_authenticated and (thing := db.session.get(model, key)) is not None:
        tell("refuse thing", model.__tablename__, str(thing.id), page=request.endpoint)


def note_told() -> bool:
    """Note what this request left word of; tell whether there was something to note. The caller
    commits."""
    told: Told | None = g.pop("refusal", None)
    if told is None or not _is_due(told):
        return False
    note(told.action, told.kind, told.thing_id, **told.facts)
    return True


def _asked() -> dict[str, str]:
    """Return by what the address names a thing. Of a form it is read only if the page did so: it
    may be an upload, which is to be refused unread."""
    parts = (request.view_args or {}).items()
    given = {name: it for name, it in parts if not is_secret(name)}
    read = request.form if "form" in vars(request) else {}
    for name in ("id", "ids", "name"):
        if value := request.args.get(name) or read.get(name):
            given[name] = value
    texts = {name: str(value)[:_LONGEST] for name, value in given.items()}
    return {name: text for name, text in texts.items() if storable(text)}


def _is_due(told: Told) -> bool:
    address = request.remote_addr or ""
    once = Seconds(1, told.every) if told.every else None
    if once and not _counts(once, told.action, told.mark, address):
        return False
    if current_user.is_authenticated:
        return _counts(RateLimitItemPerMinute(MOST_OF_ONE), f"account {current_user.id}")
    return _counts(RateLimitItemPerHour(MOST_OF_STRANGERS), "strangers")


def _counts(most: RateLimitItem, *whose: str) -> bool:
    """Tell whether it is within so many. While nobody can count, nothing is kept back."""
    try:
        return limiter.limiter.hit(most, "noted refusals", *whose)
    except Exception:
        logger.exception("refusals could not be counted")
        return True
