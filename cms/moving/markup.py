"""What WordPress keeps of a text, made into HTML: blocks, shortcodes, lines without tags.

It is not cleaned here: `cms.content.bodies` does that with whatever is saved.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape

import nh3
from bs4 import BeautifulSoup, Tag

from cms.content import embeds
from cms.moving.things import LOCAL

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BLOCKS = re.compile(r"<!-- wp:")
_SHORTCODE = re.compile(
    r"(?P<escaped>\[)?\[(?P<name>[a-zA-Z][\w-]{2,40})(?P<given>(?:\s[^\[\]]*?)?)/?\]"
    r"(?:(?P<inner>(?:(?!\[(?P=name)\b).)*?)\[/(?P=name)\])?(?(escaped)\])",
    re.DOTALL,
)
_GIVEN = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'\]]+))""")
_PRE = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL | re.IGNORECASE)
_BLOCK = re.compile(
    r"\s*</?(?:address|article|aside|blockquote|center|dd|details|div|dl|dt|figcaption|figure|footer|form|"
    r"h[1-6]|header|hr|iframe|li|main|nav|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul)\b",
    re.IGNORECASE,
)
_BARE = re.compile(r"https?://[^\s<>\"]+")
_IMG = re.compile(r"(?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?", re.IGNORECASE)


def from_wordpress(text: str, site: str) -> tuple[str, set[str]]:
    """Return the HTML of a text of the site at that address, and the names of shortcodes that
    stay as text in it."""
    has_blocks = bool(_BLOCKS.search(text))
    unknown: set[str] = set()
    text = _COMMENT.sub("", text)
    text = _SHORTCODE.sub(lambda found: _shortcode(found, unknown), text)
    return tidy(text if has_blocks else paragraphs(text), site), unknown


def paragraphs(text: str) -> str:
    """Put what stands between empty lines into paragraphs, and keep the ends of lines."""
    parts = _PRE.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        part if place % 2 else "\n".join(map(_paragraph, re.split(r"\n\s*\n", part)))
        for place, part in enumerate(parts)
    )


def _paragraph(lines: str) -> str:
    lines = lines.strip()
    if not lines or _BLOCK.match(lines):
        return lines
    return f"<p>{'<br>'.join(line.strip() for line in lines.splitlines())}</p>"


def tidy(html: str, site: str = "") -> str:
    """Return HTML with the tags that bodies have: headings from the second to the fourth
    level, films and maps as they are shown here, or else as links. Addresses without a host
    are of the site at that address."""
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(["script", "style"]):
        tag.decompose()
    for wrong, right in (("h1", "h2"), ("h5", "h4"), ("h6", "h4")):
        for tag in soup.find_all(wrong):
            tag.name = right
    for tag in soup.find_all(["iframe", "video", "audio"]):
        source = tag.get("src") or _first(tag, "source")
        _show(soup, tag, str(source)) if source else tag.unwrap()
    for tag in soup.find_all(["p", "div"]):
        words = tag.get_text().strip()
        if not tag.find() and _BARE.fullmatch(words):
            _show(soup, tag, words)
    for name in ("src", "href"):
        for tag in soup.select(f'[{name}^="/"]:not([{name}^="//"])'):
            tag[name] = f"{site}{tag[name]}"
    return str(soup)


def _first(tag: Tag, name: str) -> str | None:
    found = tag.find(name)
    return str(found.get("src") or "") if isinstance(found, Tag) else None


def _show(soup: BeautifulSoup, tag: Tag, address: str) -> None:
    """Put a video or a map in the place of a tag, in the figure that it stands in if it does;
    a link, if it may not be shown here."""
    figure = tag.find_parent("figure")
    if not embeds.find(address):
        tag.replace_with(_link(soup, address))
    elif figure is None:
        tag.replace_with(soup.new_tag("figure", attrs={"data-embed": address}))
    else:
        figure["data-embed"] = address
        tag.decompose()


def _link(soup: BeautifulSoup, address: str) -> Tag:
    paragraph, link = soup.new_tag("p"), soup.new_tag("a", href=address)
    link.string = address
    paragraph.append(link)
    return paragraph


def words(html: str) -> str:
    """Return text without tags."""
    return " ".join(unescape(nh3.clean(html, tags=set())).split())


# Shortcodes


def _shortcode(found: re.Match[str], unknown: set[str]) -> str:
    name = found["name"].lower()
    if found["escaped"]:
        return escape(found.group()[1:-1], quote=False)
    make = _KNOWN.get(name)
    given = {key.lower(): a or b or c for key, a, b, c in _GIVEN.findall(found["given"])}
    made = make(given, found["inner"] or "") if make else None
    if made is None:
        unknown.add(name)
        return found.group()
    return made


def _caption(given: dict[str, str], inner: str) -> str:
    image = _IMG.search(inner)
    if image is None:
        return inner
    caption = given.get("caption") or (inner[: image.start()] + inner[image.end() :]).strip()
    told = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"\n\n<figure>{image.group()}{told}</figure>\n\n"


def _gallery(given: dict[str, str], _inner: str) -> str | None:
    ids = re.findall(r"\d+", given.get("ids") or given.get("include") or "")
    if not ids:  # all that was uploaded to the post, which is not known yet
        return None
    return "\n\n" + "\n".join(f'<figure><img src="{LOCAL}{i}"></figure>' for i in ids) + "\n\n"


def _embed(given: dict[str, str], inner: str) -> str:
    kinds = ("src", "url", "mp4", "webm", "ogv", "m4v", "mp3", "ogg", "wav", "m4a")
    address = inner.strip() or next((given[key] for key in kinds if key in given), "")
    address = escape(unescape(address))
    if _BARE.fullmatch(address):  # `tidy` sees to it
        return f"\n\n<p>{address}</p>\n\n"
    return f'\n\n<p><a href="{address}">{address}</a></p>\n\n' if address else ""


def _inside(_given: dict[str, str], inner: str) -> str:
    return inner


# What makes HTML of them; None, if it cannot.
_KNOWN: dict[str, Callable[[dict[str, str], str], str | None]] = {
    "caption": _caption,
    "wp_caption": _caption,
    "gallery": _gallery,
    "embed": _embed,
    "video": _embed,
    "audio": _embed,
    "column": _inside,
    "columns": _inside,
}
