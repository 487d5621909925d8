"""Workers as processes, to be killed and replaced."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from tests.processes import TOP, wait_for

SIZE = 3
# As huey_consumer.sh has it.
HUEY_OPTIONS = ("-w", "3", "-d", "0.05", "-m", "0.5", "-g", "TERM", "-t", "55")
STOP_SECONDS = 30

_nursery = multiprocessing.get_context("forkserver")
_nursery.set_forkserver_preload(["tests.chaos.site", "cms.app"])


class Member(Protocol):
    """One worker."""

    def alive(self) -> bool: ...

    def send(self, how: signal.Signals) -> None: ...


class Consumer:
    """Our consumer. It is forked from a process that has imported everything, since
    importing takes seconds, and a run starts dozens."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._process = _nursery.Process(
            target=_consume, args=(dict(environment), str(log)), daemon=True
        )
        self._process.start()

    def alive(self) -> bool:
        return self._process.is_alive()

    def send(self, how: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, how)


class Command:
    """A rival's worker, with its children: killed together, as a container is."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command,
                cwd=TOP,
                env={**os.environ, **environment},
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, how: signal.Signals) -> None:
        if how == signal.SIGKILL:
            os.killpg(self._process.pid, how)
        else:
            self._process.send_signal(how)


class Crew:
    """Workers of one kind, as many as `SIZE` at all times."""

    def __init__(self, hire: Callable[[], Member], seed: int) -> None:
        self._hire = hire
        self._chance = random.Random(seed)
        self._members = [hire() for _ in range(SIZE)]
        self._leaving: list[Member] = []

    def tend(self) -> None:
        """Replace those that are dead."""
        self._members = [member if member.alive() else self._hire() for member in self._members]

    def kill(self) -> None:
        self.tend()
        self._any().send(signal.SIGKILL)

    def term(self) -> None:
        """Ask one to leave when its work is done, and hire another meanwhile."""
        self.tend()
        member = self._any()
        member.send(signal.SIGTERM)
        self._leaving.append(member)
        self._members[self._members.index(member)] = self._hire()

    def dismiss(self) -> None:
        """Let all end, and see that they do."""
        everyone = [member for member in self._members + self._leaving if member.alive()]
        for member in everyone:
            member.send(signal.SIGTERM)
        try:
            wait_for(
                lambda: not any(member.alive() for member in everyone),
                "the workers to end",
                STOP_SECONDS,
            )
        finally:
            for member in everyone:
                if member.alive():
                    member.send(signal.SIGKILL)

    def _any(self) -> Member:
        return self._chance.choice(self._members)


def kill_myself() -> None:
    """End this process as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def _consume(environment: Mapping[str, str], log: str) -> None:
    from huey.bin.huey_consumer import consumer_main  # noqa: PLC0415 - for consumers alone

    from cms.tasks import huey  # noqa: PLC0415

    with Path(log).open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    for name in [name for name in os.environ if name.startswith("CMS_")]:
        del os.environ[name]
    os.environ.update(environment)
    huey.consumer_id = str(uuid.uuid4())  # the one it has was made before the fork
    sys.argv = ["huey_consumer", "cms.tasks.huey", *HUEY_OPTIONS]
    consumer_main()
