"""Putting one row of a list that is sorted by hand into another place.

Rows keep numbers with gaps between them, so that only the row that is moved changes;
where a gap is used up, all rows get new numbers. Callers commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cms.errors import N_, CmsError
from cms.extensions import db

GAP = 1024


class MovedMeanwhile(CmsError):
    """The rows do not stand any more as the person saw them."""

    sentence = N_("Somebody else moved rows meanwhile. The list is shown as it is now.")


class NoSuchPlace(CmsError):
    """A place that is no number, or not in the list."""

    sentence = N_("Give a place from 1 to %(count)s.")


def place_between(others: Sequence[Any], above: Any, below: Any) -> int:
    """Return the place among `others`, from 0, that lies below one row and above the next.

    Either may be None where it is not known. Raises `MovedMeanwhile` if there is
    another row between them now.
    """
    place = others.index(above) + 1 if above is not None else others.index(below)
    neighbour = others[place] if place < len(others) else None
    if below is not None and below is not neighbour:
        raise MovedMeanwhile
    return place


def place_numbered(others: Sequence[Any], words: str) -> int:
    """Return the place, from 0, that somebody wrote as a number from 1. Raises `NoSuchPlace`."""
    count = len(others) + 1
    if not (words.isascii() and words.isdigit() and 1 <= int(words[:9]) <= count):
        raise NoSuchPlace(count=count)
    return int(words) - 1


def put(row: Any, others: Sequence[Any], place: int, column: str) -> None:
    """Give `row` a number in `column` that puts it at that place among `others`, in order."""
    low = getattr(others[place - 1], column) if place else None
    high = getattr(others[place], column) if place < len(others) else None
    number = _between(low, high)
    if number is not None:
        setattr(row, column, number)
    else:
        for at, one in enumerate([*others[:place], row, *others[place:]], 1):
            setattr(one, column, at * GAP)
            db.session.add(one)
    db.session.flush()


def _between(low: int | None, high: int | None) -> int | None:
    if low is None or high is None:
        return GAP if low is high else low + GAP if low is not None else (high or 0) - GAP
    middle = (low + high) // 2
    return middle if low < middle < high else None
