"""Hosts as network namespaces, joined by a bridge that leads nowhere else."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes import Site

HUB = "10.77.0.1"
_BRIDGE = "hub"


@dataclass(frozen=True)
class Host:
    """One namespace, with one link to the bridge."""

    name: str
    address: str

    @property
    def space(self) -> str:
        return f"qscms-{os.getpid()}-{self.name}"

    def cut(self) -> None:
        """Let the link go down, as if its cable had been pulled."""
        _ip("link", "set", self._plug, "down")

    def heal(self) -> None:
        _ip("link", "set", self._plug, "up")

    def join(self) -> None:
        """Make the namespace and its link."""
        _ip("netns", "add", self.space)
        _ip("link", "add", self._plug, "type", "veth", "peer", "name", "eth0", "netns", self.space)
        _ip("link", "set", self._plug, "master", _BRIDGE, "up")
        _ip("-n", self.space, "address", "add", f"{self.address}/24", "dev", "eth0")
        _ip("-n", self.space, "link", "set", "eth0", "up")
        _ip("-n", self.space, "link", "set", "lo", "up")

    def leave(self) -> None:
        _ip("netns", "delete", self.space)

    @property
    def _plug(self) -> str:
        return f"to-{self.name}"


class HostSite(Site):
    """The processes of one host."""

    def __init__(self, host: Host, folder: Path, **settings: str) -> None:
        super().__init__(folder, **settings)
        self.host = host
        port = self.url.rsplit(":", 1)[1]
        self.url = f"http://{host.address}:{port}"

    def start_web(self, *options: str, on: socket.socket | None = None) -> None:
        super().start_web("--bind", self.url.removeprefix("http://"), *options, on=on)

    def _start(self, name: str, command: list[Any], handed: Sequence[int] = ()) -> None:
        super()._start(name, ["ip", "netns", "exec", self.host.space, *command], handed)


@contextmanager
def joined(*names: str) -> Iterator[list[Host]]:
    """Give hosts that reach each other and `HUB`, which is here."""
    _ip("link", "set", "lo", "up")
    _ip("link", "add", _BRIDGE, "type", "bridge")
    _ip("address", "add", f"{HUB}/24", "dev", _BRIDGE)
    _ip("link", "set", _BRIDGE, "up")
    with ExitStack() as ending:
        hosts = [Host(name, f"10.77.0.{number}") for number, name in enumerate(names, 2)]
        for host in hosts:
            host.join()
            ending.callback(host.leave)
        yield hosts


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
