"""What every system is asked to make, and how a run of it is measured from inside."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

QUALITY = int(os.environ.get("BENCH_QUALITY", "85"))
EFFORT = 2  # of libwebp: what those that are tuned share, so that nobody wins by larger files
ANY_HEIGHT = 1_000_000
Wanted = tuple[tuple[str, str, tuple[int, int], tuple[str, ...]], ...]

WIDTHS = (1920, 1280, 960, 640, 320)
# Name, kind, box, formats; the largest first. `plain` is the full set as pixels: without loss.
PAIR: Wanted = (
    ("resize", "fit", (800, 600), ("jpg",)),
    ("thumbnail", "crop", (200, 200), ("jpg",)),
)
FULL: Wanted = (
    *((f"width-{width}", "fit", (width, ANY_HEIGHT), ("jpg", "webp")) for width in WIDTHS),
    *PAIR,
)
SETS: dict[str, Wanted] = {
    "pair": PAIR,
    "full": FULL,
    "plain": tuple((name, kind, box, ("png",)) for name, kind, box, _ in FULL),
}


def measure(make: Callable[..., None]) -> None:
    """Run `make(source, folder, wanted)` as the command line says, and print what it cost.

    A small picture first loads whatever is loaded late. Processor seconds are those of all
    threads; the peak is of the whole process, and `grown` what it is above its size before,
    both in MiB.
    """
    source, warm, folder, wanted = (*map(Path, sys.argv[1:4]), SETS[sys.argv[4]])
    make(warm, folder, wanted)
    idle = _memory("VmRSS")
    before, start = _processor(), time.perf_counter()
    make(source, folder, wanted)
    wall = time.perf_counter() - start
    used, peak = _processor() - before, _memory("VmHWM")
    print(json.dumps({"cpu": used, "wall": wall, "peak": peak, "grown": peak - idle}))


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory(kind: str) -> float:
    # Not `ru_maxrss`, in which the parent's size is left from before the child began.
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{kind}:")[1].split()[0]) / 1024
