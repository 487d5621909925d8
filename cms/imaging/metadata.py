"""What a file tells beside its pixels: whose it is, which stays, and where it was taken."""

from __future__ import annotations

import re
from typing import Any

from PIL import Image, IptcImagePlugin

from cms.imaging import headers, probe

_COPYRIGHT, _ARTIST, _BITS, _EXIF_IFD, _GPS_IFD = 0x8298, 0x013B, 0x0102, 0x8769, 0x8825
_GPS_PLACE = (2, 4)  # latitude and longitude
_LONGEST_CREDIT = 500
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Where each is told: in IPTC as record and number, in XMP as an element.
_ELSEWHERE = {
    _COPYRIGHT: ([(2, 116)], [b"dc:rights"]),
    _ARTIST: ([(2, 80), (2, 110)], [b"dc:creator", b"photoshop:Credit"]),
}
_WIDE = {"I;16": 16, "I;16B": 16, "I;16L": 16, "I": 16, "F": 32}


class Told:
    """The metadata of an opened picture. What is malformed counts as not there."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self.is_exif_broken = False
        self._exif, self._gps = self._read()
        xmp = image.info.get("xmp")
        self._xmp = xmp if isinstance(xmp, bytes) else b""

    @property
    def credit(self) -> bytes:
        """EXIF that says who made the picture and who owns it, and nothing else.

        It comes from EXIF, or else from IPTC or XMP; empty where nothing is said.
        """
        told = Image.Exif()
        for tag in (_COPYRIGHT, _ARTIST):
            if words := self._from_exif(tag) or self._from_iptc(tag) or self._from_xmp(tag):
                told[tag] = words[:_LONGEST_CREDIT]
        return told.tobytes() if len(told) else b""

    @property
    def has_location(self) -> bool:
        """Whether it says where the picture was taken."""
        return any(tag in self._gps for tag in _GPS_PLACE) or any(
            mark in self._xmp for mark in (b"GPSLatitude", b"GPSLongitude")
        )

    def _read(self) -> tuple[dict[int, Any], dict[int, Any]]:
        raw = self._image.info.get("exif", b"")
        try:
            found = probe.exif(self._image)
            told, gps = dict(found), dict(found.get_ifd(_GPS_IFD))
            parts = (told, gps, found.get_ifd(_EXIF_IFD))
        except Exception:  # noqa: BLE001 - whatever the parser stumbles over
            self.is_exif_broken = True
            return {}, {}
        if isinstance(raw, bytes) and raw:
            starts = raw.removeprefix(b"Exif\0\0").startswith(_TIFF_STARTS)
            self.is_exif_broken = not starts or not any(parts)
        return told, gps

    def _from_exif(self, tag: int) -> bytes:
        words = self._exif.get(tag)
        # Read and written byte by byte: most programs mean UTF-8, and © is not ASCII.
        return words.strip("\0 ").encode("latin-1", "replace") if isinstance(words, str) else b""

    def _from_iptc(self, tag: int) -> bytes:
        try:
            told = IptcImagePlugin.getiptcinfo(self._image) or {}  # type: ignore[arg-type]
        except Exception:  # noqa: BLE001 - as for EXIF
            return b""
        found = next((told[place] for place in _ELSEWHERE[tag][0] if place in told), b"")
        return (found[0] if isinstance(found, list) else found).strip(b"\0 ")

    def _from_xmp(self, tag: int) -> bytes:
        for name in _ELSEWHERE[tag][1]:
            element = rb"<%s>(.{1,2000}?)</%s>" % (name, name)
            if found := re.search(element, self._xmp, re.DOTALL):
                words = re.sub(rb"<[^>]*>", b"", found[1]).decode(errors="replace")
                from html import unescape  # noqa: PLC0415 - 2,000 names of characters, rarely met

                return unescape(words).strip().encode()
        return b""


def bits(image: Image.Image) -> int:
    """Return the bits of a pixel's channel, as stored; 8 where that is not to be known."""
    if image.mode in _WIDE:
        return _WIDE[image.mode]
    found: Any = image.info.get("bit_depth")  # HEIC
    if image.format == "TIFF":
        found = getattr(image, "tag_v2", {}).get(_BITS)
        found = max(found, default=None) if isinstance(found, tuple) else found
    file = getattr(image, "fp", None)
    if image.format == "PNG" and file:
        header = headers.png_chunk(file, b"IHDR") or b""
        found = next(iter(header[8:]), None)
    return found if isinstance(found, int) else 8
