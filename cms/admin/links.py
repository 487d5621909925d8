"""The links in what is live: where they lead, whether that is there, and who leads there."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import current_app, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from cms.admin import columns, subjects
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.listing import Listing
from cms.admin.lists import QsListView, RowButton, Tab
from cms.content import menus
from cms.content.links import Link, LinkState, LinkUse
from cms.content.models import Article, Menu, Page, Writing
from cms.editorial import content, links
from cms.look import lazy as _l

STATES = {
    LinkState.NEW: State(_l("Not looked at yet"), "wait", "clock"),
    LinkState.GOOD: State(_l("Good"), "ok", "circle-check"),
    LinkState.FAILING: State(_l("Does not answer"), "wait", "alert-triangle"),
    LinkState.DEAD: State(_l("Dead"), "bad", "alert-triangle"),
    LinkState.UNKNOWN: State(_l("Not looked at"), "off", "ban"),
}
MOST_USES = 5


def where(_view: Any, _context: Any, link: Link, _name: str) -> Markup:
    """Draw the address, so that it can break; it opens beside the list."""
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(
        link.url, columns.breakable(link.url)
    )


def state(_view: Any, _context: Any, link: Link, _name: str) -> Markup:
    """Draw how a link is, and why."""
    badge = columns.badge(STATES[link.state])
    if not link.sentence:
        return badge
    return columns.with_reason(badge, _(link.sentence, **_facts(link)))


def _facts(link: Link) -> dict[str, Any]:
    """Return what the sentence of a link tells: the title of what it leads to only to who may
    see that."""
    facts = dict(link.facts or {})
    if "title" in facts:
        facts["title"] = subjects.title_of(facts.get("kind"), str(facts.get("id"))) or link.url
    return facts


def used_in(_view: Any, _context: Any, link: Link, _name: str) -> Markup:
    """Draw the texts, menus and redirects that lead there, the first few by name."""
    leading = [it for use in link.uses if (it := use.leading) is not None]
    shown = [_to(it) for it in list(filter(_sees, leading))[:MOST_USES]]
    if further := len(leading) - len(shown):
        shown.append(Markup("{}").format(_("and %(count)s more", count=further)))
    return Markup("<br>").join(shown) if shown else columns.EMPTY


def _sees(it: Any) -> bool:
    """Tell whether the person may see what leads somewhere: a text may be live no more."""
    return not isinstance(it, Writing) or content.sees(person(), it)


def _to(it: Any) -> Markup:
    page, title, asked = f"{it.__tablename__}.edit_view", str(it), {"id": it.id}
    if isinstance(it, Menu):
        page, title = "menu.edit", _(menus.MENUS.get(it.name, it.name))
        asked = {"name": it.name, "language": it.language}
    if page not in current_app.view_functions:
        return Markup("<bdi>{}</bdi>").format(title)
    return Markup('<a href="{}"><bdi>{}</bdi></a>').format(url_for(page, **asked), title)


class LinkView(QsListView):
    """The links, the dead ones first to be mended."""

    kind, icon = "link", "link"
    can_create = can_edit = can_delete = False
    state_column = "state"
    name_column = "url"

    column_list = ("url", "uses", "state", "failing_since", "checked_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "url": _l("Address"),
        "uses": _l("Used in"),
        "state": _l("Status"),
        "failing_since": _l("Failing since"),
        "checked_at": _l("Looked at"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "url": columns.as_cell("words", where),
        "uses": columns.as_cell("words", used_in),
        "state": state,
        "failing_since": columns.moment,
        "checked_at": columns.moment,
    }
    column_sortable_list = ("failing_since", "checked_at")
    column_default_sort = ("id", True)
    column_searchable_list = ("url",)
    empty_words = _l("Links are found once a week, in what is live.")
    loads = (
        selectinload(Link.uses).options(
            selectinload(LinkUse.article).load_only(
                Article.id, Article.title, Article.owner_id, Article.state
            ),
            selectinload(LinkUse.page).load_only(Page.id, Page.title, Page.owner_id, Page.state),
            selectinload(LinkUse.menu),
            selectinload(LinkUse.redirect),
        ),
    )
    tabs = (
        Tab("dead", _l("Dead"), Link.state == LinkState.DEAD, empty=_l("No link is dead.")),
        Tab("failing", _l("Do not answer"), Link.state == LinkState.FAILING),
        Tab("good", _l("Good"), Link.state == LinkState.GOOD),
        Tab("all", _l("All"), empty=_l("Links are found once a week, in what is live.")),
    )
    row_buttons = (
        RowButton(
            _l("Look again"),
            "refresh",
            ".again",
            post=True,
            shown=lambda link: link.state is not LinkState.NEW,
        ),
    )

    def listing(self, args: Any) -> Listing:
        """Look up the titles of all that the links of a page lead to at once."""
        found = super().listing(args)
        told = (link.facts for link in found.rows if link.facts)
        subjects.look_up((it.get("kind"), str(it.get("id"))) for it in told)
        return found

    @expose("/again", methods=("POST",))
    @needs("edit")
    def again(self) -> ResponseReturnValue:
        """Let a link be looked at once more."""
        return self.do_to_posted(links.check_again, _("It is looked at in a minute."))
