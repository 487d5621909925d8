"""How much memory a process takes at the most."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def little_memory(pid: int | str = "self", *, spare: int):
    """Fail if a process ever has more than `spare` bytes more in memory than at first."""
    process = Path("/proc", str(pid))
    (process / "clear_refs").write_text("5")  # the highest mark is where it stands now
    before = _highest(process)
    yield
    assert _highest(process) - before < spare


def _highest(process):
    return _kept(process, "VmHWM")


def _kept(process, what):
    return 1024 * int(re.search(rf"{what}:\s+(\d+) kB", (process / "status").read_text())[1])


def resident(pid: int) -> float:
    """Return how many MB of memory a process has now."""
    return _kept(Path("/proc", str(pid)), "VmRSS") / 1_000_000
