"""Which rows may be ticked, on the page and on the server.

    tick_rule = TickRule(
        lambda job: None if job.ended else _("It is still running."), Job.state.in_(ENDED)
    )

A row that may not be ticked says why at its box. One that is sent all the same is left
alone, in words, and the others are dealt with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import abort, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select

from cms.admin.base import MOST_ROWS_AT_ONCE
from cms.admin.bulk import Bulk
from cms.jobs.selections import Act

MOST_NAMED = 3


@dataclass(frozen=True)
class TickRule:
    """Which rows may be ticked: those for which `refusal`, given the row, returns nothing.

    What it returns is told to people. `criterion` says the same to the database; without
    it nothing can be done to everything that matches.
    """

    refusal: Callable[[Any], str | None]
    criterion: Any = None


class TickRules(Bulk):
    """A list whose `tick_rule` says which rows may be ticked."""

    tick_rule: ClassVar[TickRule | None] = None

    def tick_refusal(self, row: Any) -> str | None:
        """Return why `row` may not be ticked, None if it may."""
        return self.tick_rule.refusal(row) if self.tick_rule else None

    def for_everything(self, names: Iterable[str]) -> set[str]:
        """Return which bulk buttons take everything: none where the database knows no rule."""
        return set() if self._only_told_by_row else super().for_everything(names)

    def tickable(self, ids: list[str]) -> list[str]:
        """Return those of `ids` that may be ticked, and say of the others why they may not."""
        if self.tick_rule is None:
            return ids
        ids = ids[:MOST_ROWS_AT_ONCE]
        keys = [self._key(given) for given in ids]
        rows = self.get_query().filter(self._pk_column.in_(keys)).all()
        refused = {
            str(self.get_pk_value(row)): (self.name_of(row), why)
            for row in rows
            if (why := self.tick_refusal(row))
        }
        _tell(list(refused.values()))
        return [given for given in ids if str(self._key(given)) not in refused]

    def _everything(self) -> tuple[Select[Any], str]:
        if self._only_told_by_row:
            abort(400)
        return super()._everything()

    def _begin(
        self, act: Act, keys: Select[Any], whence: str, options: dict[str, Any] | None = None
    ) -> ResponseReturnValue:
        rule = self.tick_rule
        if rule is not None and rule.criterion is not None:
            keys = keys.where(rule.criterion)
        return super()._begin(act, keys, whence, options)

    @property
    def _only_told_by_row(self) -> bool:
        return self.tick_rule is not None and self.tick_rule.criterion is None


def _tell(refused: Sequence[tuple[str, str]]) -> None:
    for name, why in refused[:MOST_NAMED]:
        flash(_("“%(name)s” was left alone: %(why)s", name=name, why=why), "warning")
    more = len(refused) - MOST_NAMED
    if more > 0:
        words = ngettext("%(num)d more was left alone.", "%(num)d more were left alone.", more)
        flash(words, "warning")
