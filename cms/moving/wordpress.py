"""Reading a WordPress export (WXR), thing by thing, however long it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from cms.errors import N_, CmsError
from cms.moving import markup
from cms.moving.models import What
from cms.moving.things import LOCAL, Note, Thing, is_picture, key_of, parts_of

# What XML has no place for, and WordPress writes all the same.
_UNWANTED = bytes(set(range(32)) - {9, 10, 13})
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_STATES = {
    "publish": "publish",
    "future": "future",
    "draft": "draft",
    "pending": "review",
    "private": "draft",
}
_TEXTS = {"post": What.ARTICLE, "page": What.PAGE}
_NEVER = "0000-00-00 00:00:00"
_PREFIX = "{http://wordpress.org/export/"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/"


class NotWordPress(CmsError):
    """Another kind of XML, or none."""

    sentence = N_(
        "This is not a WordPress export. In WordPress, choose “Tools → Export → All content”."
    )
    hopeless = True


class BrokenExport(CmsError):
    """It was cut off, or is not in the encoding that it names."""

    sentence = N_(
        "This WordPress export cannot be read from line %(line)s on. Nothing was imported: "
        "download it from WordPress once more."
    )
    hopeless = True


class UnsafeXml(CmsError):
    """It declares entities, which no export does."""

    sentence = N_("This file declares entities, which could fill the memory. It is not read.")
    hopeless = True


def things(path: Path) -> Iterator[Thing | Note]:
    """Yield what an export holds, authors and comments aside, in its order.

    Raises `NotWordPress`, `BrokenExport` or `UnsafeXml`.
    """
    try:
        with path.open("rb") as file:
            yield from _Export(file).things()
    except DefusedXmlException:
        raise UnsafeXml from None
    except ParseError as error:
        line, column = error.position
        raise (NotWordPress() if (line, column) <= (1, 0) else BrokenExport(line=line)) from None
    except (LookupError, UnicodeError):
        raise BrokenExport(line=1) from None


def site_of(path: Path) -> str:
    """Return the address of the site that was exported, as what it is known again by."""
    with path.open("rb") as file:
        export = _Export(file)
        with suppress(ParseError, DefusedXmlException, LookupError, UnicodeError, NotWordPress):
            next(export.things(), None)  # whoever reads it to the end says what is wrong
        return export.site


class _Cleaned:
    """A file without the control characters that would end its reading."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._first = file, True
        self._wide = False

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        if self._first:
            self._first, self._wide = False, data.startswith(_WIDE)
        if self._wide or not data:
            return data
        return data.translate(None, _UNWANTED) or b"\n"


