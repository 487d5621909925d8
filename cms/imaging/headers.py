"""What a few kinds of file say of themselves, where Pillow would decode or set
memory aside before it tells."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from cms.imaging.geometry import Size

_HEAD = 65_536
# Blocks of usual size would make hundreds of megabytes. A file of more was made to keep
# us busy; what stands behind them is not looked at.
_MOST_BLOCKS = 1_000_000
_GIF_PALETTE_FOLLOWS = 0x80
_ISPE = re.compile(rb"ispe\0\0\0\0(.{8})", re.DOTALL)


def declared(file: BinaryIO, most_frames: int) -> tuple[Size, int]:
    """Return the canvas in pixels and the number of frames, as a header declares them.

    Counting stops one after `most_frames`. Kinds that Pillow can safely be
    asked about come back as one frame of no size. The file is left at its start.
    """
    file.seek(0)
    head = file.read(_HEAD)
    try:
        if head.startswith(b"GIF8"):
            return _gif(file, most_frames)
        if head.startswith(b"RIFF"):
            return _webp(head), 1
        if head[4:8] == b"ftyp":
            return _heif(head), 1
    except struct.error:
        pass  # cut short: for the decoder to say
    finally:
        file.seek(0)
    return (0, 0), 1


def png_chunk(file: BinaryIO, wanted: bytes) -> bytes | None:
    """Return the content of the first PNG chunk of that name, at most 64 KiB of it."""
    before = file.tell()
    try:
        file.seek(8)
        for _ in range(_MOST_BLOCKS):
            length, name = struct.unpack(">I4s", file.read(8))
            if name == wanted:
                return file.read(min(length, _HEAD))
            file.seek(length + 4, 1)
    except struct.error:
        pass  # the end of the file
    finally:
        file.seek(before)
    return None


def _gif(file: BinaryIO, most_frames: int) -> tuple[Size, int]:
    file.seek(6)
    canvas: Size = struct.unpack("<2H", file.read(4))
    # Pillow makes the canvas as large as what the first frame covers.
    corners = list(islice(_gif_frames(file), most_frames + 1))
    width, height = (max(sides) for sides in zip(canvas, *corners, strict=True))
    return (width, height), len(corners)


def _gif_frames(file: BinaryIO) -> Iterator[Size]:
    """Yield the lower right corner of each frame's area, from the screen's flags on."""
    blocks = iter(range(_MOST_BLOCKS))
    (flags,) = struct.unpack("<B2x", file.read(3))
    _skip_palette(file, flags)
    for _ in blocks:
        kind = file.read(1)
        if kind in (b"", b";"):
            return
        if kind == b",":
            area = file.read(9)
            if len(area) < 9:  # noqa: PLR2004 - its end is missing
                return
            left, top, width, height, flags = struct.unpack("<4HB", area)
            yield left + width, top + height
            _skip_palette(file, flags)
        elif kind != b"!":
            continue
        file.seek(1, 1)  # the code size, or the extension's name
        _skip_blocks(file, blocks)


def _skip_palette(file: BinaryIO, flags: int) -> None:
    if flags & _GIF_PALETTE_FOLLOWS:
        file.seek(3 << ((flags & 7) + 1), 1)


def _skip_blocks(file: BinaryIO, blocks: Iterator[int]) -> None:
    for _ in blocks:
        length = file.read(1)
        if length in (b"", b"\0"):
            return
        file.seek(length[0], 1)


def _webp(head: bytes) -> Size:
    if head[12:16] != b"VP8X":
        return 0, 0  # a plain one is 16,384 pixels wide at most, and opened safely
    width, height = struct.unpack("<3s3s", head[24:30])
    return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1


def _heif(head: bytes) -> Size:
    # One for the picture, others for its tiles and its preview: the largest counts.
    sizes: list[Size] = [struct.unpack(">2I", found) for found in _ISPE.findall(head)]
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
