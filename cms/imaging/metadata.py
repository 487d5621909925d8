"""What a file tells beside its pixels: whose it is, which stays, and where it was taken."""

from __future__ import annotations

import html
import re
from typing import Any

from PIL import Image, IptcImagePlugin

from cms.imaging import headers, probe

_COPYRIGHT, _ARTIST, _BITS, _EXIF_IFD, _GPS_IFD = 0x8298, 0x013B, 0x0102, 0x8769, 0x8825
_LONGEST_CREDIT = 500
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Where each is told: in IPTC as record and number, in XMP as an element.
_ELSEWHERE = {
    _COPYRIGHT: ([(2, 116)], [b"dc:rights"]),
    _ARTIST: ([(2, 80), (2, 110)], [b"dc:creator", b"photoshop:Credit"]),
}
_WIDE = {"I;16": 16, "I;16B": 16, "I;16L": 16, "I": 16, "F": 32}


def credit(image: Image.Image) -> bytes:
    """Return EXIF that says who made the picture and who owns it, and nothing else.

    It comes from EXIF, or else from IPTC or XMP; empty where nothing is said.
    """
    told = Image.Exif()
    for tag in (_COPYRIGHT, _ARTIST):
        if words := _from_exif(image, tag) or _from_iptc(image, tag) or _from_xmp(image, tag):
            told[tag] = words[:_LONGEST_CREDIT]
    return told.tobytes() if len(told) else b""


def has_location(image: Image.Image) -> bool:
    """Tell whether the file says where the picture was taken."""
    if any(mark in _xmp(image) for mark in (b"GPSLatitude", b"GPSLongitude")):
        return True
    try:
        return any(tag in probe.exif(image).get_ifd(_GPS_IFD) for tag in (2, 4))
    except Exception:  # noqa: BLE001 - malformed EXIF never stops a picture
        return False


def is_exif_broken(image: Image.Image) -> bool:
    """Tell whether there is EXIF that cannot be read, or only in part."""
    raw = image.info.get("exif", b"")
    try:
        found = probe.exif(image)
        parts = [dict(found), found.get_ifd(_EXIF_IFD), found.get_ifd(_GPS_IFD)]
    except Exception:  # noqa: BLE001 - whatever the parser stumbles over
        return True
    if not isinstance(raw, bytes) or not raw:
        return False
    return not raw.removeprefix(b"Exif\0\0").startswith(_TIFF_STARTS) or not any(parts)


def bits(image: Image.Image) -> int:
    """Return the bits of a pixel's channel, as stored."""
    if image.mode in _WIDE:
        return _WIDE[image.mode]
    found: Any = image.info.get("bit_depth")  # HEIC
    if image.format == "TIFF":
        found = max(getattr(image, "tag_v2", {}).get(_BITS, (8,)))
    file = getattr(image, "fp", None)
    if image.format == "PNG" and file and (header := headers.png_chunk(file, b"IHDR")):
        found = header[8]
    return found if isinstance(found, int) else 8


def _from_exif(image: Image.Image, tag: int) -> bytes:
    try:
        words = probe.exif(image).get(tag)
    except Exception:  # noqa: BLE001 - malformed EXIF never stops a picture
        return b""
    # Read and written byte by byte: most programs mean UTF-8, and © is not ASCII.
    return words.strip("\0 ").encode("latin-1", "replace") if isinstance(words, str) else b""


def _from_iptc(image: Image.Image, tag: int) -> bytes:
    try:
        told = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - as for EXIF
        return b""
    found = next((told[place] for place in _ELSEWHERE[tag][0] if place in told), b"")
    return (found[0] if isinstance(found, list) else found).strip(b"\0 ")


def _from_xmp(image: Image.Image, tag: int) -> bytes:
    for name in _ELSEWHERE[tag][1]:
        element = rb"<%s>(.{1,2000}?)</%s>" % (name, name)
        if found := re.search(element, _xmp(image), re.DOTALL):
            words = re.sub(rb"<[^>]*>", b"", found[1]).decode(errors="replace")
            return html.unescape(words).strip().encode()
    return b""


def _xmp(image: Image.Image) -> bytes:
    xmp = image.info.get("xmp", b"")
    return xmp if isinstance(xmp, bytes) else b""
