"""Ours and Wagtail's starter, asked for the same pages in turn by the same client."""

from __future__ import annotations

import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from types import ModuleType

from playwright.sync_api import Browser, Response, sync_playwright

from benchmarks.sites import ours, wagtail
from tests.browser import CHROMIUM, QUIET
from tests.processes import free_port, wait_for

CLIENTS, OK, SAME = 4, 200, 304
SCREENS = {"390": (390, 844), "1440": (1440, 900)}
KINDS = ("document", "stylesheet", "script", "image")


def measure(rounds: int, seconds: float) -> None:
    """Print the medians of both, and how many times as much ours answers."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with _served(ours, folder / "ours") as one, _served(wagtail, folder / "wagtail") as two:
            _print_rates(one, two, rounds, seconds)
            _print_bytes({"QsCMS": (one, ours.PAGES), "Wagtail": (two, wagtail.PAGES)})


@contextmanager
def _served(contestant: ModuleType, folder: Path) -> Iterator[int]:
    """Give the port of a contestant that is served by Gunicorn, one process for each."""
    application, where, environment = contestant.prepare(folder)
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--workers", "1", "--threads", str(CLIENTS),
        "--bind", f"127.0.0.1:{port}", "--no-control-socket", *application,
    ]  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=where, env=environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: _answers(port), (folder / "server.log").read_text())
        yield port
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30)
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False
    return True


def _print_rates(one: int, two: int, rounds: int, seconds: float) -> None:
    print(f"\nanswers a second, medians of {rounds} rounds in turn{'':6}QsCMS{'':5}Wagtail   ratio")
    for page in ours.PAGES:
        asked = ((one, ours.PAGES[page]), (two, wagtail.PAGES[page]))
        tags = [_etag(port, path) for port, path in asked]
        for known, words in ((False, "whole"), (True, "304")):
            found: list[list[float]] = [[], []]
            for _round in range(rounds):
                for place, (port, path) in enumerate(asked):
                    tag = tags[place] if known else None
                    found[place].append(_rate(port, path, tag, seconds))
            mine, theirs = (statistics.median(rates) for rates in found)
            name = f"{page}, {words}"
            print(f"{name:45}{mine:10.0f}{theirs:12.0f}{mine / theirs:8.1f}")


def _etag(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return str(answer.headers["ETag"])


def _rate(port: int, path: str, tag: str | None, seconds: float) -> float:
    """Return how many answers a second so many clients got, each on one connection."""
    known = f"If-None-Match: {tag}\r\n" if tag else ""
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{known}\r\n".encode()
    expected, counts = (SAME if tag else OK), []
    end = time.monotonic() + seconds

    def ask() -> None:
        # By hand: a client of the library's would take as long as the quicker of the two.
        count = 0
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.monotonic() < end:
                connection.sendall(asked)
                count += _read(connection) == expected
        counts.append(count)

    clients = [Thread(target=ask) for _client in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert all(counts)
    return sum(counts) / seconds


def _read(connection: socket.socket) -> int:
    """Read an answer to its end; return its status."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _end, body = data.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
    assert length or status == SAME, head
    missing = (int(length[1]) if length and status != SAME else 0) - len(body)
    while missing > 0:
        missing -= len(connection.recv(65536))
    return status


def _print_bytes(sites: dict[str, tuple[int, dict[str, str]]]) -> None:
    print(f"\nkB to the browser{'':29}" + "".join(f"{kind:>12}" for kind in KINDS))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        for screen, size in SCREENS.items():
            for page in ours.PAGES:
                for name, (port, paths) in sites.items():
                    found = _bytes(browser, f"http://127.0.0.1:{port}{paths[page]}", size)
                    line = "".join(f"{found[kind] / 1000:12.1f}" for kind in KINDS)
                    print(f"{f'{page}, {screen} px wide, {name}':45}{line}"
                          f"   in all {sum(found.values()) / 1000:.1f}")  # fmt: skip
        browser.close()


def _bytes(browser: Browser, address: str, size: tuple[int, int]) -> dict[str, int]:
    """Return how much is fetched to read a page to its end, by kind."""
    found = dict.fromkeys(KINDS, 0)
    answers: list[Response] = []
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - it wants a function
    page.goto(address)
    page.evaluate("""async () => {
        for (let y = 0; y < document.body.scrollHeight; y += 300) {
            scrollTo(0, y);
            await new Promise(requestAnimationFrame);
        }
        await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
    }""")
    page.wait_for_load_state("networkidle")
    for answer in answers:
        kind = answer.request.resource_type
        if kind in found and answer.ok:
            found[kind] += answer.request.sizes()["responseBodySize"]
    page.close()
    return found
