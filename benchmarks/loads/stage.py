"""A whole installation under load: PostgreSQL, Redis, Gunicorn and a worker, as in `deploy/`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loads import books
from cms.accounts.services import create_user
from cms.extensions import db
from tests import pictures, services
from tests.factories import make_picture
from tests.memory import resident
from tests.processes import PASSWORD, Site, begun_by

# As deploy/gunicorn.conf.py has it, and no test.
WEB = ("--workers", "2", "--threads", "8")
WORKER = ("./huey_consumer.sh", "-w", "3")
PEOPLE = 10
HERE_BEFORE = 60  # pictures: more than a page of the list


@dataclass(frozen=True)
class Stage:
    """The site, and the servers that it stands on."""

    site: Site
    database: services.PostgreSQL
    queue: services.Redis
    disk: Path  # where the files are

    @property
    def people(self) -> list[str]:
        """Return the addresses of the accounts that are there, all editors."""
        return [f"editor{number}@example.com" for number in range(PEOPLE)]

    def memory(self) -> dict[str, float]:
        """Return how many MB the web server, the worker, and what makes pictures have now."""
        web, worker = self.site.pid("web"), self.site.pid("consumer")
        return {
            "web": sum(map(resident, [web, *begun_by(web)])),
            "worker": resident(worker),
            "its children": sum(map(resident, begun_by(worker))),
        }

    def start_worker(self) -> None:
        self.site.start_consumer(WORKER)


@contextmanager
def built(folder: Path, disk_mb: int = 0, **settings: str) -> Iterator[Stage]:
    """Build an installation with some pictures; of `disk_mb`, with a disk of its own for
    their files, which root alone can make."""
    disk = folder / "disk"
    disk.mkdir(parents=True)
    with ExitStack() as ending:
        if disk_mb:
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={disk_mb}m", "qscms", disk], check=True
            )
            ending.callback(subprocess.run, ["umount", "--lazy", disk], check=True)
        database = ending.enter_context(services.DurablePostgreSQL())
        queue = ending.enter_context(services.Redis())
        site = Site(
            folder,
            CMS_DATABASE_URL=database.url,
            CMS_QUEUE_URL=queue.url,
            CMS_STORAGE_URL=f"file://{disk}/files",
            **settings,
        )
        ending.callback(site.close)
        stage = Stage(site, database, queue, disk)
        _furnish(stage)
        yield stage


def _furnish(stage: Stage) -> None:
    stage.site.prepare()
    with stage.site.inside():
        owner, *_others = [create_user(it, PASSWORD, ["editor"]) for it in stage.people]
        for number in range(HERE_BEFORE):
            make_picture(pictures.jpeg(800 + number, 600), owner=owner)
        db.session.commit()
    stage.site.start_web(*WEB)
    stage.start_worker()
    books.wait_until_ready(stage.site, HERE_BEFORE)
