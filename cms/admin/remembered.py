"""How a list is shown to one person: which columns, how many rows on a page, as what.

What the address says holds for that page; else what the person has chosen, which the
database remembers for each person and list; else what the list declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from flask import current_app, g, has_request_context, request
from flask_login import current_user

from cms.admin.access import person
from cms.admin.visibility import Visibility
from cms.views import services
from cms.views.models import ListChoice, SavedView

SCREEN = "saved_view"  # what an application without it shows is the same to everybody
LOOKS = ("table", "grid")


class Remembering(Visibility):
    """A list whose columns, page size and look each person chooses.

    `more_columns` can be chosen and are not shown until then.
    """

    name_column: ClassVar[str]
    more_columns: ClassVar[Sequence[str]] = ()

    @property
    def remembers(self) -> bool:
        """Whether there is somebody to remember anything for, and where."""
        return (
            has_request_context()
            and SCREEN in current_app.blueprints
            and bool(current_user.is_authenticated)
        )

    def kept(self) -> tuple[ListChoice, Sequence[SavedView]]:
        """Return what the person has chosen for this list, and the views of it that they see;
        asked for once a request."""
        known = g.get("kept_of_lists", {}) if has_request_context() else {}
        if self.endpoint in known:
            return known[self.endpoint]
        if not self.remembers:
            return ListChoice(), ()
        g.kept_of_lists = known
        return known.setdefault(self.endpoint, services.of_list(person(), self.endpoint))

    def choice(self) -> ListChoice:
        """Return what the person has chosen for this list."""
        return self.kept()[0]

    # Columns

    def get_list_columns(self) -> list[tuple[Any, str]]:
        """Return every column that can be shown, with its words; addresses count them."""
        names = [*(self.column_list or self.scaffold_list_columns()), *self.more_columns]
        return list(self.get_column_names(names, self.column_exclude_list))

    def offered_columns(self) -> list[tuple[str, Any]]:
        """Return the columns that the person may choose among, with their words."""
        return [(name, words) for name, words in self._list_columns]

    def shows(self, name: str) -> bool:
        """Tell whether a column is one of the list's that the person may see."""
        return name in dict(self.offered_columns())

    def with_name(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of `names` that are offered, each once; the name is always there."""
        offered = dict(self.offered_columns())
        found = [name for name in dict.fromkeys(names) if name in offered]
        if self.name_column in offered and self.name_column not in found:
            found.insert(0, self.name_column)
        return tuple(found)

    def declared_columns(self) -> tuple[str, ...]:
        """Return what is shown to somebody who has chosen nothing."""
        shown = [name for name, _words in self._list_columns if name not in self.more_columns]
        return self.with_name(shown)

    def usual_columns(self) -> tuple[str, ...]:
        """Return what is shown where the address does not say it."""
        chosen = self.choice().columns
        return self.with_name(chosen) if chosen else self.declared_columns()

    def shown_columns(self) -> tuple[str, ...]:
        """Return what is shown on this page."""
        asked = request.args.get("columns")
        return self.with_name(asked.split(",")) if asked else self.usual_columns()

    def columns_to_choose(self) -> list[tuple[str, Any, bool]]:
        """Return each offered column with its words and whether it is shown, these first."""
        words, shown = dict(self.offered_columns()), self.shown_columns()
        names = [*shown, *(name for name in words if name not in shown)]
        return [(name, words[name], name in shown) for name in names]

    # Rows on a page

    page_size: int

    @property
    def usual_size(self) -> int:
        """Rows on a page where the address does not say it."""
        chosen = self.choice().size
        return chosen if chosen and chosen in self.page_size_options else self.page_size

    def get_safe_page_size(self, page_size: int | None) -> int:
        """Return the page size that is asked for, if it is offered; else the usual one."""
        if page_size and self.can_set_page_size and page_size in self.page_size_options:
            return page_size
        return self.usual_size

    # Table or grid

    def picture_column(self) -> str | None:
        """Return the column whose picture a tile shows; without one there is no grid."""
        drawn = self.column_formatters or {}
        names = (name for name, _words in self.offered_columns())
        return next((n for n in names if getattr(drawn.get(n), "cell", "") == "picture"), None)

    def usual_look(self) -> str:
        """Return how the list looks where the address does not say it."""
        return LOOKS[1] if self.choice().look == LOOKS[1] and self.picture_column() else LOOKS[0]

    def shown_look(self) -> str:
        """Return how the list looks on this page."""
        asked = request.args.get("look")
        fits = asked == LOOKS[0] or (asked == LOOKS[1] and self.picture_column())
        return asked if asked and fits else self.usual_look()

    def unusual(self) -> dict[str, str]:
        """Return what the address must say so that this page is found again as it is."""
        found = {}
        if (names := self.shown_columns()) != self.usual_columns():
            found["columns"] = ",".join(names)
        if (look := self.shown_look()) != self.usual_look():
            found["look"] = look
        return found
