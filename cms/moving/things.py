"""What readers find in the file of a site."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from mimetypes import guess_type
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from cms.content import signs
from cms.moving.models import LONGEST_NAME, What

LONGEST_TITLE = 255
# Files that texts show or link to are named by these: `local:` what the file itself calls
# them, `zip:/` by their place in the ZIP.
LOCAL, IN_ZIP = "local:", "zip:/"
_SIZED = re.compile(r"-(?:\d{1,5}x\d{1,5}|scaled)(?=\.\w{1,5}$)")


@dataclass
class Note:
    """What is to be known of a thing, or of the file as a whole."""

    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)
    title: str = ""


@dataclass
class Thing:
    """A thing of a site: see `ImportItem`. One with `left` is told of, and not taken.

    `data` of a text: `slug`, `body` (HTML), `summary`, `status` (draft, review, publish,
    future), `date`, `modified`, `author` (mail), `parent`, `categories` (by `local`), `tags`,
    `cover`, `seo_title`, `seo_description`, `language`, `redirect`; of a file: `url` or `path`,
    `alt`; of a category: `slug`, `parent`, `language`.
    """

    what: What
    ref: str
    local: str
    title: str
    address: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    left: bool = False

    def __post_init__(self) -> None:
        self.title = shortened(self.title)
        self.ref, self.local = self.ref[:LONGEST_NAME], self.local[:LONGEST_NAME]
        self.address = self.address and self.address[:LONGEST_NAME]

    def note(self, sentence: str, **facts: Any) -> None:
        """Say what is to be known of it."""
        self.notes.append(Note(sentence, facts, self.title))


def shortened(title: str) -> str:
    """Return a title in one line that has room."""
    return signs.in_a_line(title)[:LONGEST_TITLE]


def moment(text: str | None) -> datetime | None:
    """Return a moment as it was kept by `isoformat`."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def parts_of(address: str) -> SplitResult:
    """Return the parts of an address as somebody has written it: none, if nobody can read it."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def key_of(address: str, site: str) -> str | None:
    """Return what a file or a text is looked for by, whatever scheme it is asked with.

    Numbers of posts (`?p=12`) are those of the WordPress at the address `site`; they say
    nothing on other hosts. None for what is no address of the web, nor one of ours.
    """
    if address.startswith((LOCAL, IN_ZIP)):
        return unquote(address).partition("#")[0]
    parts = parts_of(address.strip())
    host = parts.hostname
    if parts.scheme not in ("", "http", "https") or not host:
        return None
    number = next(
        (v[0] for k, v in parse_qs(parts.query).items() if k in ("p", "page_id", "attachment_id")),
        None,
    )
    place = f"{host}{unquote(parts.path).rstrip('/')}"
    if number is None:
        return f"//{place}"
    return (
        LOCAL + number if place.removesuffix("/index.php") == site else f"//{place}?{parts.query}"
    )


def is_picture(name: str) -> bool:
    """Tell whether a file is one of pictures, as far as its name says; one that says nothing
    may be one."""
    mime = guess_type(parts_of(name).path)[0]
    return mime is None or mime.startswith("image/")


def full_size(key: str) -> str:
    """Return what a smaller file of WordPress was made of: `a-300x200.jpg` of `a.jpg`."""
    return _SIZED.sub("", key)
