"""Whether a version takes over from the one before, over a migration, while all goes on.

Two web servers and a worker of the old code, on PostgreSQL and Redis. Programs upload pictures
and read lists, readers read the site. Then the schema is migrated; a worker of the new code
comes and the old one leaves; one web server after the other is taken out of the proxy's list,
stopped, and comes back with the new code. No request may fail, and each picture must be ready.

    python benchmarks/upgrade.py [--from COMMIT] [--rate 20] [--pause 8]

`--from` is the old version: by default the newest commit before the last migration. `--pause`
is for how many seconds each state is left to itself.
aiohttp is installed by `make bench`.
"""

from __future__ import annotations

import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
sys.path[0] = str(TOP)  # queue.py here is not Python's own `queue`

import argparse
import asyncio
import json
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus
from itertools import count

import aiohttp

from benchmarks.loads import books, figures, versions
from benchmarks.loads.visitors import Answer, Log
from tests import pictures, services
from tests.processes import Site, wait_for

SECRET = "the same for both versions, and long enough for it"
# By the old code, as an administrator would have done it long ago.
TOKEN = """
from wsgi import app
from cms.accounts.services import create_user
from cms.editorial import tokens
from cms.extensions import db
with app.app_context():
    user = create_user("editor@example.com", "correct horse battery", ["editor"])
    db.session.flush()
    print(tokens.make(user, "load", ["pictures:read", "pictures:write"], None)[1])
    db.session.commit()
"""
READ = ("/en/", "/api/v1/pictures?limit=20", "/healthz", "/login")
UPLOAD_EACH = 5  # requests


class Proxy:
    """Who asks, by turns of the web servers that are in its list, as a proxy does."""

    def __init__(self, token: str, rate: float) -> None:
        self.servers: list[str] = []
        self.logs: dict[str, Log] = defaultdict(Log)
        self.taken: set[int] = set()
        self.moment = ""
        self._pause, self._head = 1 / rate, {"Authorization": f"Bearer {token}"}

    async def work(self) -> None:
        """Ask at the rate until cancelled, then wait for what is under way."""
        under_way: set[asyncio.Task[None]] = set()
        async with aiohttp.ClientSession() as browser:
            try:
                for number in count():
                    server = self.servers[number % len(self.servers)]
                    ask = self._ask(browser, server, number, self.logs[self.moment])
                    task = asyncio.create_task(ask)
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                    await asyncio.sleep(self._pause)
            except asyncio.CancelledError:
                await asyncio.gather(*under_way)

    async def _ask(
        self, browser: aiohttp.ClientSession, server: str, number: int, log: Log
    ) -> None:
        due, close = time.monotonic(), {"Connection": "close"}
        if number % UPLOAD_EACH:
            sent = browser.get(server + READ[number % len(READ)], headers=self._head | close)
        else:
            form = aiohttp.FormData()
            picture = pictures.jpeg(400 + number % 1000, 300 + number // 1000)
            form.add_field("file", picture, filename=f"{number}.jpg")
            sent = browser.post(f"{server}/api/v1/pictures", data=form, headers=self._head | close)
        try:
            async with sent as answer:
                text = await answer.text()
                words = "" if answer.ok else f"{answer.url.path} {text[:80]}"
                log.answers.append(Answer(due, time.monotonic(), answer.status, words))
                if answer.status == HTTPStatus.ACCEPTED:
                    self.taken.update(image["id"] for image in json.loads(text)["images"])
        except (aiohttp.ClientError, TimeoutError) as error:
            log.answers.append(Answer(due, time.monotonic(), 0, repr(error)))


def main() -> int:
    """Print what became of the requests in each state; fail if one failed or one was lost."""
    asked = _parser().parse_args()
    commit = asked.commit or versions.before_the_last_migration()
    with tempfile.TemporaryDirectory(prefix="qscms-upgrade-") as name, ExitStack() as ending:
        folder = asked.folder or Path(name)
        versions.check_out(commit, folder / "code")
        settings = {
            "CMS_DATABASE_URL": ending.enter_context(services.DurablePostgreSQL()).url,
            "CMS_QUEUE_URL": ending.enter_context(services.Redis()).url,
            "CMS_STORAGE_URL": f"file://{folder}/files",
            "CMS_API_LIMIT": "1000000 per minute",
            "CMS_SECRET_KEY": SECRET,
        }

        def site(name: str, top: Path) -> Site:
            (folder / name).mkdir()
            made = versions.OtherSite(top, folder / name, **settings)
            ending.callback(made.close)
            return made

        sites = {name: site(name, folder / "code") for name in ("old1", "old2")}
        sites |= {name: site(name, TOP) for name in ("new1", "new2")}
        versions.run(sites["old1"], "flask", "db", "upgrade")
        proxy = Proxy(versions.run(sites["old1"], "python", "-c", TOKEN).split()[-1], asked.rate)
        print(f"from {commit[:12]}")
        asyncio.run(_switch(sites, proxy, asked.pause))
        return _report(sites["new1"], proxy)


async def _switch(sites: dict[str, Site], proxy: Proxy, pause: float) -> None:
    old1, old2, new1, new2 = sites.values()

    async def state(words: str, *acts: Callable[[], object]) -> None:
        """Do something while all goes on, then leave it to itself."""
        proxy.moment = words
        for act in acts:
            await asyncio.to_thread(act)
        await asyncio.sleep(pause)

    for site in (old1, old2):
        site.start_web("--workers", "2")
    old1.start_consumer()
    proxy.servers = [old1.url, old2.url]
    work = asyncio.create_task(proxy.work())
    await state("the old version")
    await state(
        "the old version, while and after the schema is migrated",
        lambda: versions.run(new1, "flask", "db", "upgrade"),
    )
    await state("two workers, then the new one", new1.start_consumer, lambda: old1.stop("consumer"))
    await state("both versions", *_replace(proxy, old2, new2))
    await state("the new version", *_replace(proxy, old1, new1))
    work.cancel()
    await work


def _replace(proxy: Proxy, old: Site, new: Site) -> tuple[Callable[[], object], ...]:
    """Take one out of the proxy's list, stop it, start the other, and put it in once ready."""
    return (
        lambda: proxy.servers.remove(old.url),
        lambda: old.stop("web"),
        lambda: new.start_web("--workers", "2"),
        lambda: wait_for(lambda: _ready(new), "the new web server"),
        lambda: proxy.servers.append(new.url),
    )


def _ready(site: Site) -> bool:
    try:
        with urllib.request.urlopen(f"{site.url}/readyz", timeout=5):
            return True
    except urllib.error.URLError:
        return False


def _report(site: Site, proxy: Proxy) -> int:
    for moment, log in proxy.logs.items():
        figures.show(moment, log)
    books.wait_until_ready(site, len(proxy.taken))
    lost = books.not_whole(site, proxy.taken)
    failed = sum(not answer.good for log in proxy.logs.values() for answer in log.answers)
    print(f"{failed} requests failed, {len(lost)} pictures lost of {len(proxy.taken)}")
    return 1 if failed or lost else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="commit", help="the old version")
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--pause", type=float, default=8)
    parser.add_argument("--folder", type=Path, help="for the sites and their logs, which are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
