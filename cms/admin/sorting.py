"""Lists that people sort by hand: a handle on each row, to be dragged or moved by keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from flask import flash, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _

from cms.admin.base import QsModelView, expose, needs
from cms.admin.listing import Listing
from cms.editorial import order
from cms.editorial.order import MovedMeanwhile
from cms.errors import CmsError
from cms.refusals import wants_json


class Sortable(QsModelView):
    """A list in an order that people make, where `sortable` names the column that keeps it.

    The column holds whole numbers with gaps. Rows can be moved while the list shows all of
    them in their own order. Such a list is short: all of it is read to move one row.
    """

    sortable: ClassVar[str | None] = None

    def _get_default_order(self) -> Iterator[tuple[Any, list[Any], bool]]:
        if self.sortable and not self.column_default_sort:
            yield getattr(self.model, self.sortable), [], False
        else:
            yield from super()._get_default_order()

    def in_order(self) -> Sequence[Any]:
        """Return all rows in their order."""
        column = getattr(self.model, str(self.sortable))
        return self.get_query().order_by(column, self._pk_column.desc()).all()

    def can_be_moved(self, listing: Listing) -> bool:
        """Tell whether the person may move the rows of a page of this list as it is shown."""
        whole = listing.tab is None or listing.tab.criterion is None
        by_hand = listing.args.sort is None and not listing.narrowed
        return bool(self.sortable) and whole and by_hand and self.offers("move")

    @expose("/move", methods=("POST",))
    @needs("edit")
    def move(self) -> ResponseReturnValue:
        """Put the row `id` elsewhere: between the rows `above` and `below`, or `to` a place.

        `seen` is what its column held. `to` is `top`, `bottom`, `up`, `down`, or a number
        from 1, in `place` if `to` is `place`.
        """
        row = self.get_one(request.form.get("id", ""))
        rows = list(self.in_order())
        was, others = rows.index(row), [one for one in rows if one is not row]
        try:
            if request.form.get("seen") != str(getattr(row, str(self.sortable))):
                raise MovedMeanwhile
            place = self._place(others, was)
            order.put(row, others, place, str(self.sortable))
        except CmsError as error:
            return self._not_moved(error)
        if place != was:
            self.record_change("move", row, {"place": [was + 1, place + 1]})
        return self._moved(row, place, [*others[:place], row, *others[place:]])

    def _place(self, others: list[Any], was: int) -> int:
        given = request.form
        named = {"top": 0, "bottom": len(others), "up": was - 1, "down": was + 1}
        if given.get("to") in named:
            return min(max(named[given["to"]], 0), len(others))
        if given.get("to") == "place":
            return order.place_numbered(others, given.get("place", "").strip())
        by_key = {str(self.get_pk_value(one)): one for one in others}
        above, below = by_key.get(given.get("above", "")), by_key.get(given.get("below", ""))
        unknown = [key for key in ("above", "below") if given.get(key) and given[key] not in by_key]
        if unknown or (above is None and below is None):
            raise MovedMeanwhile
        return order.place_between(others, above, below)

    def _moved(self, row: Any, place: int, rows: list[Any]) -> ResponseReturnValue:
        words = _(
            "“%(name)s” is now number %(place)s of %(count)s.",
            name=self.name_of(row),
            place=format_decimal(place + 1),
            count=format_decimal(len(rows)),
        )
        if not wants_json():
            flash(words, "success")
            return self.back()
        seen = {str(self.get_pk_value(one)): getattr(one, str(self.sortable)) for one in rows}
        return jsonify(words=words, place=place + 1, seen=seen)

    def _not_moved(self, error: CmsError) -> ResponseReturnValue:
        if not wants_json():
            self.refuse(error)
            return self.back()
        words = _(error.sentence, **error.facts)
        if not isinstance(error, MovedMeanwhile):
            return jsonify(error=words), 422
        flash(words, "warning")  # the script shows the list anew, and with it this
        return jsonify(error=words), 409
