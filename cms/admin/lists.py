"""`QsListView`: a list screen, declared in a few lines.

    class ImageView(QsListView):
        kind, icon = "image", "photo"
        column_list = ("thumbnail", "title", "status", "owner.email", "created_at")
        column_labels = {"owner.email": _l("By"), "created_at": _l("Uploaded")}
        column_formatters = {
            "thumbnail": picture(lambda row: row.thumbnail_url),
            "status": status(STATES),
        }
        column_searchable_list = ("title", "owner.email")
        column_filters = ("status", "created_at")
        tabs = (Tab("all", _l("All")), Tab("failed", _l("Failed"), Image.status == "failed"))
        row_buttons = (RowButton(_l("Retry"), "refresh", ".retry", post=True), EDIT, DELETE)
        form_columns = ("title", "alt_text")
        live = Live(".status", "images")

        @expose("/retry", methods=("POST",))
        @needs("retry")
        def retry(self):
            retry_image(self.get_one(request.form["id"]))
            return self.back()

    admin.add_view(ImageView(Image, name=_l("Pictures")))

The words are those of QSCMF: tabs (`Tab`), top buttons (`TopButton`), row buttons
(`RowButton`), search items (`column_filters`, see `cms.admin.search_items`), column types
(`column_formatters`, see `cms.admin.columns`), and the rule for ticks (`TickRule`).
`column_needs` says who sees a column (`cms.admin.visibility`), `column_descriptions`
explain one. A page's rows, with what is shown of their relations, take a fixed number of
queries however many rows there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from time import time
from typing import Any, ClassVar

from flask import flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin.contrib.sqla import ModelView, tools
from flask_admin.model.base import ViewArgs
from flask_babel import get_timezone
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import and_, inspect
from sqlalchemy.orm import Query, joinedload, selectinload

from cms import fulltext, paging
from cms.admin import columns, counting, filters, trees
from cms.admin.access import acted_at
from cms.admin.addresses import Addressed
from cms.admin.base import expose
from cms.admin.buttons import ADD, DELETE, EDIT, VIEW, RowButton, TopButton
from cms.admin.conflicts import Conflicts
from cms.admin.counting import part as rows_of_tab
from cms.admin.editing import Editing
from cms.admin.exchange import Exchange
from cms.admin.listing import MOST_COUNTED, Listing, Tab
from cms.admin.rows import RowKit
from cms.admin.search_items import Lookups, SearchItem, given, in_ranges, searchable
from cms.admin.tick_rules import TickRule, TickRules
from cms.admin.views import Viewed
from cms.errors import CmsError
from cms.fulltext import LONGEST_SEARCH, holds, words_of
from cms.look import lazy as _l

__all__ = [
    "ADD",
    "DELETE",
    "EDIT",
    "VIEW",
    "Live",
    "QsListView",
    "RowButton",
    "SearchItem",
    "Tab",
    "TickRule",
    "TopButton",
]

MOST_IDS = 200


@dataclass(frozen=True)
class Live:
    """Where the list asks for news while a row is in a moving state.

    `endpoint`, called with `ids=1,2`, answers with `QsListView.news`.
    """

    endpoint: str
    key: str


class QsListView(Addressed, Viewed, Conflicts, Editing, Lookups, TickRules, Exchange):
    """A list with tabs, search, search items, sorting, pages, row and bulk buttons."""

    tabs: ClassVar[Sequence[Tab]] = ()
    row_buttons: ClassVar[Sequence[RowButton]] = (VIEW, EDIT, DELETE)
    top_buttons: ClassVar[Sequence[TopButton]] = (ADD,)
    action_icons: ClassVar[dict[str, str]] = {"delete": "trash", "export": "download"}
    state_column: ClassVar[str | None] = "status"
    name_column: ClassVar[str] = "title"
    live: ClassVar[Live | None] = None
    palette_rows: ClassVar[bool] = False  # whether the command palette finds its rows
    loads: ClassVar[Sequence[Any]] = ()
    without: ClassVar[dict[str, Any]] = {}
    empty_words: ClassVar[Any] = _l("There is nothing here yet.")

    page_size = 25
    page_size_options = (25, 50, 100)
    can_set_page_size = True
    column_type_formatters: ClassVar[dict[type, Any]] = columns.BY_TYPE
    column_type_formatters_detail: ClassVar[dict[type, Any]] = columns.BY_TYPE

    # The page

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """Show the list; with `part=rows`, only what changes by itself."""
        args = self._get_list_extra_args()
        if elsewhere := self.leads_elsewhere(args):
            return redirect(elsewhere)
        listing = self.listing(args)
        if args.sort is None and (tree := trees.of(self)):
            tree.measure(self.db_session, self._pk_column, listing.rows)
        return_url = self._get_list_url(args)
        actions, questions = self.get_actions_list()
        words = dict(self._list_columns)
        list_columns = [
            (name, str(words[name]), self.cell_class(name)) for name in self.shown_columns()
        ]
        editing = self.editing(listing)
        part = request.args.get("part") == "rows"
        return self.render(
            self.list_template,
            part=part,
            listing=listing,
            data=listing.rows,
            list_columns=list_columns,
            look=self.shown_look(),
            kit=RowKit(self, return_url, list_columns, editing["cells"], ticks=bool(actions)),
            **editing,
            search_items=() if part else self.search_items(args),
            search_supported=self._search_supported and bool(self.searched_columns()),
            actions=actions,
            actions_confirmation=questions,
            everything=self.for_everything(name for name, _words in actions),
            bulk_url=self._get_list_url(args, ".action_view"),
            get_pk_value=self.get_pk_value,
            # Without Jinja's context, which would be copied for each cell.
            get_value=partial(self.get_list_value, None),
            page_url=lambda page: self._get_list_url(listing.turned(page)),
            size_url=lambda size: self._get_list_url(args.clone(page=0, page_size=size)),
            tab_url=lambda tab: self._get_list_url(
                args.clone(page=0, extra_args=args.extra_args | {"tab": tab})
            ),
            sort_url=lambda column: self._sort_url(args, column),
            clear_url=self._get_list_url(args.clone(page=0, search=None, filters=None)),
            return_url=return_url,
        )

    def listing(self, args: ViewArgs) -> Listing:
        """Fetch the page that `args` ask for; past the end, the last one."""
        query, counts = self._found(args)
        size = self.get_safe_page_size(args.page_size)
        listing = Listing((), args, self.current_tab(), counts, size)
        args.page = listing.within(args.page)
        if not (listing.count or listing.more):
            return listing
        found = self._page(self._of_tab(query), args, size)
        if not found.rows and args.page:  # past an end that nobody had counted up to
            end = -1 if args.page > 0 else 0
            args.page, args.at = end if listing.more else listing.pages - 1, None
            found = self._page(self._of_tab(query), args, size)
        listing.show(found)
        return listing

    def _found(self, args: ViewArgs) -> tuple[Query[Any], dict[str, int]]:
        """Return what search and filters leave, and how much of it is in each tab."""
        narrowed, tabs = self.narrowed(args.search, args.filters), self.tabs or (Tab("", ""),)
        if not (args.search or args.filters):
            return narrowed, self.count_tabs(narrowed)
        keys = self._few(narrowed, args.search)
        if keys is None:
            who = current_user.get_id(), str(get_timezone())  # days begin elsewhere in another
            asked = (self.endpoint, *who, args.search, tuple(args.filters or ()))
            whole, key, criterion = self.get_query(), self._pk_column, narrowed.whereclause
            return narrowed, counting.kept(
                asked, acted_at(), lambda: counting.of_many(whole, key, criterion, tabs)
            )
        query = self.get_query().filter(self._pk_column.in_(keys))
        none = dict.fromkeys((tab.key for tab in tabs), 0)
        return query, counting.of_few(query, tabs) if keys else none

    def _few(self, narrowed: Query[Any], search: str | None) -> list[Any] | None:
        keys = self._in_index(search)
        if keys is not None and len(keys) > counting.FEW:
            return None
        if keys is not None:
            narrowed = narrowed.filter(self._pk_column.in_(keys))
        return keys if keys == [] else counting.few(narrowed, self._pk_column)

    def _in_index(self, search: str | None) -> list[Any] | None:
        """Return the keys of the rows that may hold the words of a search, at most one more than
        are few; None if no index can tell."""
        table = self.model.__table__.name
        if not search or not set(self.column_searchable_list) <= set(fulltext.TEXTS.get(table, ())):
            return None
        return fulltext.keys(self.db_session, table, words_of(search), counting.FEW + 1)

    def best_of(self, search: str, most: int) -> Sequence[Any]:
        """Return the first rows that a search finds, in the order of the list."""
        found, keys = self.narrowed(search, None), self._in_index(search)
        if keys == []:
            return ()
        if keys is not None and len(keys) <= counting.FEW:
            found = found.filter(self._pk_column.in_(keys))
        return self._sorted(found, None, None).limit(most).all()

    def _page(self, query: Query[Any], args: ViewArgs, size: int) -> paging.Page:
        column = self._get_column_by_idx(args.sort)
        query = self._sorted(query, column and column[0], args.sort_desc)
        options = self.loader_options()
        if column is None and trees.of(self):
            return paging.counted(query.options(*options), args.page, size)
        pages = paging.Pages(query, self._pk_column, size, options, self.without)
        return pages.page(args.page, args.at)

    def get_list(  # noqa: PLR0913, PLR0917 - Flask-Admin's signature
        self,
        page: int | None,
        sort_column: Any,
        sort_desc: Any,
        search: str | None,
        filters: Any,
        execute: Any = True,  # noqa: FBT002
        page_size: int | None = None,
    ) -> tuple[int | None, Any]:
        """Return count and rows as Flask-Admin asks for them; its export does."""
        query = self._of_tab(self.narrowed(search, filters))
        size = page_size or self.page_size
        rows = self._sorted(query, sort_column, sort_desc).options(*self.loader_options())
        rows = rows.limit(size).offset((page or 0) * size)
        return query.count(), rows.all() if execute else rows

    # One row

    def do_to_posted(self, act: Callable[[Any], object], done: str) -> ResponseReturnValue:
        """Do `act` to the row that was posted, say so or why it refuses, and go back."""
        try:
            act(self.get_one(request.form.get("id", "")))
            flash(done, "success")
        except CmsError as error:
            self.refuse(error)
        return self.back()

    # Tabs

    def current_tab(self) -> Tab | None:
        """Return the tab asked for, or the first; None where there are no tabs."""
        asked = request.args.get("tab")
        return next((tab for tab in self.tabs if tab.key == asked), next(iter(self.tabs), None))

    def count_tabs(self, query: Query[Any]) -> dict[str, int]:
        """Return the rows of each tab, counted to one after `MOST_COUNTED`.

        Those that had more some seconds ago are not counted again.
        """
        asked, begun = (self.endpoint, current_user.get_id()), time()
        full = counting.known(asked, acted_at())
        tabs = [tab for tab in self.tabs or (Tab("", ""),) if tab.key not in (full or ())]
        counts = self._counted(query, tabs) if tabs else {}
        if full is None:
            more = {key: count for key, count in counts.items() if count > MOST_COUNTED}
            full = counting.keep(asked, begun, more)
        return full | counts

    def _counted(self, query: Query[Any], tabs: Sequence[Tab]) -> dict[str, int]:
        keys = tuple(tab.key for tab in tabs)
        count = self._counts.get(keys)
        if count is None:
            count = counting.of_each(query, tabs)
            if type(self).get_query is ModelView.get_query:  # the same each time: made once
                self._counts[keys] = count
        return dict(zip(keys, self.db_session.execute(count).one(), strict=True))

    @cached_property
    def _counts(self) -> dict[tuple[str, ...], Any]:
        return {}

    def _of_tab(self, query: Query[Any]) -> Query[Any]:
        return rows_of_tab(query, self.current_tab())

    # Searching

    def init_search(self) -> bool:
        """Tell whether there is a search box: whether searchable columns are declared."""
        return bool(self.column_searchable_list)

    def narrowed(self, search: str | None, filters: Any) -> Query[Any]:
        """Return the rows that search and filters leave, each once."""
        query = self.get_query()
        if search:
            query = query.filter(self.search_criterion(search))
        if not filters:
            return query
        query, _count, joins, _count_joins = self._apply_filters(query, None, {}, {}, filters)
        if not joins:
            return query
        # A filter across a relation repeats rows; the key does not.
        keys = query.order_by(None).with_entities(self._pk_column)
        return self.get_query().filter(self._pk_column.in_(keys))

    def search_criterion(self, search: str) -> Any:
        """Return what a row must fulfil: each word is in some searchable column."""
        return and_(
            *(
                searchable(holds(self.model, it, word) for it in self.searched_columns())
                for word in words_of(search)
            )
        )

    def scaffold_filters(self, name: Any) -> list[Any]:
        """Return the search items of a column by its type, or by its `column_choices`."""
        column, joins = tools.get_field_with_path(self.model, name)
        shown = (self.column_formatters or {}).get(name)
        options = (self.column_choices or {}).get(name)
        if options is None:
            options = getattr(shown, "options", None)
        found = filters.for_column(column, self.get_column_name(name), options)
        for flt in found if joins else ():
            flt.key_name = str(name)
            self._filter_joins[flt.key_name] = joins
        return list(found)

    def get_filter_arg(self, index: int, flt: Any) -> str:  # noqa: ARG002 - Flask-Admin's signature
        """Return the name of a filter in the address, the same in every language."""
        return filters.argument(flt)

    def search_items(self, args: ViewArgs) -> list[SearchItem]:
        """Return the controls of the search form with their current values."""
        values = {index: value for index, _name, value in args.filters or ()}
        items = [
            (flt, self.search_item(flt, self._filter_name(index, flt), values.get(index, "")))
            for index, flt in self.filters_seen()
        ]
        return list(in_ranges(items))

    # The address

    def _get_list_extra_args(self) -> ViewArgs:
        number = request.args.get
        sort = number("sort", None, type=int)
        column = self._get_column_by_idx(sort)
        tab = self.current_tab()
        args = ViewArgs(
            page=paging.clamped(number("page", 0, type=int)),
            page_size=number("page_size", 0, type=int),
            sort=sort if column and self.is_sortable(column[0]) else None,
            sort_desc=number("desc", 0, type=int) == 1,
            search=number("search", "").strip()[:LONGEST_SEARCH] if self.init_search() else "",
            filters=self._get_list_filter_args(),
            extra_args=self.shown_args()
            | ({"tab": tab.key} if tab and tab != self.tabs[0] else {}),
        )
        args.at = number("at")
        return args

    def _get_list_filter_args(self) -> list[Any]:
        """Return the filters in the address as `(index, name, value)`; empty ones are none."""
        known = {self.get_filter_arg(i, flt): (i, flt) for i, flt in self.filters_seen()}
        found = []
        for name, sent in request.args.items():
            index, flt = known.get(name.partition("_")[2], (None, None))
            if flt is None or not name.startswith("flt") or not sent.strip():
                continue
            value = given(flt, name, sent)
            if self.takes(flt, value):
                found.append((index, str(flt.name), value))
            else:
                flash(_("“%(value)s” was ignored: %(name)s takes no such value.",
                        value=value[:50], name=flt.name), "warning")  # fmt: skip
        return sorted(found)

    def shown_sort(self, args: ViewArgs) -> tuple[str | None, bool]:
        """Return the column that the rows come sorted by, and whether from its end."""
        if args.sort is not None:
            return str(self.all_list_columns[args.sort][0]), bool(args.sort_desc)
        default = self.column_default_sort
        if not default or trees.of(self):
            return None, False
        first = default[0] if isinstance(default, list) else default
        return (first, False) if isinstance(first, str) else (str(first[0]), bool(first[1]))

    # Rows

    def _sorted(self, query: Query[Any], column: Any, descending: Any) -> Query[Any]:
        """Sort, by the key at last, so that no row is on two pages or none.

        The key follows the column that was chosen, so that one index holds both.
        """
        tree = trees.of(self)
        if column is None and tree:
            return tree.arrange(query, self._pk_column).order_by(self._pk_column.desc())
        query, _joins = self._apply_sorting(query, {}, column, descending)
        up = column is not None and not descending
        return query.order_by(self._pk_column.asc() if up else self._pk_column.desc())

    def loader_options(self) -> Sequence[Any]:
        """Return what to load along: `loads`, and the relations whose columns are shown."""
        return self._loader_options

    @cached_property
    def _loader_options(self) -> list[Any]:
        options = list(self.loads)
        for name, _label in self._list_columns:
            option, model = None, self.model
            for part in str(name).split("."):
                relation = inspect(model).relationships.get(part)
                if relation is None:
                    break
                load = "selectinload" if relation.uselist else "joinedload"
                start = {"selectinload": selectinload, "joinedload": joinedload}[load]
                attribute = getattr(model, part)
                option = getattr(option, load)(attribute) if option else start(attribute)
                model = relation.mapper.class_
            if option is not None:
                options.append(option.lazyload("*"))  # what nothing shows is not loaded
        return options

    def scaffold_auto_joins(self) -> list[Any]:
        """Return nothing: `loader_options` says what is loaded along."""
        return []

    def buttons_on_top(self) -> list[TopButton]:
        """Return the buttons that the person sees above the list."""
        buttons = (*self.exchange_buttons(), *self.top_buttons)
        return [button for button in buttons if button.visible(self)]

    def cell_class(self, name: str) -> str:
        """Return how a column is drawn: the name first, pictures small, numbers to the right."""
        kind = getattr((self.column_formatters or {}).get(name), "cell", "")
        kind = "name" if name == self.name_column else kind
        return f"cell-{kind}" if kind else ""

    def name_of(self, row: Any) -> str:
        """Return what a row is called where it is spoken of: in questions, labels and news."""
        return str(row)

    def news(self, rows: Iterable[Any], draw: Callable[[Any], dict[str, Any]]) -> Any:
        """Answer where `rows` stand: `{key: [draw(row), …]}`.

        One that asks with `marks=1` is also told each row's mark, by its id, and a list,
        with `marks=only`, nothing else.
        """
        rows, answer = list(rows), dict[str, Any]()
        if not self.wants_marks_only():
            answer[self.live.key if self.live else ""] = [draw(row) for row in rows]
        if "marks" in request.args:
            answer["marks"] = {str(self.get_pk_value(row)): self.mark_of(row) for row in rows}
        return jsonify(answer)

    @staticmethod
    def wants_marks_only() -> bool:
        """Tell whether it is a list that asks, every second or two of whoever looks at it."""
        return request.args.get("marks") == "only"

    def mark_of(self, row: Any) -> str:
        """Return what must differ for a live row to be drawn anew: by default its state."""
        return self.state_of(row)

    def state_of(self, row: Any) -> str:
        """Return the state of a row, by its own name."""
        value = getattr(row, self.state_column, "") if self.state_column else ""
        return str(getattr(value, "value", value))

    def state_words(self, row: Any) -> str:
        """Return the state of a row in words, nothing where it has none."""
        shown = (self.column_formatters or {}).get(self.state_column)
        words = dict(shown.options) if isinstance(shown, columns.Status) else {}
        return str(words.get(self.state_of(row), ""))

    def is_moving(self, row: Any) -> bool:
        """Tell whether `row` changes by itself."""
        return self.live is not None and self.state_of(row) in self.moving_states()

    def moving_states(self) -> Iterable[str]:
        """Return the states that change by themselves, from the status column's declaration."""
        shown = (self.column_formatters or {}).get(self.state_column)
        return shown.moving if isinstance(shown, columns.Status) else ()


def asked_ids() -> list[str]:
    """Return the ids that a live list asks about, `?ids=1,2`, at most `MOST_IDS` of them."""
    return [part for part in request.args.get("ids", "").split(",") if part][:MOST_IDS]
