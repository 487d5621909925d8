"""A list as a tree whose rows are moved in it: dragged, or by Alt and the arrow keys.

    class PageView(Placed, QsListView):
        column_list = ("place", "title", …)
        column_formatters = {"place": handle, "title": columns.tree(Page.parent_id, Page.position)}

        def put(self, row, **where):
            pages.move(row, person(), **where)

`put` is given `to`, one of `up`, `down`, `in` and `out`, or `parent_id` and `position`.
"""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from cms.admin import columns
from cms.admin.access import whole_number
from cms.admin.base import expose, needs
from cms.admin.lists import QsListView
from cms.errors import CmsError
from cms.look import icon
from cms.look import lazy as _l
from cms.refusals import wants_json

STEPS = ("up", "down", "in", "out")


def _handle(view: Placed, _context: Any, row: Any, _name: str) -> Markup:
    """Draw what a row is moved by, where it can be moved."""
    if not view.can_be_placed():
        return columns.EMPTY
    return Markup(
        '<button type="button" class="row-button handle needs-script" data-tree-handle'
        ' data-level="{}" data-parent="{}" aria-describedby="tree-hint" title="{}"'
        ' aria-label="{}: {}">{}</button>'
    ).format(
        getattr(row, "tree_level", 0),
        row.parent_id or "",
        _("Move"),
        _("Move"),
        view.name_of(row),
        icon("grip-vertical"),
    )


handle = columns.as_cell("handle", _handle)


class Placed(QsListView):
    """A tree that is put in order on its list."""

    list_template = "admin/model/placed.html"
    page_size = 100

    def put(self, row: Any, **where: Any) -> None:
        """Move a row. What cannot be is raised as a `CmsError`."""
        raise NotImplementedError

    def can_be_placed(self) -> bool:
        """Tell whether the person may move rows of the list as it is shown: as a whole tree."""
        asked = request.args
        narrowed = any(key == "search" or key.startswith("flt") for key in asked if asked[key])
        return not narrowed and not asked.get("sort") and self.offers("place")

    @expose("/place", methods=("POST",))
    @needs("edit")
    def place(self) -> ResponseReturnValue:
        """Put the row `id` elsewhere: one step `to`, or below `parent` at `position`."""
        row = self.get_one(request.form.get("id", ""))
        try:
            with self.db_session.begin_nested():
                self.put(row, **self._where())
        except CmsError as error:
            words = _(error.sentence, **error.facts)
            if wants_json():
                return jsonify(error=words), 422
            flash(words, "warning")
            return self.back()
        words = _("“%(name)s” was moved.", name=self.name_of(row))
        if wants_json():
            return jsonify(words=words)
        flash(words, "success")
        return self.back()

    def _where(self) -> dict[str, Any]:
        if (to := request.form.get("to")) in STEPS:
            return {"to": to}
        return {
            "parent_id": whole_number(request.form.get("parent")),
            "position": whole_number(request.form.get("position")) or 1,
        }

    def mark_of(self, row: Any) -> str:
        """Return what must differ for a row to be drawn anew: also where it stands."""
        return f"{super().mark_of(row)} {row.parent_id} {row.path} {row.title}"


HANDLE_LABEL = _l("Order")
