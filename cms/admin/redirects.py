"""The redirects: addresses where nothing is any more, and where they lead now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import g
from flask_admin.form import BaseForm
from flask_babel import gettext as _
from markupsafe import Markup
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from cms.admin import columns
from cms.admin.access import person
from cms.admin.columns import State
from cms.admin.lists import DELETE, EDIT, QsListView, RowButton, Tab
from cms.content import redirects
from cms.content.models import LONGEST_ADDRESS, Redirect
from cms.editorial import shelves
from cms.look import lazy as _l
from cms.paging import Page

LOST = State(_l("Leads nowhere"), "bad", "alert-triangle")
HIDDEN = State(_l("Not live"), "wait", "clock")


class TargetForm(BaseForm):
    """Where a redirect leads."""

    target = StringField(
        _l("Leads to"),
        [DataRequired(), Length(max=LONGEST_ADDRESS)],
        description=_l("An address of this site, such as /en/about, or one with https://."),
    )


class RedirectForm(BaseForm):
    """A new redirect."""

    source = StringField(
        _l("Old address"),
        [DataRequired(), Length(max=LONGEST_ADDRESS)],
        description=_l("An address of this site where nothing is, such as /old/page."),
    )
    target = StringField(
        _l("Leads to"),
        [DataRequired(), Length(max=LONGEST_ADDRESS)],
        description=_l("An address of this site, such as /en/about, or one with https://."),
    )


def source(_view: Any, _context: Any, row: Redirect, _name: str) -> Markup:
    """Draw the address that people come by."""
    return Markup("<code>{}</code>").format(row.source)


def leads_to(_view: Any, _context: Any, row: Redirect, _name: str) -> Markup:
    """Draw where it leads now, and whether anything is to be seen there."""
    end = g.get("ends", {}).get(row.id)
    if end is None:
        return columns.badge(LOST)
    shown = Markup('<a href="{0}">{1}</a>').format(end.address, columns.breakable(end.address))
    if end.title:
        shown += Markup('<div class="reason">{}</div>').format(end.title)
    return shown + columns.badge(HIDDEN) if end.live is False else shown


class RedirectView(QsListView):
    """All redirects; many are brought in from a file."""

    kind, icon = "redirect", "arrow-guide"
    form = RedirectForm
    state_column = None
    name_column = "source"
    can_export = True
    column_export_list = ("id", "source", "target", "made_at", "uses", "used_at")
    import_columns = ("source", "target")
    column_list = ("source", "target", "by_hand", "uses", "used_at", "made_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "source": _l("Old address"),
        "target": _l("Leads to"),
        "by_hand": _l("Why"),
        "made_at": _l("Made"),
        "uses": _l("Times used"),
        "used_at": _l("Last used"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "source": source,
        "target": leads_to,
        "by_hand": lambda _v, _c, row, _n: (
            _("Made by hand") if row.by_hand else _("Something moved")
        ),
        "made_at": columns.moment,
        "uses": columns.number,
        "used_at": columns.moment,
    }
    column_sortable_list = ("source", "uses", "used_at", "made_at")
    column_default_sort = ("id", True)
    column_searchable_list = ("source", "target")
    tabs = (
        Tab("all", _l("All"), empty=_l("No redirect yet. What moves leaves one by itself.")),
        Tab("by-hand", _l("Made by hand"), Redirect.by_hand.is_(True)),
        Tab("moved", _l("Something moved"), Redirect.by_hand.is_(False)),
    )
    row_buttons: ClassVar[Sequence[RowButton]] = (EDIT, DELETE)

    def get_edit_form(self) -> type[BaseForm]:
        """Return the form of one that is there: only where it leads is changed."""
        return TargetForm

    def _page(self, *args: Any) -> Page:
        page = super()._page(*args)
        g.ends = redirects.ends(page.rows)
        return page

    def make(self, form: Any) -> Redirect:
        """Let an address lead to another."""
        return shelves.add_redirect(person(), form.source.data, form.target.data)

    def change(self, form: Any, model: Redirect) -> None:
        """Let it lead elsewhere."""
        shelves.turn_redirect(model, person(), form.target.data)

    def _delete(self, model: Redirect) -> None:
        shelves.remove_redirect(model, person())

    def name_of(self, row: Redirect) -> str:
        """Return the address that it is at."""
        return row.source
