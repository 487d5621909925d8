"""One page of a list, as its template shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_admin.model.base import ViewArgs
from flask_babel import format_decimal

from cms.paging import Page

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


class AtLeast(int):
    """A count that stopped before the end."""


@dataclass
class Listing:
    """One page of a list: its rows, and how many there are in each tab."""

    rows: Sequence[Any]
    args: ViewArgs
    tab: Tab | None
    counts: dict[str, int]
    size: int
    page: Page = field(default_factory=lambda: Page(0, ()))

    def within(self, number: int) -> int:
        """Return the page to show for page `number`; of those from the end, where all rows
        were counted, the one from the beginning."""
        if self.more:
            return number
        return max(0, self.pages + number) if number < 0 else min(number, self.pages - 1)

    def show(self, page: Page) -> None:
        """Take in the rows of a page. If it is the last, all are counted now."""
        self.page, self.rows = page, page.rows
        if self.more and page.number >= 0 and page.ends:
            self.counts = {**self.counts, self._key: self._seen}

    def turned(self, number: int) -> ViewArgs:
        """Return what page `number` is asked for by, from here."""
        args = self.args.clone(page=number)
        args.at = self.page.anchor(number)
        return args

    @property
    def count(self) -> int:
        """Rows of the current tab, under the current search; if `more`, those known of."""
        return max(min(self._counted, MOST_COUNTED), self._seen) if self.more else self._counted

    @property
    def more(self) -> bool:
        """Whether there are more rows than were counted."""
        return isinstance(self._counted, AtLeast) or self._counted > MOST_COUNTED

    @property
    def from_end(self) -> bool:
        """Whether the page is one that was found from the end, and is so numbered."""
        return self.args.page < 0

    @property
    def pages(self) -> int:
        """Number of pages; where there are `more`, of those that one can turn to from here."""
        if self.from_end and self.more:
            return 0  # the last one is the one before
        known = max(1, -(-self.count // self.size))
        if not self.page.rows:
            return known
        return self.args.page + 1 if self.page.ends else max(known, self.args.page + 2)

    @property
    def first(self) -> int:
        """Number of the first row on this page, from 1, or of the last from the end; 0 if
        there is none."""
        return self._before + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Number of the last row on this page, or of the first from the end."""
        return self._before + len(self.rows)

    @property
    def narrowed(self) -> bool:
        """Whether a search or filter hides rows."""
        return bool(self.args.search or self.args.filters)

    @property
    def count_in_words(self) -> str:
        """The count as it is shown: `312`, or `10,000+`."""
        return f"{format_decimal(self.count)}{'+' if self.more else ''}"

    def tab_count_in_words(self, tab: Tab) -> str:
        """Return how many rows a tab has, as it is shown."""
        return in_words(self.counts[tab.key])

    def near_pages(self) -> list[int | None]:
        """Return the pages to link to, from 0; None stands for a gap.

        Where it is not known how many there are, the last one is -1.
        """
        here, last = self.args.page, self.pages - 1
        near = {0, *range(max(0, here - 2), min(last, here + 2) + 1)}
        if self.from_end:
            near = {*range(here - 2, min(-1, here + 2) + 1), -1}
        elif not self.more:
            near.add(last)
        pages: list[int | None] = [0, None] if self.from_end else []
        for page in sorted(near):
            if pages and pages[-1] is not None and page - pages[-1] > 1:
                pages.append(None)
            pages.append(page)
        beyond = self.more and not self.from_end and last > here
        return [*pages, None, -1] if beyond else pages

    @property
    def _key(self) -> str:
        return self.tab.key if self.tab else ""

    @property
    def _counted(self) -> int:
        return self.counts[self._key]

    @property
    def _seen(self) -> int:
        return self._before + len(self.rows)

    @property
    def _before(self) -> int:
        page = self.args.page
        return (page if page >= 0 else -page - 1) * self.size


def in_words(count: int) -> str:
    """Return a count with the reader's separators, and a plus if it stopped before the end."""
    more = isinstance(count, AtLeast) or count > MOST_COUNTED
    return f"{format_decimal(min(count, MOST_COUNTED))}{'+' if more else ''}"
