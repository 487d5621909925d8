"""Whether several hosts are one installation, also while one of them is cut off.

One host takes uploads, two make pictures, one shows them: each in a network namespace of its
own, joined by a bridge, with one PostgreSQL, one Redis and one S3 server. Meanwhile the link
of a host that makes pictures goes down, then of the one that takes uploads. At the end each
picture that was taken must be ready, and each file of it come from the host that shows them.

    python benchmarks/hosts.py [--uploads 60] [--seconds 90] [--cut 45] [--photos DIR]

It wants root, and `ip` and `unshare`. aiohttp is installed by `make bench`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
sys.path[0] = str(TOP)  # queue.py here is not Python's own `queue`

import argparse
import asyncio
import shutil
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass

import aiohttp
from sqlalchemy import select

from benchmarks.loads import books, figures, photos, visitors
from benchmarks.loads.network import HUB, Host, HostSite, joined
from cms.accounts.services import create_user
from cms.extensions import db
from cms.jobs.models import Job, JobAttempt, JobState
from cms.media.models import Rendition
from tests import services
from tests.processes import PASSWORD, wait_for

SECRET = "the same on every host, and long enough for it"
EDITOR = "editor@example.com"
UPLOADER_AWAY = 5.0  # seconds
_ALONE = "QSCMS_ALONE"


@dataclass(frozen=True)
class Hosts:
    """What each is for."""

    takes: HostSite
    makes: tuple[HostSite, HostSite]
    shows: HostSite


def main() -> int:
    """Print the figures; fail if anything was lost."""
    if os.geteuid() != 0 or not (shutil.which("ip") and shutil.which("unshare")):
        print("Only root, with `ip` and `unshare`, can make hosts of this machine.")
        return 0
    if _ALONE not in os.environ:  # nothing of this is to be seen by the machine's own network
        command = ["unshare", "--net", sys.executable, *sys.argv]
        os.execvpe(command[0], command, {**os.environ, _ALONE: "1"})
    asked = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="qscms-hosts-") as name, ExitStack() as ending:
        folder = asked.folder or Path(name)
        sent = photos.draw(asked.photos or folder / "photos", asked.uploads)
        hosts = _built(folder, ending)
        people = asyncio.run(_work(hosts, sent, asked))
        return _report(hosts, people)


def _built(folder: Path, ending: ExitStack) -> Hosts:
    near = ending.enter_context(joined("takes", "makes1", "makes2", "shows"))
    database = ending.enter_context(services.DurablePostgreSQL(HUB))
    queue = ending.enter_context(services.Redis(HUB))
    store = ending.enter_context(services.S3(HUB))
    settings = {
        "CMS_DATABASE_URL": database.url,
        "CMS_QUEUE_URL": queue.url,
        "CMS_STORAGE_URL": store.url,
        "CMS_SECRET_KEY": SECRET,
    }

    def at(host: Host) -> HostSite:
        (folder / host.name).mkdir(parents=True)
        site = HostSite(host, folder / host.name, **settings)
        ending.callback(site.close)
        return site

    takes, first, second, shows = map(at, near)
    takes.prepare()
    with takes.inside():
        create_user(EDITOR, PASSWORD, ["editor"])
        db.session.commit()
    for site in (takes, shows):
        site.start_web()
    for site in (first, second):
        site.start_consumer()
    return Hosts(takes, (first, second), shows)


async def _work(hosts: Hosts, sent: list[Path], asked: argparse.Namespace) -> visitors.Visitors:
    """Upload evenly over the time; cut off one that makes pictures, then the one that takes
    them."""
    async with (
        visitors.logged_in(hosts.takes.url, [EDITOR], 30) as people,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(people.upload(sent, asked.seconds))
        await asyncio.sleep(asked.seconds / 4)
        await asyncio.to_thread(wait_for, lambda: _at_work(hosts.makes[0]), "it to work")
        await _cut(hosts.makes[0].host, asked.cut)
        await _cut(hosts.takes.host, UPLOADER_AWAY)
    return people


def _at_work(site: HostSite) -> bool:
    running = select(Job.holder).where(Job.state == JobState.RUNNING)
    with site.inside():
        holders = db.session.scalars(running).all()
    return any(f":{site.pid('consumer')}:" in str(holder) for holder in holders)


async def _cut(host: Host, seconds: float) -> None:
    print(f"{host.name} is cut off for {seconds:g} s")
    host.cut()
    await asyncio.sleep(seconds)
    host.heal()


def _report(hosts: Hosts, people: visitors.Visitors) -> int:
    figures.show("uploads", people.uploads)
    taken = {answer.picture for answer in people.uploads.answers if answer.picture}
    began = time.monotonic()
    books.wait_until_ready(hosts.takes, len(taken))
    print(f"all were ready {time.monotonic() - began:.1f} s after the last answer")
    lost = books.not_whole(hosts.takes, taken)
    for number, why in lost.items():
        print(f"picture {number} is lost: {why}")
    pids = {site.pid("consumer"): site.host.name for site in hosts.makes}
    with hosts.takes.inside():
        ended = db.session.execute(select(Job.holder, Job.state)).all()
        cut_short = db.session.execute(select(JobAttempt.worker, JobAttempt.outcome)).all()
        files = {it.key: it.size for it in db.session.scalars(select(Rendition))}
    done = Counter(
        (pids[int(holder.split(":")[1])], str(outcome))
        for holder, outcome in [*ended, *cut_short]
        if holder
    )
    for (name, outcome), count in sorted(done.items()):
        print(f"{name}: {count} {outcome}")
    wrong = asyncio.run(_read(hosts.shows.url, files))
    print(f"{len(files)} files from {hosts.shows.host.name}, {wrong} of them wrong")
    print(f"{len(lost)} lost of {len(taken)}")
    return 1 if lost or wrong else 0


async def _read(url: str, files: dict[str, int]) -> int:
    """Return how many files are not what they should be."""
    wrong = 0
    async with aiohttp.ClientSession(url) as browser:
        for key, size in files.items():
            async with browser.get(f"/media/{key}") as answer:
                wrong += not answer.ok or len(await answer.read()) != size
    return wrong


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--uploads", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--cut", type=float, default=45)
    parser.add_argument("--photos", type=Path, help="where to keep the photos")
    parser.add_argument("--folder", type=Path, help="for the sites and their logs, which are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
