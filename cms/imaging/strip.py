"""Taking out of a file what it tells beside its pixels, which stay byte for byte."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from cms.imaging.formats import GIF, JPEG, PNG, WEBP, Format

_MARK = 0xFF  # what every part of a JPEG begins with
_APP0, _APP1, _APP14, _APP15, _COM, _SOS, _EOI = 0xE0, 0xE1, 0xEE, 0xEF, 0xFE, 0xDA, 0xD9
_RESTARTS = range(0xD0, 0xD8)
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"}
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"}
_WEBP_TELLING = 0x2C  # the flags that announce a profile, EXIF, XMP
_WEBP_EXIF = 0x08
_GIF_FRAME, _GIF_EXTENSION, _GIF_END = 0x2C, 0x21, 0x3B
_GIF_KEPT = b"\x21\xf9", b"\x21\xff\x0bNETSCAPE2.0"  # how long frames stay, and how often


def bare(data: bytes, kind: Format, credit: bytes) -> bytes | None:
    """Return a file with no metadata but `credit` (EXIF, or empty); None where there is
    no way for this format, or its parts are not as they should be."""
    way = {JPEG: _jpeg, PNG: _png, WEBP: _webp, GIF: _gif}.get(kind)
    try:
        return b"".join(way(data, credit)) if way else None
    except (IndexError, struct.error, ValueError):
        return None


def _jpeg(data: bytes, credit: bytes) -> Iterator[bytes]:
    yield data[:2]
    place, told = 2, not credit
    while (marker := data[place + 1]) != _EOI:
        if data[place] != _MARK:
            raise ValueError
        end = place + 2 + struct.unpack_from(">H", data, place + 2)[0]
        if not told and marker != _APP0:
            told = True
            yield struct.pack(">BBH", _MARK, _APP1, len(credit) + 2) + credit
        if marker == _SOS:
            end = _end_of_scan(data, end)
        # JFIF, and Adobe's word on how colours are stored, are part of the picture.
        tells = _APP0 < marker <= _APP15 or marker == _COM
        if marker == _APP14 or not tells:
            yield data[place:end]
        place = end
    yield data[place : place + 2]  # what cameras put behind is left out


def _end_of_scan(data: bytes, place: int) -> int:
    while True:
        place = data.index(b"\xff", place)
        if data[place + 1] != 0 and data[place + 1] not in _RESTARTS:
            return place
        place += 2


def _png(data: bytes, credit: bytes) -> Iterator[bytes]:
    yield _PNG_START
    place = len(_PNG_START)
    while True:
        length, name = struct.unpack_from(">I4s", data, place)
        end = place + length + 12
        if name in _PNG_KEPT:
            yield data[place:end]
        if name == b"IHDR" and credit:
            chunk = b"eXIf" + credit.removeprefix(b"Exif\0\0")
            yield struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        if name == b"IEND":
            return
        place = end


def _webp(data: bytes, credit: bytes) -> Iterator[bytes]:
    parts = []
    place = 12
    while place + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        end = place + 8 + length + length % 2
        if name in _WEBP_KEPT:
            parts.append(data[place:end])
        place = end
    if parts[0].startswith(b"VP8X"):
        flags = parts[0][8] & ~_WEBP_TELLING | (_WEBP_EXIF if credit else 0)
        parts[0] = parts[0][:8] + bytes([flags]) + parts[0][9:]
        if credit:
            told = credit.removeprefix(b"Exif\0\0")
            parts.append(struct.pack("<4sI", b"EXIF", len(told)) + told + b"\0" * (len(told) % 2))
    elif credit:
        raise ValueError  # a plain one has no place for it
    yield struct.pack("<4sI4s", b"RIFF", 4 + sum(map(len, parts)), b"WEBP")
    yield from parts


def _gif(data: bytes, credit: bytes) -> Iterator[bytes]:
    if credit:
        raise ValueError  # it has no place for it
    place = _after_palette(13, data[10])
    yield data[:place]
    while (kind := data[place]) != _GIF_END:
        if kind == _GIF_FRAME:
            end = _after_blocks(data, _after_palette(place + 10, data[place + 9]) + 1)
        elif kind == _GIF_EXTENSION:
            end = _after_blocks(data, place + 2)
        else:
            raise ValueError
        if kind == _GIF_FRAME or data.startswith(_GIF_KEPT, place):
            yield data[place:end]
        place = end
    yield b";"


def _after_palette(place: int, flags: int) -> int:
    return place + (3 << ((flags & 7) + 1)) if flags & 0x80 else place


def _after_blocks(data: bytes, place: int) -> int:
    while length := data[place]:
        place += length + 1
    return place + 1
