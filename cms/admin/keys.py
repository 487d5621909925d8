"""Keys of a list: which letter, after `g`, leads to which tab."""

from __future__ import annotations

from collections.abc import Sequence

from cms.admin.listing import Tab


def of_tabs(tabs: Sequence[Tab]) -> dict[str, str]:
    """Return a letter for each tab's key: its first that is still free, the same in every
    language. A tab for which none is left has none."""
    letters: dict[str, str] = {}
    for tab in tabs:
        free = (sign for sign in tab.key.lower() if sign.isalnum() and sign not in letters.values())
        if letter := next(free, None):
            letters[tab.key] = letter
    return letters
