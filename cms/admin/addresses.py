"""Where the pages of a list are: one address says what is shown, so that it can be shared."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import g
from flask_admin.model.base import ViewArgs

from cms.admin.remembered import Remembering

_PLAIN = "!$'()*,/:;?@"  # as Werkzeug has it


class Addressed(Remembering):
    """A list whose page, tab, search, filters, order and columns are in its address."""

    def _filter_name(self, index: int, flt: Any) -> str:
        return f"flt{index}_{self.get_filter_arg(index, flt)}"

    def _get_filters(self, filters: Any) -> dict[str, str]:
        return {
            self._filter_name(index, self._filters[index]): value
            for index, _name, value in filters or ()
        }

    def _get_list_url(self, view_args: ViewArgs, endpoint: str = ".index_view") -> str:
        size = self.get_safe_page_size(view_args.page_size)
        says = {
            **view_args.extra_args,
            **self._get_filters(view_args.filters),
            "search": view_args.search or None,
            "sort": view_args.sort,
            "desc": 1 if view_args.sort_desc else None,
            "page": view_args.page or None,
            "at": getattr(view_args, "at", None) if view_args.page else None,
            "page_size": size if size != self.usual_size else None,
        }
        # A page asks for thirty; all begin alike.
        starts: dict[tuple[str, str], str] = g.setdefault("list_starts", {})
        start = starts.get((self.endpoint, endpoint)) or self.get_url(endpoint)
        starts[self.endpoint, endpoint] = start
        query = urlencode({k: v for k, v in says.items() if v is not None}, safe=_PLAIN)
        return f"{start}?{query}" if query else start

    def _sort_url(self, args: ViewArgs, column: int) -> str:
        name, descending = self.shown_sort(args)
        turn = name == str(self.all_list_columns[column][0]) and not descending
        return self._get_list_url(args.clone(page=0, sort=column, sort_desc=1 if turn else None))
