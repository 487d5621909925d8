"""Colour profiles made by hand, so that the right colours are known without them."""

from __future__ import annotations

import struct
from itertools import product

from PIL import ImageCms

# What red, green and blue are in each space: XYZ, adapted to D50 as profiles want it.
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
DISPLAY_P3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
ADOBE_GAMMA = 563 / 256


def adobe_rgb() -> bytes:
    return _rgb(ADOBE_RGB, ADOBE_GAMMA)


def display_p3() -> bytes:
    return _rgb(DISPLAY_P3)


def _rgb(primaries, gamma=None) -> bytes:
    """sRGB's profile with other primaries and, if given, a plain exponent as its curve."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = _tags(profile)
    for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True):
        profile[places[name] + 8 : places[name] + 20] = _fixed(*xyz)
    if gamma:
        for name in (b"rTRC", b"gTRC", b"bTRC"):  # a parametric curve: exponent, a, b, c, d
            profile[places[name] + 12 : places[name] + 32] = _fixed(gamma, 1, 0, 0, 0)
    return bytes(profile)


# What each ink prints on white paper, as L*, a*, b*. On one another they are black.
INKS = {
    (0, 0, 0, 0): (100, 0, 0),
    (1, 0, 0, 0): (60, -30, -40),
    (0, 1, 0, 0): (50, 60, 0),
    (0, 0, 1, 0): (88, -5, 70),
    (1, 1, 0, 0): (30, 20, -45),
    (1, 0, 1, 0): (55, -50, 25),
    (0, 1, 1, 0): (50, 55, 45),
    (0, 0, 0, 1): (20, 0, 0),
}


def inks():
    """A printer's profile: cyan, magenta, yellow and black, by `INKS` alone."""
    grid = b"".join(_lab(*INKS.get(mix, (0, 0, 0))) for mix in product((0, 1), repeat=4))
    straight = bytes(range(256))
    table = struct.pack(">4s4x4B", b"mft1", 4, 3, 2, 0)
    table += _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + straight * 4 + grid + straight * 3
    words = struct.pack(">4s4xI", b"desc", 5) + b"Inks\0" + bytes(78)
    return _profile(
        b"prtrCMYKLab ",
        {
            b"desc": words,
            b"wtpt": b"XYZ \0\0\0\0" + _fixed(0.9642, 1, 0.8249),
            b"cprt": b"text\0\0\0\0none\0",
            b"A2B0": table,
        },
    )


def _profile(kind: bytes, tags: dict[bytes, bytes]) -> bytes:
    place = 128 + 4 + 12 * len(tags)
    entries, contents = b"", b""
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        entries += struct.pack(">4s2I", name, place + len(contents), len(content))
        contents += padded
    whole = struct.pack(">I4sI12s", place + len(contents), bytes(4), 0x0240_0000, kind)
    whole += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    whole += _fixed(0.9642, 1, 0.8249)
    return whole + bytes(128 - len(whole)) + struct.pack(">I", len(tags)) + entries + contents


def _tags(profile: bytes | bytearray) -> dict[bytes, int]:
    """Where each part of a profile begins."""
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = struct.iter_unpack(">4s2I", bytes(profile[132 : 132 + 12 * count]))
    return {name: place for name, place, _size in entries}


def _fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65_536) for number in numbers))


def _lab(lightness: int, a: int, b: int) -> bytes:
    return bytes((round(lightness * 2.55), a + 128, b + 128))
