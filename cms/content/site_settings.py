"""What an administrator sets for the whole site while it runs.

    class SiteSettings(BaseModel):
        articles_per_page: int = Field(12, ge=1, le=100, description=N_("…"))

    site_settings.read().articles_per_page
    site_settings.write(by, articles_per_page=20)

Each key is declared here, with its type and its default. What an operator sets, before
anything runs, is in `cms.config`.
"""

from __future__ import annotations

import logging
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select

from cms import clock
from cms.accounts.models import User
from cms.content.errors import AtField
from cms.content.models import SiteSetting
from cms.errors import N_
from cms.extensions import db

logger = logging.getLogger(__name__)


class SiteSettings(BaseModel):
    """The keys. Texts that readers see are kept for each language."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: dict[str, str] = Field(
        {},
        title=N_("Name of the site"),
        description=N_("Stands at the top of each page, and in the title of the window."),
    )
    tagline: dict[str, str] = Field(
        {},
        title=N_("Tagline"),
        description=N_("What the site is about, in a few words."),
    )
    articles_per_page: int = Field(
        12,
        ge=1,
        le=100,
        title=N_("Articles on one page of a list"),
        description=N_("On the front page, and on those of categories and tags."),
    )
    cover_needed: bool = Field(
        default=False,
        title=N_("An article is published only with a cover"),
        description=N_("What is live already stays live."),
    )


class UnknownKey(LookupError):
    """No such setting is declared: a mistake of the program."""


class WrongValue(AtField):
    """It is not of the kind, or out of the range, that is declared."""

    sentence = N_("This value cannot be used here.")

    def __init__(self, key: str) -> None:
        self.field = key
        super().__init__()


def read() -> SiteSettings:
    """Return all values as they are now.

    A value that an older version has left, and that this one cannot use, is the default.
    """
    kept = {row.key: row.value for row in db.session.scalars(select(SiteSetting))}
    usable = {key: value for key, value in kept.items() if _is_usable(key, value)}
    if lost := kept.keys() - usable.keys():
        logger.warning("site settings that cannot be used: %s", ", ".join(sorted(lost)))
    return SiteSettings(**usable)


def write(by: User | None, **values: Any) -> list[tuple[SiteSetting, Any]]:
    """Set some of the values, and return each row that was changed, with the value before.

    Only what differs from its default is kept. Raises `UnknownKey`, and `WrongValue` with
    its key as the field; nothing is set then.
    """
    before = read()
    for key, value in values.items():
        if key not in SiteSettings.model_fields:
            raise UnknownKey(key)
        if not _is_usable(key, value):
            raise WrongValue(key)
    return [
        (_set(key, value, by), getattr(before, key))
        for key, value in values.items()
        if getattr(before, key) != value
    ]


def _set(key: str, value: Any, by: User | None) -> SiteSetting:
    row = db.session.get(SiteSetting, key) or SiteSetting(key=key)
    row.value, row.changed_at, row.changed_by_id = value, clock.now(), by.id if by else None
    if value != default_of(key):
        db.session.add(row)
    elif row in db.session:
        db.session.delete(row)
    db.session.flush()
    return row


def default_of(key: str) -> Any:
    """Return what a key is while nobody has set it."""
    return SiteSettings.model_fields[key].default


def _is_usable(key: str, value: Any) -> bool:
    try:
        SiteSettings(**{key: value})
    except ValidationError:
        return False
    return True
