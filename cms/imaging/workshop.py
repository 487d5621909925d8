"""Rendering in child processes with limits, so that a bad picture fails alone.

The children are begun when they are first needed, and kept. Decoders are C: one that
crashes, hangs or grows without end takes its child along, and no worker.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, TypeVar

from cms.errors import N_, CmsError
from cms.imaging.child import Answer, Work
from cms.imaging.presets import Preset
from cms.imaging.render import Look, Rendering
from cms.imaging.render import render as render_here

# After so many pieces of work a child is replaced, whatever its decoders have leaked.
WORK_PER_CHILD = 200
START_SECONDS = 60  # on a machine that is very busy
PATIENCE = 2  # so many seconds by the clock for each second of work allowed

# NumPy would start a thread for each core. And each thread that writes pictures would keep
# the memory that it is done with for itself, where the other could use it (glibc's malloc).
THRIFT = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}

# What the names of secrets begin with, ours and those that the libraries for S3 and PostgreSQL
# read by themselves: none is for a process that opens strangers' files.
_SECRET = ("CMS_", "AWS_", "PG")

_TOP = Path(__file__).parents[2]  # `cms` is imported from there
_START = "from cms.imaging.child import main; main()"
_MEGABYTE = 1_000_000
_WANTS_MEMORY = (
    "Insufficient memory", "Out of memory", "Memory allocation error", "can't start new thread"
)  # fmt: skip
_CUT_SHORT = (EOFError, ConnectionError)

T = TypeVar("T")


class TooHungry(CmsError):
    """Over the limit of memory, which it will be again."""

    sentence = N_("The picture needs more than %(limit)s MB of memory, and is not processed.")
    hopeless = True


class TooMuchWork(CmsError):
    """Over the limit of processor time, however idle the machine is."""

    sentence = N_("The picture takes more than %(limit)s seconds of work, and is not processed.")
    hopeless = True


class TooSlow(CmsError):
    """Over the limit by the clock, though not by the work done: the machine was busy."""

    sentence = N_("The picture was not ready after %(limit)s seconds. The server may be busy.")


class Crashed(CmsError):
    """The decoder or encoder crashed on it, which it will again."""

    sentence = N_("The picture cannot be processed: it makes the program for it crash.")
    hopeless = True


class Killed(CmsError):
    """Ended by a signal from outside: by a person, or by a machine that ran out of memory."""

    sentence = N_("Work on the picture was stopped. The server may be short of memory.")


@dataclass(frozen=True)
class Limits:
    """What one picture may take: `memory` in MB, beyond what an idle child has (some 200),
    and `seconds` of processor time, or twice as many by the clock. As many as `children`
    are worked on at once in this process; None means one for each processor core."""

    memory: int = 3_000
    seconds: int = 120
    children: int | None = None


def render(  # noqa: PLR0913 - as it is in `cms.imaging.render`, and the limits
    source: Path,
    presets: Sequence[Preset],
    folder: Path,
    *,
    max_pixels: int,
    look: Look | None = None,
    limits: Limits | None = None,
) -> Rendering:
    """Do what `cms.imaging.render.render` does, in a child process.

    Raises what it raises, and `TooHungry`, `TooMuchWork`, `TooSlow`, `Crashed` or `Killed`;
    no file of this call is left in `folder` then. Nobody else may write there meanwhile.
    """
    before = set(folder.iterdir())
    try:
        return run(
            render_here,
            source.absolute(),
            tuple(presets),
            folder.absolute(),
            max_pixels=max_pixels,
            look=look,
            limits=limits,
        )
    except BaseException:
        for path in set(folder.iterdir()) - before:
            path.unlink(missing_ok=True)
        raise


def run(function: Callable[..., T], *args: Any, limits: Limits | None = None, **kwargs: Any) -> T:
    """Call the function in a child, and wait for what it returns, or raise what it raised.

    The function must be importable; it, its arguments and its result are pickled. Waits
    for a child while all are at work. Raises what `render` raises.
    """
    limits = limits or Limits()
    work = Work(function, args, limits.memory * _MEGABYTE, limits.seconds, kwargs)
    with _pool.child(limits.children or _cores()) as child:
        answer = child.do(work)
    if answer.error is None:
        result: T = answer.result
        return result
    if _wants_memory(answer.error):
        raise TooHungry(limit=limits.memory) from answer.error
    raise answer.error


def close() -> None:
    """End the children that are idle. Those at work end with their work, or with us."""
    _pool.close()


class _Child:
    """A child process, and the connection to it."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-c", _START, str(theirs.fileno())],
                cwd=_TOP,
                env=_environment(),
                stdin=subprocess.PIPE,  # never written to: its end is the sign that we are gone
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._left = WORK_PER_CHILD
        try:
            self._receive(START_SECONDS)
        except BaseException as error:
            if self.end() == -signal.SIGKILL and isinstance(error, _CUT_SHORT):
                raise Killed from error
            raise

    @property
    def fit(self) -> bool:
        """Whether it lives, and can be given more to do."""
        return self._left > 0 and self._process.poll() is None

    def do(self, work: Work) -> Answer:
        """Have the work done. If that is cut short, for whatever reason, the child is ended."""
        self._left -= 1
        try:
            self._connection.send(work)
            answer: Answer = self._receive(PATIENCE * work.seconds)
        except BaseException as error:
            code = self.end()
            if isinstance(error, _CUT_SHORT):
                raise _cause_of_death(code, work) from error
            raise
        if answer.error is not None and _wants_memory(answer.error):
            self._left = 0  # its memory is in pieces
        return answer

    def end(self) -> int:
        """End the process if it lives; return its exit status, the negative signal if by one."""
        self._process.kill()
        code = self._process.wait()
        self.let_go()
        return code

    def let_go(self) -> None:
        """Close our ends, at which the process ends by itself, unless others hold them too."""
        self._left = 0
        self._connection.close()
        if self._process.stdin:
            self._process.stdin.close()

    def disown(self) -> None:
        """Leave the process to that from which this one was forked."""
        self.let_go()
        self._process.returncode = 0  # not ours to wait for

    def _receive(self, seconds: int) -> Any:
        if not self._connection.poll(seconds):
            raise TooSlow(limit=seconds)
        return self._connection.recv()


