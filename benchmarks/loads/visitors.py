"""People at their browsers, all at once: who asks for lists at a rate, who uploads.

The rate is an open one: a request is due at its moment whatever became of those before, and
its time counts from when it was due. Where too many are under way it is not sent, and
counted as such.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp

from tests.processes import PASSWORD

UNDER_WAY = 1000  # list requests, at most: as many as Gunicorn's workers take each
UPLOAD_SECONDS = 600.0
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """What became of one request. `status` is 0 where there was no answer, as `words` say."""

    due: float
    ended: float
    status: int
    words: str = ""
    picture: int = 0  # the upload's

    @property
    def seconds(self) -> float:
        return self.ended - self.due

    @property
    def good(self) -> bool:
        return 0 < self.status < HTTPStatus.BAD_REQUEST


@dataclass
class Log:
    """What became of all requests of one kind."""

    answers: list[Answer] = field(default_factory=list)
    unsent: int = 0
    latest: float = 0.0  # by how many seconds the sender was behind, at most


@dataclass
class Person:
    """Somebody who is logged in. Uploads go by connections of their own: a form that began on
    one that the server is about to close is not sent again."""

    browser: aiohttp.ClientSession
    uploader: aiohttp.ClientSession
    token: str


class Visitors:
    """Logged-in people on one site."""

    def __init__(self, people: Sequence[Person], patience: float) -> None:
        self._people = people
        self._patience = aiohttp.ClientTimeout(total=patience)
        self.lists, self.uploads = Log(), Log()

    async def ask(self, addresses: Iterable[str], rate: float, seconds: float) -> None:
        """Ask for one address after the other, so many a second."""
        asked, under_way = zip(cycle(self._people), cycle(addresses), strict=False), set()
        began = time.monotonic()
        for number, (person, address) in zip(range(int(rate * seconds)), asked, strict=False):
            due = began + number / rate
            if (early := due - time.monotonic()) > 0:
                await asyncio.sleep(early)
            else:
                self.lists.latest = max(self.lists.latest, -early)
                if number % 50 == 0:
                    await asyncio.sleep(0)  # answers want to be read
            if len(under_way) >= UNDER_WAY:
                self.lists.unsent += 1
                continue
            task = asyncio.create_task(self._ask(person, address, due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def go_on(self, addresses: Sequence[str], deadline: float) -> None:
        """Ask for one address after the other, each when the one before is answered."""
        for person, address in zip(cycle(self._people), cycle(addresses), strict=False):
            if time.monotonic() > deadline:
                return
            await self._ask(person, address, time.monotonic())

    async def _ask(self, person: Person, address: str, due: float) -> None:
        # As deploy/nginx.conf has it; believed where the installation stands behind a proxy.
        since = {"X-Request-Start": f"t={time.time():.3f}"}
        sent = person.browser.get(
            address, headers=since, timeout=self._patience, allow_redirects=False
        )
        self.lists.answers.append((await _answered(sent, due))[0])

    async def upload(self, photos: Sequence[Path], over: float) -> None:
        """Upload each photo once: all at the same moment, or evenly `over` some seconds."""
        people, pause = cycle(self._people), over / len(photos)
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, (photo, person) in enumerate(zip(photos, people, strict=False)):
                due = began + number * pause
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                group.create_task(self._upload(person, photo, due))

    async def _upload(self, person: Person, photo: Path, due: float) -> None:
        with photo.open("rb") as file:
            form = aiohttp.FormData()
            form.add_field("file", file, filename=photo.name, content_type="image/jpeg")
            sent = person.uploader.post(
                "/admin/image/upload",
                data=form,
                headers={"Accept": "application/json", "X-CSRFToken": person.token},
                timeout=aiohttp.ClientTimeout(total=UPLOAD_SECONDS),
            )
            answer, body = await _answered(sent, due)
        told = _told(body)
        taken = [image["id"] for image in told.get("images", [])]
        refused = [it["error"] for it in told.get("errors", [])]
        words = answer.words or told.get("error", "") or "; ".join(refused)
        self.uploads.answers.append(Answer(due, answer.ended, answer.status, words, *taken[:1]))


async def _answered(sent: Any, due: float) -> tuple[Answer, bytes]:
    try:
        async with sent as response:
            body = await response.read()
            return Answer(due, time.monotonic(), response.status), body
    except TimeoutError:
        return Answer(due, time.monotonic(), 0, "out of patience"), b""
    except aiohttp.ClientError as error:
        return Answer(due, time.monotonic(), 0, f"{type(error).__name__}: {error}"), b""


def _told(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


@asynccontextmanager
async def logged_in(url: str, emails: Sequence[str], patience: float) -> AsyncIterator[Visitors]:
    """Give people who have logged in, each with a browser of their own."""
    # Idle connections are let go before Gunicorn does so, after two seconds, as proxies do.
    async with (
        aiohttp.TCPConnector(limit=0, keepalive_timeout=1) as wires,
        aiohttp.TCPConnector(limit=0, force_close=True) as fresh,
    ):
        people = [await _log_in(url, email, wires, fresh) for email in emails]
        try:
            yield Visitors(people, patience)
        finally:
            for person in people:
                await person.browser.close()
                await person.uploader.close()


async def _log_in(
    url: str, email: str, wires: aiohttp.TCPConnector, fresh: aiohttp.TCPConnector
) -> Person:
    cookies = aiohttp.CookieJar(unsafe=True)  # of hosts without a name, too
    browser, uploader = (
        aiohttp.ClientSession(url, connector=them, connector_owner=False, cookie_jar=cookies)
        for them in (wires, fresh)
    )
    token = await _token(browser, "/login")
    form = {"email": email, "password": PASSWORD, "csrf_token": token}
    async with browser.post("/login", data=form) as answer:
        assert answer.ok, await answer.text()
    return Person(browser, uploader, await _token(browser, "/admin/image/"))


async def _token(browser: aiohttp.ClientSession, address: str) -> str:
    async with browser.get(address) as answer:
        page = await answer.text()
    found = _TOKEN.search(page)
    assert found, page
    return found[1]
