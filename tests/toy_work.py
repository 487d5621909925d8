"""Work for child processes that goes wrong, as pictures may make decoders go wrong."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from cms.errors import CmsError


class ToyTrouble(CmsError):
    """A failure that speaks."""

    sentence = "The toy %(name)s broke."


def answer(value):
    return value


def pid():
    return os.getpid()


def loaded():
    """Return what packages this process has loaded, and the names in its environment."""
    packages = {name.split(".", 1)[0] for name in sys.modules}
    return packages, set(os.environ)


def peak():
    """Return how much memory this process has had at most, in MB."""
    told = Path("/proc/self/status").read_text()
    return int(told.split("VmHWM:")[1].split()[0]) / 1000


def break_toy(name):
    try:
        {}[name]
    except KeyError as error:
        raise ToyTrouble(name=name) from error


def raise_unpicklable():
    error = ValueError("no good")
    error.frame = sys._getframe()
    raise error


def allocate():
    """Ask for memory without end."""
    kept = []
    while True:
        kept.append(bytearray(20_000_000))


def spin(started=os.devnull):
    """Work without end."""
    Path(started).write_text(str(os.getpid()))
    while True:
        pass


def hold_the_lock(started):
    """Be without end where no Python runs in between, as a decoder may be."""
    Path(started).write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(600)


def rest(until):
    """Wait until the file at `until` is there."""
    while not Path(until).exists():
        time.sleep(0.02)
    return os.getpid()


def wait_long():
    """Wait for what does not come, without work."""
    time.sleep(600)


def wait_to_be_killed(started):
    Path(started).write_text(str(os.getpid()))
    signal.pause()


def crash():
    ctypes.string_at(0)


def kill_itself():
    """Die as a machine that runs out of memory would have it."""
    os.kill(os.getpid(), signal.SIGKILL)
