"""A list as a tree: each row stands below its parent, a step further in.

    column_formatters = {"title": tree(Page.parent_id, Page.position)}

The list then comes in the order of the tree, unless somebody sorts it otherwise.
A row whose parent is missing, or that is its own ancestor, comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import CTE, String, cast, func, literal, select
from sqlalchemy.orm import Query

DEEPEST = 40
# The place of a row is eight digits in the path to it, so that paths sort as text.
_FIRST = 10_000_000
_PATH = String(DEEPEST * 9)


class Tree:
    """Formatter of the column that is shown as a tree, and the order of its rows.

    `parent` is the column that holds the key of a row's parent, `order` that by which
    the children of one parent are sorted.
    """

    cell = "tree"

    def __init__(self, parent: Any, order: Any) -> None:
        self.parent = parent
        self.order = order

    def __call__(self, _view: Any, _context: Any, row: Any, name: str) -> Any:
        """Draw the text of `row`, as far in as its level says."""
        words, level = getattr(row, name), getattr(row, "tree_level", 0)
        if not level:
            return words
        return Markup(
            '<span class="tree tree-{}"><span class="visually-hidden">{} </span>{}</span>'
        ).format(min(level, 8), _("Level %(number)s:", number=level + 1), words)

    def arrange(self, query: Query[Any], key: Any) -> Query[Any]:
        """Return `query` in the order of the tree; `key` is the primary key."""
        paths = self._paths(key)
        found = query.outerjoin(paths, paths.c.key == key)
        return found.order_by(paths.c.path.is_(None), paths.c.path)

    def measure(self, session: Any, key: Any, rows: Sequence[Any]) -> None:
        """Note the level of each of `rows`, 0 at the root, by one query."""
        paths = self._paths(key)
        keys = [getattr(row, key.key) for row in rows]
        found = select(paths.c.key, paths.c.level).where(paths.c.key.in_(keys))
        levels = dict(session.execute(found).all())
        for row in rows:
            row.tree_level = levels.get(getattr(row, key.key), 0)

    def _paths(self, key: Any) -> CTE:
        place = func.row_number().over(order_by=(self.order, key)) + _FIRST
        numbered = select(
            key.label("key"), self.parent.label("parent"), cast(place, String(8)).label("place")
        ).cte("numbered")
        rooted = select(
            numbered.c.key, cast(numbered.c.place, _PATH).label("path"), literal(0).label("level")
        )
        paths = rooted.where(numbered.c.parent.is_(None)).cte("paths", recursive=True)
        path = cast(paths.c.path + "/" + numbered.c.place, _PATH)
        below = select(numbered.c.key, path, paths.c.level + 1).where(
            numbered.c.parent == paths.c.key, paths.c.level < DEEPEST - 1
        )
        return paths.union_all(below)


def tree(parent: Any, order: Any) -> Tree:
    """Return a formatter that draws a column as a tree, and puts the list in its order."""
    return Tree(parent, order)


def of(view: Any) -> Tree | None:
    """Return the tree that a list is shown as, if it is."""
    shown = (view.column_formatters or {}).values()
    return next((it for it in shown if isinstance(it, Tree)), None)
