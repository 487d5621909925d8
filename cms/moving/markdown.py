"""Reading a ZIP of Markdown with pictures.

posts/2024-05-01-harbour.md    an article of the category “posts”
pages/about/team.md            a page below pages/about.md or pages/about/index.md
posts/pics/boat.jpg            a picture, taken where a text shows it
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

import yaml
from bs4 import BeautifulSoup
from charset_normalizer import from_bytes
from markdown_it import MarkdownIt

from cms import clock
from cms.config import settings
from cms.errors import N_, CmsError
from cms.moving import markup, packs
from cms.moving.models import What
from cms.moving.packs import Pack
from cms.moving.things import IN_ZIP, Note, Thing, is_picture, parts_of

LARGEST_TEXT = 2_000_000
_ENDINGS = (".md", ".markdown", ".mdown")
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$\n?", re.DOTALL | re.MULTILINE)
_DATED = re.compile(r"(\d{4}-\d\d-\d\d)[-_](.+)")
_HEADING = re.compile(r"\A\s*#[ \t]+(.+)\n?")
_ENCODINGS = ["gb18030", "big5", "cp1252"]
_INDEX = ("index", "_index", "readme")

_markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class NoTexts(CmsError):
    """Pictures alone, or another kind of ZIP."""

    sentence = N_("There is no Markdown file (.md) in this ZIP.")
    hopeless = True


class UnreadableText(CmsError):
    """Its front matter is not as it should be, or it is no text."""

    sentence = N_("Its front matter cannot be read, at line %(line)s.")


class NoText(CmsError):
    """Bytes that are no text."""

    sentence = N_("It is no text, or too long for one.")


def things(path: Path) -> Iterator[Thing | Note]:
    """Yield what a ZIP holds, in the order of its names. Raises `NoTexts`, and what
    `packs.opened` does."""
    with packs.opened(path) as pack:
        names = [name for name in pack.names() if name.lower().endswith(_ENDINGS)]
        if not names:
            raise NoTexts
        for name in pack.unsafe:
            yield Note(N_("Its name leads out of the ZIP file: it is not read."), title=name)
        yield from _Site(pack, names).things()


class _Site:
    def __init__(self, pack: Pack, names: list[str]) -> None:
        self._pack, self._names = pack, names
        self._top = _wrapping(pack.names())
        self._categories: set[str] = set()
        self._files: set[str] = set()

    def things(self) -> Iterator[Thing | Note]:
        for name in self._names:
            try:
                front, text = self._read(name)
            except CmsError as error:
                yield Thing(What.ARTICLE, name, IN_ZIP + name, name, left=True,
                            notes=[Note(error.sentence, error.facts, name)])  # fmt: skip
                continue
            yield from self._written(name, front, text)

    def _read(self, name: str) -> tuple[dict[str, Any], str]:
        data = b"".join(self._pack.blocks(name, LARGEST_TEXT))
        if len(data) > LARGEST_TEXT or b"\x00" in data:
            raise NoText
        text = _decoded(data)
        found = _FRONT.match(text)
        if found is None:
            return {}, text
        try:
            front = yaml.safe_load(found[1])
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise UnreadableText(line=(mark.line + 2) if mark else 1) from None
        except (yaml.YAMLError, ValueError, RecursionError):
            raise UnreadableText(line=1) from None
        if not isinstance(front, dict | None):
            raise UnreadableText(line=2)
        given = {str(key).lower(): value for key, value in (front or {}).items()}
        return given, text[found.end() :]

    def _written(self, name: str, front: dict[str, Any], text: str) -> Iterator[Thing | Note]:
        place = PurePosixPath(name.removeprefix(self._top))
        is_page = place.parts[0] == "pages" or front.get("type") == "page"
        dated = _DATED.fullmatch(place.stem)
        title, text = _title(front, text, dated[2] if dated else place.stem)
        body = self._with_places(name, markup.tidy(_markdown.render(text)))
        language = front.get("language") or front.get("lang")
        thing = Thing(
            What.PAGE if is_page else What.ARTICLE, name, IN_ZIP + name, title, IN_ZIP + name
        )
        said = front.get("date") or (dated[1] if dated else None)
        at = _moment(said)
        if said and at is None:
            thing.note(N_("Its date “%(date)s” is not understood."), date=str(said))
        thing.data = {
            "slug": _words(front.get("slug")) or _slug(place, dated[2] if dated else place.stem),
            "body": body,
            "summary": _words(front.get("summary") or front.get("description")),
            "status": _status(front, at),
            "date": at.isoformat() if at else None,
            "author": _words(front.get("author")),
            "parent": self._parent(name, place) if is_page else None,
            "categories": [],
            "tags": _list(front.get("tags")),
            "cover": self._cover(name, front),
            "language": _words(language) or None,
        }  # fmt: skip
        if not is_page:
            path = _category(front, place)
            yield from self._shelves(path, thing.data["language"])
            thing.data["categories"] = [_shelf(path, thing.data["language"])] if path else []
        yield from self._shown(thing)
        yield thing

    def _with_places(self, name: str, body: str) -> str:
        """Return a body with the addresses of what is in the ZIP, wherever a text stands."""
        soup = BeautifulSoup(body, "html.parser")
        for tag in soup.find_all(["img", "a"]):
            attribute = "src" if tag.name == "img" else "href"
            tag[attribute] = self._place(name, str(tag.get(attribute) or ""))
        return str(soup)

    def _place(self, name: str, address: str) -> str:
        parts = parts_of(address)
        if parts.scheme or parts.netloc or not parts.path:
            return address
        path = unquote(parts.path)
        start = self._top if path.startswith("/") else posixpath.dirname(name)
        found = posixpath.normpath(posixpath.join(start, path.lstrip("/")))
        part = f"#{parts.fragment}" if parts.fragment else ""
        return IN_ZIP + quote(found if found in self._pack else self._text_at(found)) + part

    def _text_at(self, path: str) -> str:
        """Return the file of a text that is linked to as a site would have it: `../about/`."""
        stem = path.removesuffix(".html").removesuffix("/index")
        tries = [stem + ending for ending in _ENDINGS]
        tries += [f"{stem}/{index}{ending}" for index in _INDEX for ending in _ENDINGS]
        return next((one for one in tries if one in self._pack), path)

    def _parent(self, name: str, place: PurePosixPath) -> str | None:
        """Return the page that a page stands below: that of its folder, or of one above."""
        folder = place.parent.parent if place.stem.lower() in _INDEX else place.parent
        while folder.parts and folder.parts != ("pages",):
            found = self._text_at(f"{self._top}{folder}")
            if found in self._pack and found != name:
                return IN_ZIP + found
            folder = folder.parent
        return None

    def _cover(self, name: str, front: dict[str, Any]) -> str | None:
        given = _words(front.get("cover") or front.get("image"))
        return unquote(self._place(name, given)) if given else None

    def _shelves(self, path: str, language: str | None) -> Iterator[Thing]:
        parts = path.split("/") if path else []
        for count in range(1, len(parts) + 1):
            local = _shelf("/".join(parts[:count]), language)
            if local not in self._categories:
                self._categories.add(local)
                above = _shelf("/".join(parts[: count - 1]), language) if count > 1 else None
                data = {"slug": "", "parent": above, "language": language}
                yield Thing(What.CATEGORY, local, local, parts[count - 1], data=data)

    def _shown(self, thing: Thing) -> Iterator[Thing]:
        """Yield the pictures of the ZIP that a text shows, and the documents that it links to,
        each once."""
        soup = BeautifulSoup(thing.data["body"], "html.parser")
        shown = [unquote(str(tag["src"])) for tag in soup.find_all("img")]
        linked = [unquote(str(tag["href"])).partition("#")[0] for tag in soup.find_all("a")]
        for what, address in (
            *((What.PICTURE, one) for one in (*shown, thing.data["cover"] or "")),
            *((What.DOCUMENT, one) for one in linked if not is_picture(one)),
        ):
            path = address.removeprefix(IN_ZIP)
            is_file = path in self._pack and not path.lower().endswith(_ENDINGS)
            if address.startswith(IN_ZIP) and is_file and path not in self._files:
                self._files.add(path)
                title = posixpath.basename(path)
                yield Thing(what, path, address, title, address, data={"path": path})


def _wrapping(names: list[str]) -> str:
    """Return the folder that a site was put into to make a ZIP of it, with its slash: the only
    one at the top, if others stand below it; “posts” and “pages” are what is in a site."""
    top = names[0].partition("/")[0]
    is_only = all(name.startswith(f"{top}/") for name in names)
    holds_folders = any(name.count("/") > 1 for name in names)
    return f"{top}/" if is_only and holds_folders and top not in ("posts", "pages") else ""


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        found = from_bytes(data, cp_isolation=_ENCODINGS).best()
        if found is None:
            raise NoText from None
        return str(found)


def _title(front: dict[str, Any], text: str, stem: str) -> tuple[str, str]:
    """Return the title of a text, and the text without a first heading that says it."""
    heading = _HEADING.match(text)
    given = _words(front.get("title"))
    if heading and given in ("", said := _without_closing(heading[1].strip())):
        return said, text[heading.end() :]
    return given or stem.replace("-", " ").replace("_", " ").strip().capitalize(), text


def _without_closing(heading: str) -> str:
    """Return a heading without the signs that may close it, which stand after a space: those of
    “C#” are its own."""
    words = heading.rstrip("#")
    return words.rstrip() if words.endswith((" ", "\t")) else heading


