"""Two texts beside each other, with what differs marked word by word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from flask_babel import gettext as _
from markupsafe import Markup

# Words, or single signs where words are written without spaces between them.
_PIECES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|\s+|[^\w\s]")
# To compare longer texts piece by piece would take seconds.
_MOST_COMPARED = 4_000_000


class Sides(NamedTuple):
    """What was saved by others, and what the editor has."""

    theirs: Markup
    mine: Markup


def sides(theirs: str, mine: str) -> Sides:
    """Mark what is only in `theirs` as deleted, and what is only in `mine` as inserted."""
    a, b = _PIECES.findall(theirs), _PIECES.findall(mine)
    if len(a) * len(b) > _MOST_COMPARED:
        return Sides(_only("del", _("only theirs"), a), _only("ins", _("only mine"), b))
    left, right = Markup(), Markup()
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            left += "".join(a[a1:a2])
            right += "".join(b[b1:b2])
        else:
            left += _only("del", _("only theirs"), a[a1:a2])
            right += _only("ins", _("only mine"), b[b1:b2])
    return Sides(left, right)


def _only(tag: str, words: str, pieces: Sequence[str]) -> Markup:
    """Draw a part that the other side lacks; said in words to those who do not see it."""
    text = "".join(pieces)
    if not text:
        return Markup()
    return Markup('<{0}><span class="visually-hidden"> [{1}:] </span>{2}</{0}>').format(
        Markup(tag),  # noqa: S704 - one of our own two
        words,
        text,
    )
