"""Where something is used, and so is not deleted: said in its list, and on its page."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import g
from flask_babel import gettext as _

from cms.admin import subjects
from cms.admin.access import person
from cms.admin.lists import QsListView
from cms.media.usage import MOST_USES_SHOWN, StillUsed, Usage
from cms.paging import Page


def refusal_to_delete(thing: Any) -> str | None:
    """Return why a thing of this page of the list is not deleted, None if it can be."""
    uses = g.get("uses", {}).get(thing.id)
    if not uses:
        return None
    refused = StillUsed.of(thing, uses, person())
    return _(refused.sentence, **refused.facts)


class WithUses(QsListView):
    """A list of things that others use."""

    uses: ClassVar[Usage]

    def _page(self, *args: Any) -> Page:
        page = super()._page(*args)
        g.uses = self.uses.uses_of([row.id for row in page.rows])
        return page

    def uses_of(self, thing: Any) -> list[Any]:
        """Return where a thing is used, as links or as plain words; the first ones of many."""
        uses = self.uses.uses_of([thing.id], MOST_USES_SHOWN + 1).get(thing.id, [])
        subjects.look_up((use.kind, str(use.id)) for use in uses)
        shown = [
            subjects.link(use.kind, str(use.id))
            if use.kind in subjects.KINDS or not use.shown_to(person())
            else use.title
            for use in uses[:MOST_USES_SHOWN]
        ]
        return [*shown, "…"] if len(uses) > MOST_USES_SHOWN else shown