class _Export:
    def __init__(self, file: BinaryIO) -> None:
        self.site = self._root = ""
        self._hosts: set[str] = set()
        self._file = _Cleaned(file)
        self._mails: dict[str, str] = {}
        self._categories: set[str] = set()
        self._refs: set[str] = set()
        self._left: Counter[str] = Counter()
        self._comments = 0
        self._is_export = False

    def things(self) -> Iterator[Thing | Note]:
        depth, channel = 0, None
        for event, element in iterparse(self._file, events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if event == "start":
                if depth == 1 and element.tag != "rss":
                    raise NotWordPress
                channel = element if depth == 2 else channel  # noqa: PLR2004 - rss, channel
            elif depth == 2 and channel is not None:  # noqa: PLR2004 - what stands in the channel
                yield from self._in_channel(element)
                channel.remove(element)
        if not self._is_export:
            raise NotWordPress
        yield from self._told_at_the_end()

    def _in_channel(self, element: Element) -> Iterator[Thing | Note]:
        name, text = _name(element), (element.text or "").strip()
        if name == "wp:wxr_version":
            self._is_export = True
        elif name in ("link", "wp:base_site_url", "wp:base_blog_url"):
            self._found(text)
        elif name == "wp:author":
            self._mails[_text(element, "wp:author_login")] = _text(element, "wp:author_email")
        elif name == "wp:category":
            slug = _text(element, "wp:category_nicename")
            yield self._category(slug, _text(element, "wp:cat_name"),
                                 _text(element, "wp:category_parent"))  # fmt: skip
        elif name == "item":
            if not self._is_export:
                raise NotWordPress
            yield from self._item(element)

    def _found(self, address: str) -> None:
        """Keep where the site was; what is said last is most its own."""
        parts = parts_of(address)
        if parts.hostname:
            self._hosts.add(parts.hostname)
            self._root = f"{parts.scheme}://{parts.netloc}"
            self.site = f"{parts.hostname}{parts.path.rstrip('/')}"

    def _category(self, slug: str, title: str, parent: str = "") -> Thing:
        self._categories.add(slug)
        local = f"category:{slug}"
        data = {"slug": unquote(slug), "parent": f"category:{parent}" if parent else None}
        return Thing(What.CATEGORY, local, local, markup.words(title) or unquote(slug), data=data)

    def _item(self, item: Element) -> Iterator[Thing | Note]:
        kind, state = _text(item, "wp:post_type"), _text(item, "wp:status")
        if kind == "attachment":
            yield from self._attachment(item)
        elif kind in _TEXTS and state in _STATES:
            for given in item.iter("category"):
                slug = given.get("nicename", "")
                if given.get("domain") == "category" and slug not in self._categories:
                    yield self._category(slug, given.text or "")
            yield self._written(item, kind, state)
        else:
            self._left[state if kind in _TEXTS else kind] += 1

    def _named(self, item: Element) -> dict[str, Any]:
        number, guid = _text(item, "wp:post_id"), _text(item, "guid")
        ref = guid or f"post {number}"
        if ref in self._refs:
            ref = f"{ref} {number}"
        self._refs.add(ref)
        return {"ref": ref, "local": LOCAL + number}

    def _attachment(self, item: Element) -> Iterator[Thing]:
        url = _text(item, "wp:attachment_url") or _text(item, "guid")
        data = {"url": url, "alt": _meta(item).get("_wp_attachment_image_alt", "")}
        title = markup.words(_text(item, "title"))
        what, address = What.PICTURE if is_picture(url) else What.DOCUMENT, key_of(url, self.site)
        yield Thing(what, **self._named(item), title=title, address=address, data=data)

    def _written(self, item: Element, kind: str, state: str) -> Thing:
        link, meta = _text(item, "link"), _meta(item)
        body, unknown = markup.from_wordpress(_text(item, "content"), self._root)
        title, address = markup.words(_text(item, "title")), key_of(link, self.site)
        thing = Thing(_TEXTS[kind], **self._named(item), title=title, address=address, data={
            "slug": unquote(_text(item, "wp:post_name")),
            "body": body,
            "summary": markup.words(_text(item, "excerpt")),
            "status": _STATES[state],
            "date": _date(item, "wp:post_date"),
            "modified": _date(item, "wp:post_modified"),
            "author": self._mails.get(_text(item, "creator"), ""),
            "parent": _number(item, "wp:post_parent"),
            "categories": [f"category:{slug}" for slug in _terms(item, "category", "nicename")],
            "tags": _terms(item, "post_tag"),
            "cover": LOCAL + meta["_thumbnail_id"] if "_thumbnail_id" in meta else None,
            "seo_title": markup.words(meta.get("_yoast_wpseo_title", "")),
            "seo_description": markup.words(meta.get("_yoast_wpseo_metadesc", "")),
            "redirect": self._old_path(link),
        })  # fmt: skip
        if unknown:
            names = ", ".join(f"[{name}]" for name in sorted(unknown))
            thing.note(N_("These shortcodes are not known here, and stay as text: %(names)s."),
                       names=names)  # fmt: skip
        if state == "private":
            thing.note(N_("It was private, and is a draft here."))
        elif _text(item, "wp:post_password"):
            thing.data["status"] = "draft"
            thing.note(N_("It had a password, and is a draft here."))
        self._comments += sum(1 for _comment in item.iter() if _name(_comment) == "wp:comment")
        return thing

    def _old_path(self, link: str) -> str | None:
        parts = parts_of(link)
        path = unquote(parts.path).rstrip("/")
        return path if path and not parts.query and parts.hostname in self._hosts else None

    def _told_at_the_end(self) -> Iterator[Note]:
        for kind, count in sorted(self._left.items()):
            yield Note(
                N_("%(count)s of the kind “%(kind)s” are not taken."),
                {"count": count, "kind": kind},
            )
        if self._comments:
            yield Note(N_("%(count)s comments are not taken."), {"count": self._comments})


def _name(element: Element) -> str:
    """Return what an element is called here; one of plugins as it stands: `atom:link` is no link
    of the site."""
    space, _brace, name = element.tag.rpartition("}")
    if space.startswith(_PREFIX):
        return "excerpt" if "excerpt" in space else f"wp:{name}"
    if space.endswith("/content/"):
        return "content"
    return name if space in ("", _DUBLIN_CORE) else element.tag


def _text(element: Element, name: str) -> str:
    found = next((child for child in element if _name(child) == name), None)
    return ("" if found is None else found.text or "").strip()


def _meta(item: Element) -> dict[str, str]:
    return {
        _text(meta, "wp:meta_key"): _text(meta, "wp:meta_value")
        for meta in item
        if _name(meta) == "wp:postmeta"
    }


def _terms(item: Element, domain: str, attribute: str | None = None) -> list[str]:
    terms = [term for term in item.iter("category") if term.get("domain") == domain]
    return [(term.get(attribute, "") if attribute else term.text or "").strip() for term in terms]


def _number(item: Element, name: str) -> str | None:
    number = _text(item, name)
    return None if number in ("", "0") else LOCAL + number


def _date(item: Element, name: str) -> str | None:
    """Return a date in UTC; one of a draft has only that of the clock on the wall."""
    for text in (_text(item, f"{name}_gmt"), _text(item, name)):
        if text and text != _NEVER:
            try:
                return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat()
            except ValueError:
                continue
    return None