class _Pool:
    """The children of this process. There are no more than were needed at once."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._idle: list[_Child] = []
        self._children: set[_Child] = set()
        self._busy = 0

    @contextmanager
    def child(self, most: int) -> Iterator[_Child]:
        """Give a child to work with, once fewer than `most` are at work."""
        with self._changed:
            self._changed.wait_for(lambda: self._busy < most)
            self._busy += 1
        try:
            child = self._idle_one() or self._new_one()
            try:
                yield child
            finally:
                self._put_back(child)
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End the children that are idle."""
        while child := self._idle_one():
            self._dismiss(child)

    def forget(self) -> None:
        """Begin anew in a process that was forked: the children are its parent's."""
        for child in self._children:
            child.disown()
        self._begin()

    def _idle_one(self) -> _Child | None:
        while True:
            with self._changed:
                if not self._idle:
                    return None
                child = self._idle.pop()
            if child.fit:
                return child
            self._dismiss(child)  # it was killed while it was idle

    def _new_one(self) -> _Child:
        child = _Child()
        with self._changed:
            self._children.add(child)
        return child

    def _put_back(self, child: _Child) -> None:
        if not child.fit:
            self._dismiss(child)
            return
        with self._changed:
            self._idle.append(child)

    def _dismiss(self, child: _Child) -> None:
        child.end()
        with self._changed:
            self._children.discard(child)


def _environment() -> dict[str, str]:
    """Return our environment without our secrets."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(_SECRET)}
    return ours | THRIFT


def _cause_of_death(code: int, work: Work) -> CmsError:
    if code == -signal.SIGKILL:
        return Killed()
    if code == -signal.SIGXCPU:
        return TooMuchWork(limit=work.seconds)
    return Crashed()


def _wants_memory(error: BaseException | None) -> bool:
    """Tell whether a want of memory is behind an error, whatever it became on the way.

    Decoders of JPEG and HEIC have their own words for it; those of WebP and AVIF have none.
    A thread needs memory too.
    """
    while error is not None:
        if isinstance(error, MemoryError) or str(error).startswith(_WANTS_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux: those that this process may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_pool = _Pool()
os.register_at_fork(after_in_child=_pool.forget)
atexit.register(close)
