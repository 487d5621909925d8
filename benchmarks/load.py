"""Whether an installation holds under load: many upload at once, many more look at lists.

PostgreSQL, Redis, Gunicorn as in `deploy/` and `huey_consumer.sh -w 3`, all on this machine
together with who asks. Photos of 5 MB, no two alike, are uploaded at the same moment; lists
are asked for at a rate, whatever became of the requests before.

    python benchmarks/load.py [--uploads 200] [--rate 500] [--seconds 60] [--kind page]
                              [--photos DIR] [--proxied] [--ladder] [--faults]

`--kind` is what a list request asks for: `page`, the whole list of pictures; `rows`, what a
list fetches anew when something has changed; `news`, what it asks while something moves;
`api`, the list of the API; `site`, a page of the public site. `--ladder` asks for each kind,
one request after the other on eight connections, without uploads: the rate that is reached.
`--proxied` says since when each request waits, as nginx does: what has waited for too long is
refused in words. `--faults` spreads the uploads over the time, and meanwhile kills the worker,
restarts Redis and PostgreSQL, and fills the disk for ten seconds, which only root can make
one for. `--photos` keeps the photos for another run.
aiohttp is installed by `make bench`.
"""

from __future__ import annotations

import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
sys.path[0] = str(TOP)  # queue.py here is not Python's own `queue`

import argparse
import asyncio
import os
import tempfile
import time

from benchmarks.loads import books, faults, figures, ladder, photos, stage, visitors

KINDS = {
    "page": ("/admin/image/",),
    "rows": ("/admin/image/?part=rows",),
    "news": (f"/admin/image/status?marks=only&ids={','.join(map(str, range(41, 61)))}",),
    "api": ("/api/v1/pictures?limit=20",),
    "site": ("/en/",),
}
DISK_MB = 2500


def main() -> int:
    """Print the figures; fail if a request broke, or an upload was lost."""
    asked = _parser().parse_args()
    settings = {"CMS_API_LIMIT": "1000000 per minute", "CMS_DISK_FREE_MB": "1"}
    if asked.proxied:
        settings["CMS_PROXY_HOPS"] = "1"
    with tempfile.TemporaryDirectory(prefix="qscms-load-") as name:
        folder = asked.folder or Path(name)
        sent = photos.draw(asked.photos or folder / "photos", asked.uploads)
        disk_mb = DISK_MB if asked.faults and os.geteuid() == 0 else 0
        with stage.built(folder / "site", disk_mb, **settings) as built:
            if asked.ladder:
                asyncio.run(ladder.climb(built, KINDS, asked.seconds))
                return 0
            return _report(built, asyncio.run(_load(built, sent, asked)), asked)


async def _load(
    built: stage.Stage, sent: list[Path], asked: argparse.Namespace
) -> tuple[visitors.Visitors, dict[str, dict[str, float]], list[faults.Fault]]:
    """Let everybody come at once; return them, memory on the way, and what was done."""
    memory, done = {"at first": built.memory()}, []
    async with (
        visitors.logged_in(built.site.url, built.people, asked.patience) as people,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(people.ask(KINDS[asked.kind], asked.rate, asked.seconds))
        group.create_task(people.upload(sent, asked.seconds if asked.faults else 0))
        if asked.faults:
            group.create_task(asyncio.to_thread(faults.commit, built, asked.seconds, done))
        await asyncio.sleep(asked.seconds / 2)
        memory["halfway"] = await asyncio.to_thread(built.memory)
    memory["answered"] = built.memory()
    return people, memory, done


def _report(built: stage.Stage, seen: tuple, asked: argparse.Namespace) -> int:
    people, memory, done = seen
    figures.show(f"lists ({asked.kind}, {asked.rate:g} a second)", people.lists)
    figures.show("uploads", people.uploads)
    taken = {answer.picture for answer in people.uploads.answers if answer.picture}
    began = time.monotonic()
    books.wait_until_ready(built.site, stage.HERE_BEFORE + len(taken))
    memory["ready"] = built.memory()
    print(f"all were ready {time.monotonic() - began:.1f} s after the last answer")
    lost = books.not_whole(built.site, taken)
    for number, why in lost.items():
        print(f"picture {number} is lost: {why}")
    figures.show_memory(memory)
    faults.show(built, done, people)
    broken = figures.broken(people.lists) + figures.broken(people.uploads)
    untold = sum(not (it.good or (it.status and it.words)) for it in people.uploads.answers)
    print(f"{len(lost)} lost of {len(taken)}; {untold} uploads refused without a word;"
          f" {broken} answers of 500 and above")  # fmt: skip
    refused_on_purpose = asked.faults or asked.proxied
    return 1 if lost or untold or (broken and not refused_on_purpose) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kind", choices=KINDS, default="page")
    parser.add_argument("--patience", type=float, default=30, help="seconds, of who asks for lists")
    parser.add_argument("--photos", type=Path, help="where to keep the photos")
    parser.add_argument("--folder", type=Path, help="for the site and its logs, which are kept")
    parser.add_argument("--proxied", action="store_true")
    parser.add_argument("--ladder", action="store_true")
    parser.add_argument("--faults", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
