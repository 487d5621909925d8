"""One page of a list, as its template shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_admin.model.base import ViewArgs
from flask_babel import format_decimal

# Counting further than anybody turns pages would cost more than the page itself.
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Tab:
    """A part of the list, counted. Without `criterion` it is the whole list.

    `empty` says what an empty tab means, and what to do.
    """

    key: str
    label: Any
    criterion: Any = None
    empty: Any = None


@dataclass
class Listing:
    """One page of a list: its rows, and how many there are in each tab."""

    rows: Sequence[Any]
    args: ViewArgs
    tab: Tab | None
    counts: dict[str, int]
    size: int

    @property
    def count(self) -> int:
        """Rows of the current tab, under the current search; `MOST_COUNTED` if `more`."""
        return min(self._counted, MOST_COUNTED)

    @property
    def more(self) -> bool:
        """Whether there are more rows than were counted."""
        return self._counted > MOST_COUNTED

    @property
    def pages(self) -> int:
        """Number of pages; where there are `more`, of those that one can turn to from here."""
        known = max(1, -(-self.count // self.size))
        if not self.more:
            return known
        return max(known, self.args.page + 1 + (len(self.rows) == self.size))

    @property
    def first(self) -> int:
        """Number of the first row on this page, from 1; 0 if there is none."""
        return self.args.page * self.size + 1 if self.rows else 0

    @property
    def narrowed(self) -> bool:
        """Whether a search or filter hides rows."""
        return bool(self.args.search or self.args.filters)

    @property
    def count_in_words(self) -> str:
        """The count as it is shown: `312`, or `10,000+`."""
        return in_words(self._counted)

    def tab_count_in_words(self, tab: Tab) -> str:
        """Return how many rows a tab has, as it is shown."""
        return in_words(self.counts[tab.key])

    def near_pages(self) -> list[int | None]:
        """Return the pages to link to, from 0; None stands for a gap.

        The last one is among them only where it is known.
        """
        here, last = self.args.page, self.pages - 1
        near = {0, *range(max(0, here - 2), min(last, here + 2) + 1)}
        if not self.more:
            near.add(last)
        pages: list[int | None] = []
        for page in sorted(near):
            if pages and pages[-1] is not None and page - pages[-1] > 1:
                pages.append(None)
            pages.append(page)
        return pages

    @property
    def _counted(self) -> int:
        return self.counts[self.tab.key if self.tab else ""]


def in_words(count: int) -> str:
    """Return a count that stopped one after `MOST_COUNTED`, with the reader's separators."""
    return f"{format_decimal(min(count, MOST_COUNTED))}{'+' if count > MOST_COUNTED else ''}"
