"""Saved views of lists: what a list makes of them, and the pages that keep them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_admin.model.base import ViewArgs
from flask_babel import format_decimal
from flask_babel import gettext as _

from cms.accounts.policy import may
from cms.admin import chips, keys
from cms.admin.access import Guarded, person, storable
from cms.admin.base import expose, needs
from cms.admin.listing import Listing
from cms.admin.remembered import LOOKS, SCREEN, Remembering
from cms.edge import inner_target
from cms.editorial import views
from cms.errors import CmsError
from cms.look import labelled
from cms.views import services
from cms.views.models import SavedView

NONE = "none"  # the view of somebody who has a default one and wants the list without
MOST_DIGITS = 8


class Viewed(Remembering):
    """A list that can be found again as it was: views, chips, and the page with a number."""

    def views(self) -> Sequence[SavedView]:
        """Return the views of this list that the person sees."""
        return self.kept()[1]

    def current_view(self) -> SavedView | None:
        """Return the view that this page began with, if the person sees it."""
        asked = request.args.get("view")
        return next((view for view in self.views() if str(view.id) == asked), None)

    def default_view(self) -> SavedView | None:
        """Return the view that opens with the list."""
        chosen = self.choice().view_id
        return next((view for view in self.views() if view.id == chosen), None)

    def shown_args(self) -> dict[str, str]:
        """Return what the address says beside the rows that are shown."""
        found = self.unusual()
        if view := self.current_view():
            found["view"] = str(view.id)
        elif self.default_view():
            found["view"] = NONE
        return found

    def leads_elsewhere(self, args: ViewArgs) -> str | None:
        """Return where the list opens instead: at a default view, or at the page whose
        number was typed."""
        if "goto" in request.args:
            return self._turned(args, request.args["goto"].strip())
        view = None if request.args else self.default_view()
        return self.address_of(view) if view else None

    def _turned(self, args: ViewArgs, asked: str) -> str:
        number = int(asked) if asked.isascii() and asked.isdigit() else 0
        if not 0 < number < 10**MOST_DIGITS:
            flash(_("“%(words)s” is not the number of a page.", words=asked[:50]), "warning")
            return self._get_list_url(args)
        args.page = number - 1
        self.listing(args)
        if args.page < 0:  # nobody has counted how many there are
            words = _(
                "There is no page %(number)s. This is the end of the list.",
                number=format_decimal(number),
            )
            flash(words, "warning")
        elif args.page != number - 1:
            words = _(
                "There is no page %(number)s. This is the last one, page %(last)s.",
                number=format_decimal(number),
                last=format_decimal(args.page + 1),
            )
            flash(words, "warning")
        return self._get_list_url(args)

    # What a view says, and the address that says it

    def query_of(self, args: ViewArgs) -> dict[str, Any]:
        """Return what this page shows, as a view keeps it: by names."""
        column = self._get_column_by_idx(args.sort)
        return {
            "tab": args.extra_args.get("tab"),
            "search": args.search,
            "filters": {
                self.get_filter_arg(index, self._filters[index]): value
                for index, _name, value in args.filters or ()
            },
            "sort": column and column[0],
            "desc": bool(args.sort_desc),
            "columns": list(self.shown_columns()),
            "size": self.get_safe_page_size(args.page_size),
            "look": self.shown_look(),
        }

    def address_of(self, view: SavedView) -> str:
        """Return the address of the list as a view shows it; say what of it is no more."""
        query, left = view.query, list[str]()
        extra = {"view": str(view.id)}
        if tab := query.get("tab"):
            known = tab in {it.key for it in self.tabs}
            extra |= {"tab": tab} if known else {}
            left += [] if known else [tab]
        wanted = query.get("columns") or self.usual_columns()
        names = self.with_name(wanted)
        left += [name for name in wanted if name not in names]
        if names != self.usual_columns():
            extra["columns"] = ",".join(names)
        if (look := query.get("look")) in LOOKS and look != self.usual_look():
            extra["look"] = look
        args = ViewArgs(
            page_size=query.get("size"),
            sort=self._sort_of(query, left),
            sort_desc=query.get("desc"),
            search=query.get("search"),
            filters=self._filters_of(query, left),
            extra_args=extra,
        )
        if left:
            words = "; ".join(dict.fromkeys(left))
            flash(
                _(
                    "“%(name)s” shows less than it did. Left out, since it is no more or not"
                    " for you: %(parts)s.",
                    name=view.name,
                    parts=words,
                ),
                "warning",
            )
        return str(self._get_list_url(args, f"{self.endpoint}.index_view"))

    def _sort_of(self, query: dict[str, Any], left: list[str]) -> int | None:
        if not (wanted := query.get("sort")):
            return None
        names = [name for name, _words in self._list_columns]
        if wanted in names and self.is_sortable(wanted):
            return names.index(wanted)
        left.append(wanted)
        return None

    def _filters_of(self, query: dict[str, Any], left: list[str]) -> list[Any]:
        known = {self.get_filter_arg(i, flt): (i, flt) for i, flt in self.filters_seen()}
        found = []
        for name, value in (query.get("filters") or {}).items():
            index, flt = known.get(name, (None, None))
            if flt is not None and self.takes(flt, value):
                found.append((index, str(flt.name), value))
            else:
                label = chips.label(flt) if flt else name.replace("_", " ")
                left.append(labelled(label, value))
        return sorted(found)

    # What the templates draw

    def narrowing(self, args: ViewArgs) -> list[chips.Chip]:
        """Return what narrows this page, each with a link that takes it away."""
        return chips.of(self, args)

    def is_changed(self, view: SavedView, args: ViewArgs) -> bool:
        """Tell whether the page shows something else than the view it began with."""
        return bool(self.query_of(args) != view.query)

    def view_url(self, page: str, args: ViewArgs) -> str:
        """Return the address of a page that keeps what this one shows."""
        extra = {**args.extra_args, "list": self.endpoint}
        return str(self._get_list_url(args.clone(extra_args=extra), f"{SCREEN}.{page}"))

    @staticmethod
    def may_change(view: SavedView) -> bool:
        """Tell whether the person may rename a view, give it another query and delete it."""
        return may(person(), "edit", SCREEN, view)

    @staticmethod
    def may_share() -> bool:
        """Tell whether the person may show views to others."""
        return may(person(), "share", SCREEN)

    @staticmethod
    def fields_of(address: str) -> list[tuple[str, str]]:
        """Return what an address asks for, as the hidden fields of a form."""
        return parse_qsl(address.partition("?")[2])

    @staticmethod
    def pages_in_words(listing: Listing) -> str:
        """Return how many pages there are; `400+` where nobody has counted on."""
        return f"{format_decimal(listing.pages)}{'+' if listing.more else ''}"

    def tab_keys(self) -> dict[str, str]:
        """Return the letter that leads to each tab."""
        return keys.of_tabs(self.tabs)

    @staticmethod
    def has_shortcuts() -> bool:
        """Tell whether single keys do something for the person."""
        return getattr(person(), "shortcuts", True)


class SavedViewScreen(Guarded, BaseView):
    """Keeps views, and what each person chooses for a list: `list` is its endpoint."""

    kind, icon = SCREEN, "bookmark"

    def is_visible(self) -> bool:
        """Tell that the menu does not offer it: each list has a menu of its own."""
        return False

    @expose("/")
    @needs("create")
    def index(self) -> ResponseReturnValue:
        """Open the list as a view shows it: `?id=`."""
        view = self._view(request.args.get("id"))
        return redirect(self._list(view.list).address_of(view))

    @expose("/save", methods=("POST",))
    @needs("create")
    def save(self) -> ResponseReturnValue:
        """Keep the page at this address as a new view, `name`, and open it."""
        listed = self._list(request.args.get("list"))
        query = listed.query_of(listed._get_list_extra_args())  # noqa: SLF001 - Flask-Admin's

        def keep() -> SavedView:
            return views.save(
                person(), listed.endpoint, _name(), query, shared=self._wants_shared()
            )

        return self._told(keep, _("Saved as a view."))

    @expose("/update", methods=("POST",))
    @needs("edit")
    def update(self) -> ResponseReturnValue:
        """Let the view `id` show what the page at this address shows."""
        view = self._own(request.form.get("id"))
        listed = self._list(view.list)
        query = listed.query_of(listed._get_list_extra_args())  # noqa: SLF001 - Flask-Admin's
        return self._told(lambda: views.change(view, query=query), _("Saved."))

    @expose("/rename", methods=("POST",))
    @needs("edit")
    def rename(self) -> ResponseReturnValue:
        """Give the view `id` another `name`, and share it or not."""
        view = self._own(request.form.get("id"))
        shared = self._wants_shared(view)
        return self._told(lambda: views.change(view, title=_name(), shared=shared), _("Saved."))

    @expose("/delete", methods=("POST",))
    @needs("edit")
    def delete(self) -> ResponseReturnValue:
        """Delete the view `id`; the page stays as it is."""
        view = self._own(request.form.get("id"))
        views.delete(view)
        flash(_("“%(name)s” was deleted.", name=view.name), "success")
        return redirect(_without(self._target(view.list), "view"))

    @expose("/default", methods=("POST",))
    @needs("create")
    def default(self) -> ResponseReturnValue:
        """Let the list open with the view `id`; without one, as it is."""
        given = request.form.get("id")
        view = self._view(given) if given else None
        listed = self._list(view.list if view else request.form.get("list"))
        views.choose(person(), listed.endpoint, view_id=view.id if view else None)
        flash(
            _("The list opens with “%(name)s”.", name=view.name)
            if view
            else _("The list opens as a whole."),
            "success",
        )
        return redirect(self._target(listed.endpoint))

    @expose("/choose", methods=("POST",))
    @needs("create")
    def choose(self) -> ResponseReturnValue:
        """Remember for a list: `column` (many, in order), `size`, `look`, or `reset` columns."""
        listed = self._list(request.form.get("list"))
        chosen: dict[str, Any] = {}
        if "reset" in request.form:
            chosen["columns"] = None
        elif "column" in request.form:
            names = listed.with_name(request.form.getlist("column"))
            chosen["columns"] = None if names == listed.declared_columns() else list(names)
        if "size" in request.form:
            chosen["size"] = _one_of(listed.page_size_options, request.form.get("size", type=int))
        if "look" in request.form:
            chosen["look"] = _one_of(LOOKS, request.form["look"])
        views.choose(person(), listed.endpoint, **chosen)
        words = {"columns": "columns", "size": "page_size", "look": "look"}
        gone = [words[name] for name in chosen] + (["page"] if "size" in chosen else [])
        return redirect(_without(self._target(listed.endpoint), *gone))

    @expose("/keys", methods=("POST",))
    @needs("create")
    def keys(self) -> ResponseReturnValue:
        """Switch the keyboard's shortcuts on or off, on every page: `on` is 1 or 0."""
        on = _one_of(("0", "1"), request.form.get("on")) == "1"
        views.switch_keys(person(), on=on)
        flash(_("Shortcuts are on.") if on else _("Shortcuts are off."), "success")
        return self.back()

    def _home(self) -> str:
        return self.admin.url + "/"

    def _list(self, name: str | None) -> Viewed:
        found = (view for view in self.admin._views if view.endpoint == name)  # noqa: SLF001 - it has no other way
        listed = next((view for view in found if isinstance(view, Viewed)), None)
        if listed is None:
            abort(404)
        if not listed.is_accessible():
            abort(403)
        return listed

    def _view(self, given: str | None) -> SavedView:
        digits = given is not None and given.isascii() and given.isdigit()
        number = int(given) if given and digits and len(given) < 10 else 0  # noqa: PLR2004 - fits every INTEGER
        view = services.find(number, person(), for_update=request.method == "POST")
        if view is None:
            abort(404)
        self._list(view.list)
        return view

    def _own(self, given: str | None) -> SavedView:
        view = self._view(given)
        self.require(view)
        return view

    def _wants_shared(self, view: SavedView | None = None) -> bool:
        """Return whether the view is to be shared; one who may not share changes nothing."""
        if not self.allowed("share"):
            return view.shared if view else False
        return request.form.get("shared") == "1"

    def _target(self, name: str) -> str:
        """Return where the form was posted from, or the list."""
        return inner_target(request.form.get("url")) or str(self.get_url(f"{name}.index_view"))

    def _told(self, act: Callable[[], SavedView], done: str) -> ResponseReturnValue:
        """Do `act`, and open the view that it returns; or go back and say what is wrong."""
        try:
            view = act()
        except CmsError as error:
            self.refuse(error, "error")
            return self.back()
        flash(done, "success")
        return redirect(self._list(view.list).address_of(view))


def _name() -> str:
    name = request.form.get("name", "")
    if not storable(name):
        abort(400)
    return " ".join(name.split())


def _one_of(offered: Sequence[Any], value: Any) -> Any:
    return value if value in offered else abort(400)


def _without(address: str, *names: str) -> str:
    path, _mark, query = address.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query) if name not in names]
    return f"{path}?{urlencode(kept)}" if kept else path
