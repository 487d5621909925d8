"""Slugs: what stands for a title in an address.

Chinese signs stay as they are: 运河边的老茶馆. Browsers show them, search engines read
them, and who copies the address still sees what it is about. Pinyin would say of 重庆
now chongqing, now zhongqing, since a sign is read by its context, and it cannot be
searched in either script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from slugify import slugify

from cms.content.errors import AtField
from cms.content.models import LONGEST_SLUG
from cms.errors import N_

# First parts of addresses that belong to something else than a page.
RESERVED = frozenset({"articles", "categories", "tags", "search", "feed", "preview"})

IsTaken = Callable[[str], bool]


class SlugTaken(AtField):
    """Another of that kind and language has it."""

    sentence = N_("“%(slug)s” is taken. “%(free)s” is free.")
    field = "slug"


class SlugInvalid(AtField):
    """It would not be one part of an address."""

    sentence = N_("Only letters, digits and single hyphens can stand here, such as “%(free)s”.")
    field = "slug"


def slug_from(title: str, or_else: str) -> str:
    """Return a slug of a title; `or_else`, such as `article`, where it has no letter."""
    return (
        slugify(title, allow_unicode=True, max_length=LONGEST_SLUG, word_boundary=True) or or_else
    )


def choose(title: str, or_else: str, is_taken: IsTaken) -> str:
    """Return a free slug for a title: numbered, if others have the same."""
    return _free(slug_from(title, or_else), is_taken)


def check(slug: str, or_else: str, is_taken: IsTaken) -> str:
    """Return a slug that a person typed. Raises `SlugInvalid` and `SlugTaken`, each with one
    that would do."""
    slug = slug.strip().lower()
    proper = slug_from(slug, or_else)
    if slug != proper:
        raise SlugInvalid(free=_free(proper, is_taken))
    if is_taken(slug):
        raise SlugTaken(slug=slug, free=_free(slug, is_taken))
    return slug


def _free(slug: str, is_taken: IsTaken) -> str:
    return next(candidate for candidate in _numbered(slug) if not is_taken(candidate))


def _numbered(slug: str) -> Iterable[str]:
    yield slug
    for number in count(2):
        ending = f"-{number}"
        yield slug[: LONGEST_SLUG - len(ending)].rstrip("-") + ending
