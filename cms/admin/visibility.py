"""Who may see which column: one that a role may not see is nowhere for it.

    column_needs = {"cost": "see_cost", "owner.email": "edit"}

Whoever may not do such an act to things of this kind finds the column neither in the
list nor among the details, in an export, a form or a search item, and can neither
sort nor search by it. Numbers of columns in an address mean the same for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from flask import abort, has_request_context, request
from flask.typing import ResponseReturnValue

from cms.accounts.policy import may
from cms.admin import filters
from cms.admin.base import QsModelView, expose

Column = tuple[Any, Any]


class _Seen:
    """The columns that the person may see, of those that Flask-Admin keeps under a name."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._kept = f"all{name}"

    def __set__(self, view: Visibility, columns: list[Column]) -> None:
        setattr(view, self._kept, columns)

    def __get__(self, view: Visibility | None, _owner: type | None = None) -> Any:
        if view is None:
            return self
        kept: list[Column] = getattr(view, self._kept)
        return [it for it in kept if view.may_see(it[0])] if view.column_needs else kept


class Visibility(QsModelView):
    """A list, details, forms and an export that hold the columns that the person may see."""

    column_needs: ClassVar[Mapping[str, str]] = {}

    _list_columns = _Seen()
    _details_columns = _Seen()
    _export_columns = _Seen()
    all_list_columns: list[Column]

    def may_see(self, name: Any) -> bool:
        """Tell whether the person sees a column. Outside a request nobody sees one that is kept."""
        action = self.column_needs.get(str(getattr(name, "key", name)))
        return action is None or (has_request_context() and self.allowed(action))

    def may_export_column(self, name: Any, by: Any) -> bool:
        """Tell whether `by`, an account, finds a column in a file that a job writes."""
        action = self.column_needs.get(str(name))
        return action is None or may(by, action, self.kind)

    def column_number(self, name: str) -> int:
        """Return the number of a column in an address."""
        return [str(it) for it, _words in self.all_list_columns].index(str(name))

    def _get_column_by_idx(self, idx: int | None) -> Column | None:
        if idx is None or not 0 <= idx < len(self.all_list_columns):
            return None
        column = self.all_list_columns[idx]
        return column if self.may_see(column[0]) else None

    def is_sortable(self, name: str) -> bool:
        """Tell whether the person may sort by a column."""
        return bool(super().is_sortable(name)) and self.may_see(name)

    def searched_columns(self) -> list[Any]:
        """Return the columns in which the person's words are searched."""
        return [it for it in self.column_searchable_list or () if self.may_see(it)]

    def filters_seen(self) -> Iterator[tuple[int, Any]]:
        """Return number and filter of the search items that the person sees."""
        return (
            (number, flt)
            for number, flt in enumerate(self._filters or ())
            if self.may_see(filters.column_of(flt))
        )

    def create_form(self, obj: Any = None) -> Any:
        """Make the form for a new row."""
        return self._seen_of(super().create_form(obj))

    def edit_form(self, obj: Any = None) -> Any:
        """Make the form of a row."""
        return self._seen_of(super().edit_form(obj))

    def list_form(self, obj: Any = None) -> Any:
        """Make the form of what is edited in the list."""
        return self._seen_of(super().list_form(obj))

    def _seen_of(self, form: Any) -> Any:
        for name in self.column_needs:
            if name in form and not self.may_see(name):
                del form[name]
        return form

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> ResponseReturnValue:
        """Answer the search of a relation's field, if the person sees the field."""
        if not self.may_see(request.args.get("name", "")):
            abort(404)
        return super().ajax_lookup()
