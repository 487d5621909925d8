"""The side menu, kept for all who see the same: one screen, in one language, of alike roles."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from flask import request

from cms.admin.access import Guarded, person
from cms.look import language

MOST_KEPT = 200


class SideMenu:
    """The side menu of one admin, as its pages show it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, str] = OrderedDict()

    def shown(self, view: Guarded, draw: Callable[[Mapping[str, int]], str]) -> str:
        """Return what `draw` makes of the badges, or made of the same ones for somebody alike."""
        badges = _badges(view.admin)
        roles = frozenset(role.name for role in getattr(person(), "roles", ()))
        key = (view.endpoint, roles, language(), request.script_root, *badges.items())
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = draw(badges)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def _badges(admin: Any) -> dict[str, int]:
    """Return the counts that the menu shows, by the view's endpoint."""
    views = [it for it in admin._views if type(it).menu_badge is not Guarded.menu_badge]  # noqa: SLF001 - no other way
    counts = {it.endpoint: it.menu_badge() for it in views if it.is_accessible()}
    return {endpoint: count for endpoint, count in counts.items() if count}