def _slug(place: PurePosixPath, stem: str) -> str:
    """Return what a text is called in addresses: by its folder, if it is the first in it."""
    return place.parent.name if stem.lower() in _INDEX and place.parent.name else stem


def _status(front: dict[str, Any], at: datetime | None) -> str:
    if front.get("draft") or front.get("published") is False:
        return "draft"
    return "future" if at and at > clock.now() else "publish"


def _category(front: dict[str, Any], place: PurePosixPath) -> str:
    given = front.get("category") or front.get("categories")
    given = (given or [""])[0] if isinstance(given, list) else given
    path = _words(given) if given else "/".join(place.parts[:-1])
    return "/".join(part.strip() for part in path.split("/") if part.strip())


def _shelf(path: str, language: str | None) -> str:
    return f"category:{language or ''}:{path}"


def _moment(value: Any) -> datetime | None:
    """Return a moment; one that names no zone is of the clocks here."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, date):
        return None
    here = ZoneInfo(settings().time_zone)
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=here)
    return value if value.tzinfo else value.replace(tzinfo=here)


def _words(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    # YAML can spell what no database keeps: NUL, half of a character.
    return "".join(sign for sign in " ".join(str(value).split()) if sign.isprintable())


def _list(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else str(value or "").split(",")
    return [word for part in parts if (word := _words(part))]
