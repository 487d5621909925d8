"""Videos and maps of others, that a text may show: only of those listed here, and of these
only whom `CMS_EMBEDS` names.

A text keeps the address that people copy. The site shows a button first: until a reader
presses it, nobody but this site knows what is read here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from cms.config import settings
from cms.content.errors import AtField
from cms.errors import N_

LONGEST = 500


class NotShown(AtField):
    """An address of somebody else, or of a page that is neither video nor map."""

    sentence = N_("Give the address of a video or a map of %(names)s, as the browser shows it.")
    field = "address"


@dataclass(frozen=True)
class Embed:
    """A thing of elsewhere: whose it is in words, its own page, and what a frame shows.

    `origin` is where the frame is from, for the page's policy.
    """

    provider: str
    name: str
    address: str
    frame: str
    origin: str


@dataclass(frozen=True)
class _Provider:
    name: str
    address: re.Pattern[str]
    frame: Callable[[re.Match[str]], str]


def _map(match: re.Match[str]) -> str:
    """Return the frame of a place: OpenStreetMap asks for its corners."""
    zoom, latitude, longitude = int(match[1]), float(match[2]), float(match[3])
    half = 360 / 2 ** min(zoom, 19)
    across, up = half, half * 0.6 * max(math.cos(math.radians(latitude)), 0.1)
    corners = (longitude - across, latitude - up, longitude + across, latitude + up)
    box = "%2C".join(f"{corner:.5f}" for corner in corners)
    marker = f"{latitude:.5f}%2C{longitude:.5f}"
    return (
        f"https://www.openstreetmap.org/export/embed.html?bbox={box}&layer=mapnik&marker={marker}"
    )


_PROVIDERS = {
    "youtube": _Provider(
        "YouTube",
        re.compile(
            r"https://(?:(?:www\.|m\.)?youtube\.com/(?:watch\?v=|shorts/|embed/|live/)|youtu\.be/)"
            r"([\w-]{11})(?:[?&][\w=&.-]*)?"
        ),
        lambda match: f"https://www.youtube-nocookie.com/embed/{match[1]}?autoplay=1",
    ),
    "vimeo": _Provider(
        "Vimeo",
        re.compile(r"https://(?:www\.|player\.)?vimeo\.com/(?:video/)?(\d{5,12})"),
        lambda match: f"https://player.vimeo.com/video/{match[1]}?dnt=1&autoplay=1",
    ),
    "bilibili": _Provider(
        "哔哩哔哩",
        re.compile(r"https://(?:www\.|m\.)?bilibili\.com/video/(BV\w{10})/?(?:\?[\w=&.%-]*)?"),
        lambda match: f"https://player.bilibili.com/player.html?bvid={match[1]}&autoplay=1",
    ),
    "openstreetmap": _Provider(
        "OpenStreetMap",
        re.compile(
            r"https://www\.openstreetmap\.org/(?:\?[\w=&.-]*)?"
            r"#map=(\d{1,2})/(-?\d{1,2}(?:\.\d{1,8})?)/(-?\d{1,3}(?:\.\d{1,8})?)"
        ),
        _map,
    ),
}


def names() -> list[str]:
    """Return whose videos and maps can be shown, as people call them."""
    return [_PROVIDERS[key].name for key in settings().embeds]


def check(address: str) -> Embed:
    """Return what is at an address. Raises `NotShown`."""
    found = find(address)
    if found is None:
        raise NotShown(names=", ".join(names()))
    return found


def find(address: str) -> Embed | None:
    """Return what is at an address; None where it is nobody's who is allowed."""
    address = address.strip()
    if len(address) > LONGEST or not address.isascii():
        return None
    for key in settings().embeds:
        provider = _PROVIDERS[key]
        if match := provider.address.fullmatch(address):
            frame = provider.frame(match)
            origin = "/".join(frame.split("/", 3)[:3])
            return Embed(key, provider.name, address, frame, origin)
    return None
