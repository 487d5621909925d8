"""Links by which somebody without an account sees a text before the public does.

    token = previews.sign(article)
    previews.find(token).thing

Whoever has the link can follow it; it ends by itself, after `CMS_PREVIEW_HOURS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from cms import clock
from cms.config import settings
from cms.content import waiting
from cms.content.models import Article, Page, Writing
from cms.errors import N_, CmsError
from cms.extensions import db

_KINDS: dict[str, type[Any]] = {Article.kind: Article, Page.kind: Page}


class Ended(CmsError):
    """The link is too old, was cut short, or its text is deleted."""

    sentence = N_("This preview has ended. Ask whoever sent it for a new link.")


@dataclass(frozen=True)
class Preview:
    """A text, and until when the link to it holds."""

    thing: Writing
    until: datetime


class _Signer(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


def sign(thing: Writing) -> str:
    """Return the token of a link to a text as it is whenever the link is followed."""
    return _serializer().dumps([thing.kind, thing.id])


def find(token: str) -> Preview:
    """Return what a token leads to, with the changes that wait. Raises `Ended`."""
    lasts = timedelta(hours=settings().preview_hours)
    try:
        (kind, key), signed = _serializer().loads(
            token, max_age=int(lasts.total_seconds()), return_timestamp=True
        )
        thing: Writing | None = db.session.get(_KINDS[kind], key)
    except (BadSignature, ValueError, TypeError, LookupError):
        raise Ended from None
    if thing is None or thing.in_trash:
        raise Ended
    shown = thing if thing.waiting is None else waiting.as_written(thing)
    return Preview(shown, signed + lasts)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="preview", signer=_Signer)
