"""Damage to files, as disks, networks and people with bad intentions do it."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

# What lengths and sizes are set to: where arithmetic wraps, and where memory ends.
_TELLING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
_HEADER = 512
_MOST_BITS = 16
_LONGEST_STRETCH = 256

Mutation = Callable[[bytearray, bytes, random.Random], None]


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Return the file damaged in one to three ways; `other` is a file to splice with."""
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        if damaged:
            chance.choice(MUTATIONS)(damaged, other, chance)
    return bytes(damaged)


def _flip(data: bytearray, _other: bytes, chance: random.Random) -> None:
    for _ in range(chance.randint(1, _MOST_BITS)):
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _cut_short(data: bytearray, _other: bytes, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def _cut_out(data: bytearray, _other: bytes, chance: random.Random) -> None:
    place = _place(data, chance)
    del data[place : place + _length(chance)]


def _overwrite(data: bytearray, _other: bytes, chance: random.Random) -> None:
    place, length = _place(data, chance), _length(chance)
    what = chance.choice((b"\0" * length, b"\xff" * length, chance.randbytes(length)))
    data[place : place + length] = what[: len(data) - place]


def _repeat(data: bytearray, _other: bytes, chance: random.Random) -> None:
    place, length = _place(data, chance), _length(chance)
    data[place:place] = data[place : place + length] * chance.randint(1, 50)


def _splice(data: bytearray, other: bytes, chance: random.Random) -> None:
    if other:
        start = chance.randrange(len(other))
        place = _place(data, chance)
        data[place : place + _length(chance)] = other[start : start + _length(chance)]


def _swap_tail(data: bytearray, other: bytes, chance: random.Random) -> None:
    place = _place(data, chance)
    data[place:] = other[place:]


def _set_number(data: bytearray, _other: bytes, chance: random.Random) -> None:
    """Set two or four bytes, which may be a length or a size, to a telling number."""
    form, mask = chance.choice(((">H", 0xFFFF), ("<H", 0xFFFF), (">I", -1), ("<I", -1)))
    number = chance.choice(_TELLING) & mask
    place = _place(data, chance)
    packed = struct.pack(form, number)
    data[place : place + len(packed)] = packed[: len(data) - place]


def _place(data: bytearray, chance: random.Random) -> int:
    """Return a place in the file; one in three is in its header, where more hangs on it."""
    return chance.randrange(min(len(data), chance.choice((_HEADER, len(data), len(data)))))


def _length(chance: random.Random) -> int:
    return chance.randint(1, _LONGEST_STRETCH)


MUTATIONS: tuple[Mutation, ...] = (
    _flip,
    _cut_short,
    _cut_out,
    _overwrite,
    _repeat,
    _splice,
    _swap_tail,
    _set_number,
)
