"""A whole QsCMS as an operator runs it: web server and consumer as processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask

from cms.accounts.services import create_user
from cms.app import create_app
from cms.extensions import db
from cms.tasks import huey

TOP = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PASSWORD = "correct horse battery"
START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what: str, seconds: float = START_SECONDS):
    """Return what `condition()` returns once it is truthy; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


def lives(pid: int) -> bool:
    """Whether a process is there that has not ended."""
    return pid in dict(_processes())


def begun_by(pid: int) -> list[int]:
    """Return the living processes that a process has begun, and those that these have."""
    own = [found for found, parent in _processes() if parent == pid]
    return [*own, *(other for child in own for other in begun_by(child))]


def _processes():
    """Yield the number of each living process, and its parent's."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended just now
            state, parent = path.read_text().rsplit(")", 1)[1].split()[:2]
            if state != "Z":
                yield int(path.parent.name), int(parent)


class Site:
    """Web server and consumer in a folder of their own, with `settings` on top. The code is
    that at `top`."""

    top = TOP

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CMS_")},
            "CMS_DATA_DIR": str(folder),
            "CMS_LOGIN_LIMIT": "1000 per minute",
            "FLASK_APP": "wsgi:app",
            "PYTHONPATH": str(self.top),  # for applications of the tests' own
            "PATH": f"{BIN}:{os.environ['PATH']}",
            **settings,
        }
        self.cookies: dict[str, list[Any]] = {}  # of whoever has logged in, by role
        self._app: Flask | None = None
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def flask(self, *command: str, typed: str = "") -> str:
        """Run `flask cms …` with `typed` on its standard input; return what it prints."""
        done = subprocess.run(
            [BIN / "flask", "cms", *command],
            cwd=self.top,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def prepare(self, *roles: str) -> None:
        """Make the database, and an account `<role>@example.com` for each role."""
        with self.inside():
            flask_migrate.upgrade()
            for role in roles:
                create_user(f"{role}@example.com", PASSWORD, [role])
            db.session.commit()

    @contextmanager
    def inside(self):
        """An application on this site's database, to look at what its processes did."""
        if self._app is None:
            given = {k: v for k, v in self.environment.items() if k.startswith("CMS_")}
            self._app = create_app(given)
        huey.init_app(self._app)  # there is one Huey
        with self._app.app_context():
            yield

    def start_web(self, *options: str, on: socket.socket | None = None) -> None:
        """Run Gunicorn, on a socket that is there already if one is given, as by systemd;
        `options` win over those here."""
        port = self.url.rsplit(":", 1)[1]
        command = [
            BIN / "gunicorn",
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            "1",
            "--threads",
            "4",
            "--config",
            "deploy/gunicorn.conf.py",
            *options,
            "wsgi:app",
        ]
        if on is not None:
            handing_on = f'exec 3<&{on.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
            command = ["bash", "-c", handing_on, "bash", *command]
        self._start("web", command, [on.fileno()] if on else [])
        wait_for(self._answers, f"the web server; its log:\n{self.log('web')}")

    def start_consumer(self, command: tuple[str, ...] = ("./huey_consumer.sh",)) -> None:
        self._start("consumer", list(command))
        wait_for(lambda: self._says("consumer", "The following commands"), "the consumer")

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; return the exit status."""
        self.signal(name, how)
        return self.wait(name)

    def signal(self, name: str, how: signal.Signals) -> None:
        self._running[name].send_signal(how)

    def wait(self, name: str) -> int:
        return self._running.pop(name).wait(timeout=60)

    def close(self) -> None:
        for name in list(self._running):
            self.stop(name)
        if self._app is not None:
            with self._app.app_context():
                for engine in db.engines.values():
                    engine.dispose()

    def _start(self, name: str, command: list, handed: Sequence[int] = ()) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                command,
                cwd=self.top,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=handed,
            )

    def _says(self, name: str, words: str) -> bool:
        lives = self._running[name].poll() is None
        said = words in self.log(name)  # read after the look, so that its last words count
        assert lives or said, self.log(name)
        return said

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/login", timeout=5)
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert self._running["web"].poll() is None, self.log("web")
            return False
        return True


@contextmanager
def running(folder: Path, *roles: str, **settings: str) -> Iterator[Site]:
    """A site with web server and consumer, and an account for each role; ended afterwards,
    also if one of them does not come up."""
    site = Site(folder, **settings)
    try:
        site.prepare(*roles)
        site.start_web()
        site.start_consumer()
        yield site
    finally:
        site.close()
