"""The signs of texts: which are kept."""

from __future__ import annotations

# What comes along unseen from other programs; no XML may hold it, and no feed with one of
# these can be read. Two of them break a line, as Word does by Shift+Enter.
_NOT_KEPT = dict.fromkeys([*range(0x09), *range(0x0E, 0x20), 0xFFFE, 0xFFFF])
_KEPT_AS = {**_NOT_KEPT, 0x0B: "\n", 0x0C: "\n"}


def kept(text: str) -> str:
    """Return a text without control characters, but in its lines."""
    return text.translate(_KEPT_AS)


def in_a_line(text: str) -> str:
    """Return a text as a line, without what is around it."""
    return " ".join(kept(text).split())
