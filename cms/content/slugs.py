"""Slugs: what stands for a title in an address.

Chinese signs stay as they are: 运河边的老茶馆. Browsers show them, search engines read
them, and who copies the address still sees what it is about. Pinyin would say of 重庆
now chongqing, now zhongqing, since a sign is read by its context, and it cannot be
searched in either script.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice

from slugify import slugify

from cms.content.errors import AtField
from cms.content.models import LONGEST_SLUG
from cms.errors import N_

# First parts of addresses that belong to something else than a page.
RESERVED = frozenset({"articles", "categories", "tags", "search", "feed", "preview"})

# Given slugs, returns those of them that others have, as those others write them: a
# database may take é for e.
Taken = Callable[[Sequence[str]], Iterable[str]]

# How many are asked about at once, then how many times as many.
_FIRST, _MORE = 40, 25


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


def choose(title: str, or_else: str, taken: Taken) -> str:
    """Return a free slug for a title: numbered, if others have the same."""
    return _free(slug_from(title, or_else), taken)


def check(slug: str, or_else: str, taken: Taken) -> str:
    """Return a slug that a person typed. Raises `SlugInvalid` and `SlugTaken`, each with one
    that would do."""
    slug = slug.strip().lower()
    proper = slug_from(slug, or_else)
    if slug != proper:
        raise SlugInvalid(free=_free(proper, taken))
    if next(iter(taken([slug])), None) is not None:
        raise SlugTaken(slug=slug, free=_free(slug, taken))
    return slug


def _free(slug: str, taken: Taken) -> str:
    for candidates in _batches(_numbered(slug)):
        others = {_folded(other) for other in taken(candidates)}
        free = (one for one in candidates if _folded(one) not in others)
        if (found := next(free, None)) is not None:
            return found
    raise AssertionError("numbers do not end")


def _batches(slugs: Iterator[str]) -> Iterator[list[str]]:
    size = _FIRST
    while True:
        yield list(islice(slugs, size))
        size *= _MORE


def _folded(slug: str) -> str:
    """Return what is the same for slugs that some database takes for one."""
    signs = unicodedata.normalize("NFKD", slug.casefold())
    return "".join(sign for sign in signs if not unicodedata.combining(sign))


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    for number in count(2):
        ending = f"-{number}"
        yield slug[: LONGEST_SLUG - len(ending)].rstrip("-") + ending
