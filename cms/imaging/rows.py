"""The rows of a picture while it is decoded: they come from the top, are used, and go.

A photo is never there whole, which would be its largest part of the memory, and is made
smaller by one thread while another still decodes it.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from cms.imaging.geometry import Size

_PIXEL = 4  # bytes: red, green, blue, alpha
_OPAQUE = 255
_MARGIN = 16  # rows that must have come after one that is used: a decoder writes some at once
_LOOK_AGAIN = 0.002  # seconds


class Rows:
    """Memory for a picture of that size, four bytes a pixel, which `decode(memory)` fills from
    top to bottom in a thread of its own. Each pixel's last byte must become 255, as alpha does:
    by that it is seen how far the decoder is. It reads `file`."""

    def __init__(
        self, size: Size, decode: Callable[[mmap.mmap], object], file: mmap.mmap | None = None
    ) -> None:
        self._file = file
        self.memory = memory(size[0] * size[1] * _PIXEL)
        self._row, self._count = size[0] * _PIXEL, size[1]
        thread = ThreadPoolExecutor(1)
        self._work: Future[object] = thread.submit(decode, self.memory)
        thread.shutdown(wait=False)

    def wait(self, count: int) -> None:
        """Return once so many rows at the top are there. Raises what `decode` raised."""
        last = min(count + _MARGIN, self._count)
        while not (self._has(last) or self._work.done()):
            time.sleep(_LOOK_AGAIN)
        if last == self._count or self._work.done():
            self._work.result()

    def give_back(self, count: int) -> None:
        """Give back the memory of so many rows at the top, which read as nothing then, and of
        what was read of the file."""
        used = count * self._row
        self.memory.madvise(mmap.MADV_DONTNEED, 0, used - used % mmap.PAGESIZE)
        if self._file:
            self._file.madvise(mmap.MADV_DONTNEED)

    def _has(self, count: int) -> bool:
        return self.memory[count * self._row - 1] == _OPAQUE


def memory(size: int) -> mmap.mmap:
    """Return so many bytes, all zero. Raises `MemoryError`."""
    try:
        found = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError from error
    with suppress(AttributeError, OSError):  # each page is taken once: the fewer, the quicker
        found.madvise(mmap.MADV_HUGEPAGE)
    return found
