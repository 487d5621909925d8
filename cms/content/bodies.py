"""The bodies of texts: HTML that a person wrote in an editor.

It is cleaned when it is written, and again when it is shown: what is stored may be older
than a rule. A picture is `<img data-picture="7" alt="…">`, the id of one of the library,
so that the site gives it the files of that day. Pictures from elsewhere are left out:
they would tell others who reads the page, and may be gone tomorrow. A video or a map of
elsewhere is `<figure data-embed="https://…">`, with a caption or without, and is kept where
`cms.content.embeds` knows the address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3

from cms.content import embeds
from cms.content.errors import TooLong

LONGEST = 1_000_000

_CELL = {"colspan", "rowspan"}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"data-picture", "alt", "title"},
    "figure": {"data-embed"},
    "td": _CELL,
    "th": _CELL | {"scope"},
    "ol": {"start"},
    "*": {"lang"},
}
_TAGS = {
    "h2", "h3", "h4", "p", "br", "hr", "blockquote", "pre", "code", "ul", "ol", "li", "strong",
    "em", "b", "i", "u", "s", "sub", "sup", "mark", "a", "img", "figure", "figcaption", "table",
    "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
}  # fmt: skip
_INLINE = {"strong", "em", "b", "i", "u", "s", "sub", "sup", "mark", "a", "code"}
_SCHEMES = {"http", "https", "mailto", "tel"}
# As nh3 writes it: every value in double quotes.
_IMG = re.compile(r'<img((?: [\w-]+="[^"]*")*)>')
# A figure whose address is not allowed (any more), and the caption of what is not there.
_NO_FIGURE = re.compile(
    r"<figure>\s*(<figcaption>(?:(?!</?fig).)*</figcaption>)?\s*</figure>", re.DOTALL
)
# The address of a document, of this site: see `cms.site.documents`.
_DOCUMENT = re.compile(r'href="(?:https?://[^/"]*)?/document/([0-9]{1,9})/')
_UNSEEN = re.compile(r"[\x00-\x20\x7f]")
# Words; where none are told apart by spaces, each sign is as good as one.
_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def _filter(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "data-picture":
        return value if value.isascii() and value.isdigit() and len(value) < 10 else None  # noqa: PLR2004 - ids are four bytes
    if tag == "figure":
        return value if embeds.find(value) else None
    if name == "href":
        # `//evil` and what browsers take for it leave the site without saying so.
        plain = _UNSEEN.sub("", value).replace("\\", "/")
        return None if plain.startswith("//") else value
    return value


_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    attribute_filter=_filter,
    url_schemes=_SCHEMES,
    link_rel="noopener",
)


def clean(html: str) -> str:
    """Return what may be stored and shown. Cleaning twice is cleaning once.

    Raises `TooLong` for more than a million signs.
    """
    if len(html) > LONGEST:
        raise TooLong("body", LONGEST)
    cleaned = _cleaner.clean(html.replace("\x00", ""))
    cleaned = _IMG.sub(lambda tag: tag.group() if "data-picture=" in tag[1] else "", cleaned)
    return _NO_FIGURE.sub("", cleaned).strip()


@dataclass(frozen=True)
class Picture:
    """A picture of a body. An `alt` of None says that the text of the library is meant, an
    empty one that it is an ornament."""

    image_id: int
    alt: str | None


class _Blocks(HTMLParser):
    """Takes cleaned HTML apart into lines of text, one for each block, and pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str | Picture] = []
        self._line = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self.end()
        if tag == "img":
            given = dict(attrs)
            self.blocks.append(Picture(int(given["data-picture"] or 0), given.get("alt")))
        elif tag == "figure" and (address := dict(attrs).get("data-embed")):
            self.blocks.append(address)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self.end()

    def handle_data(self, data: str) -> None:
        self._line += data

    def end(self) -> None:
        if line := " ".join(self._line.split()):
            self.blocks.append(line)
        self._line = ""


def blocks(html: str) -> Sequence[str | Picture]:
    """Return the lines of text and the pictures of cleaned HTML, in their order."""
    parser = _Blocks()
    parser.feed(html)
    parser.close()
    parser.end()
    return parser.blocks


def text(html: str) -> str:
    """Return the words of cleaned HTML, a line for each block."""
    return "\n".join(block for block in blocks(html) if isinstance(block, str))


def picture_ids(html: str) -> set[int]:
    """Return the ids of the pictures in cleaned HTML."""
    return {block.image_id for block in blocks(html) if isinstance(block, Picture)}


def document_ids(html: str) -> set[int]:
    """Return the ids of the documents that cleaned HTML links to."""
    return {int(number) for number in _DOCUMENT.findall(html)}


def count_words(words: str) -> int:
    """Return how many words there are; each Chinese sign counts as one."""
    return len(_WORDS.findall(words))


def is_empty(html: str) -> bool:
    """Tell whether there is neither a word nor a picture."""
    return not blocks(html)
