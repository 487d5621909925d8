"""The process in which `cms.imaging.workshop` has work done, one piece after another.

It is given the descriptor of a connection to its parent. It holds no web server, no
database, and none of our settings.
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import math
import os
import pickle
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tblib import pickling_support

import cms.imaging.render  # noqa: F401 - loaded before the first picture comes

# By how much pictures yield to whoever waits for a page: one process of theirs takes a third of
# what another gets that wants the processor at the same time.
BEHIND = 5

_STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Work:
    """A function with its arguments, all of which can be pickled, and what it may use:
    `memory` bytes beyond those that an idle child has, and `seconds` of processor time."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    memory: int
    seconds: int
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What the function returned, or what it raised."""

    result: Any = None
    error: BaseException | None = None


def main() -> None:
    """Work until the parent closes the connection."""
    _end_with_parent()
    _hush_libraries()
    for stop in (signal.SIGINT, signal.SIGTERM):  # meant for the parent, which lets jobs end
        signal.signal(stop, signal.SIG_IGN)
    _set_soft(resource.RLIMIT_CORE, 0)
    _die_first()
    os.nice(BEHIND)
    with contextlib.suppress(EOFError, OSError), Connection(int(sys.argv[1])) as parent:
        parent.send("ready")
        while True:
            parent.send(_answer(parent.recv()))


def _answer(work: Work) -> Answer:
    try:
        with _limited(work):
            return Answer(work.function(*work.args, **work.kwargs))
    except Exception as error:  # noqa: BLE001 - raised again by the parent
        return Answer(error=_sendable(error))


@contextlib.contextmanager
def _limited(work: Work) -> Iterator[None]:
    if at_rest := _address_space():
        _set_soft(resource.RLIMIT_AS, at_rest + work.memory)
    _set_soft(resource.RLIMIT_CPU, math.ceil(time.process_time() + work.seconds))
    try:
        yield
    finally:
        _set_soft(resource.RLIMIT_AS, resource.RLIM_INFINITY)
        _set_soft(resource.RLIMIT_CPU, resource.RLIM_INFINITY)


def _set_soft(kind: int, wanted: int) -> None:
    """Set a limit, or the nearest that this process may have."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        wanted = hard if wanted == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (wanted, hard))


def _address_space() -> int:
    """Return how many bytes of addresses are in use; 0 where the system does not say."""
    if not _STATM.exists():
        return 0
    return int(_STATM.read_text().split()[0]) * resource.getpagesize()


def _hush_libraries() -> None:
    """Keep from the log what C libraries print of every damaged file; not their crashes."""
    ours = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    sys.stderr = open(ours, "w", buffering=1)  # noqa: PTH123, SIM115 - a descriptor, for good
    faulthandler.enable(sys.stderr)


def _die_first() -> None:
    """Ask that where the machine runs out of memory, this process goes, not its parent."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _end_with_parent() -> None:
    """Have the kernel end this process when its parent closes the other end of our input.

    That is also when the parent is killed, and works in the middle of a decoder.
    PR_SET_PDEATHSIG would end this process with the *thread* that has begun it.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)


def _sendable(error: Exception) -> Exception:
    """Return the error as it can be sent, with its cause and its traceback."""
    pickling_support.install(error)
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever it holds on to
        return RuntimeError(f"{type(error).__qualname__}: {error}")
    return error
