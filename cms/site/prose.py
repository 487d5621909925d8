"""The bodies of texts as the site shows them: with the files of their pictures, and a button
in the place of what is elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

from flask_babel import gettext as _
from markupsafe import Markup

from cms.content import embeds
from cms.media.models import Image
from cms.site.pictures import picture

# As nh3 writes them: every value in double quotes.
_PICTURE = re.compile(r'<img((?: [\w-]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([\w-]+)="([^"]*)"')
_FIGURE = re.compile(r'<figure((?: [\w-]+="[^"]*")+)>')
_TABLE = re.compile(r"<table(?: [^>]*)?>")
# How wide pictures are shown: within the measure of a text, and on a page for pictures.
NARROW = "(min-width: 46rem) 44rem, calc(100vw - 2.5rem)"
WIDE = "(min-width: 76rem) 72rem, calc(100vw - 2.5rem)"


@dataclass(frozen=True)
class Prose:
    """A body to be shown, and the origins of the frames that it may open."""

    html: Markup
    frames: frozenset[str]


def prose(
    html: str, pictures: Mapping[int, Image], *, first_is_eager: bool, sizes: str = NARROW
) -> Prose:
    """Return a body, which was cleaned just now, with its pictures; one without a file is
    left out."""
    frames: set[str] = set()
    loading = ["lazy", "eager"] if first_is_eager else ["lazy"]

    def show(tag: re.Match[str]) -> str:
        given = _attributes(tag)
        image = pictures.get(int(given["data-picture"]))
        if image is None:
            return ""
        when = loading.pop() if len(loading) > 1 else loading[0]
        return picture(image, "width", sizes=sizes, loading=when, alt=given.get("alt"))

    def offer(tag: re.Match[str]) -> str:
        found = embeds.find(_attributes(tag).get("data-embed", ""))
        if found is None:
            return tag.group()
        frames.add(found.origin)
        return _offer(found)

    shown = _PICTURE.sub(show, html)
    shown = _FIGURE.sub(offer, shown)
    return Prose(Markup(_scrolled(shown)), frozenset(frames))  # noqa: S704 - what was added is escaped


def _attributes(tag: re.Match[str]) -> dict[str, str]:
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag[1])}


def _offer(found: embeds.Embed) -> str:
    """Return what stands in the place of a frame until a reader wants it."""
    return Markup(
        '<figure class="embed" data-embed="{frame}" data-title="{title}">'
        '<div class="embed-offer"><button type="button">{button}</button>'
        '<p>{note} <a href="{address}" rel="noopener">{link}</a></p></div>'
    ).format(
        frame=found.frame,
        title=found.name,
        button=_("Show from %(name)s", name=found.name),
        note=_("%(name)s will learn that you are here.", name=found.name),
        address=found.address,
        link=_("Open there instead"),
    )


def _scrolled(html: str) -> str:
    """Let what is wider than a telephone be moved sideways, by keys too."""
    words = Markup.escape(_("Table"))
    begin = f'<div class="scroll" role="region" aria-label="{words}" tabindex="0">'
    html = _TABLE.sub(lambda tag: begin + tag.group(), html).replace("</table>", "</table></div>")
    return html.replace("<pre>", '<pre tabindex="0">')
