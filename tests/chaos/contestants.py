"""Who runs the jobs: this project on its back ends, and its rivals on Redis."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import flask_migrate
import psycopg
import redis
import sqlalchemy as sa
from redis.exceptions import RedisError

from cms.app import create_app
from cms.extensions import db
from cms.jobs.models import ENDED, Job, JobAttempt, JobState
from cms.notifications.models import NotificationOccurrence
from cms.tasks import huey
from tests import services
from tests.chaos import effects, site
from tests.chaos.crew import HUEY_OPTIONS, Command, Consumer, Member
from tests.chaos.plan import Act, How, Order, Plan
from tests.processes import BIN

Servers = tuple[type[services.Service], ...]


@dataclass(frozen=True)
class Books:
    """What the jobs' own records say at the end; nothing where there are none."""

    problems: tuple[str, ...] = ()
    notifications_missing: int | None = None
    notifications_false: int | None = None


@dataclass
class Contestant:
    """One system, started in `folder`. Its log of effects is there while it is `up`."""

    folder: Path
    log: effects.Log = field(init=False)

    name: ClassVar[str]
    needs: ClassVar[Servers] = ()
    possible: ClassVar[frozenset[Act]] = frozenset(Act)
    refusals: ClassVar[tuple[type[Exception], ...]] = ()

    def __post_init__(self) -> None:
        self._servers = {need: need() for need in self.needs}

    @contextmanager
    def up(self) -> Iterator[None]:
        """Run the servers, and have the log of effects."""
        try:
            for server in self._servers.values():
                server.start()
            self.log = effects.Log(self.database)
            with self._made():
                self.log.create()
                yield
            self.log.close()
        finally:
            for server in self._servers.values():
                server.stop()

    @property
    def database(self) -> str:
        return self._servers[services.PostgreSQL].url

    @property
    def environment(self) -> dict[str, str]:
        """Return what workers find about the run."""
        return {effects.FOLDER: str(self.folder)}

    def hire(self) -> Member:
        raise NotImplementedError

    def submit(self, order: Order) -> None:
        """Submit a job; one of `refusals` when it was not taken."""
        raise NotImplementedError

    def unended(self, plan: Plan) -> int:
        """Return how many of the jobs that were submitted have not ended."""
        raise NotImplementedError

    def books(self) -> Books:
        return Books()

    def empty_queue(self) -> None:
        with redis.Redis.from_url(self._servers[services.Redis].url) as client:
            client.flushall()

    def halt(self, act: Act) -> services.Service:
        """Stop the server that an act is about. Redis keeps what it holds, as it does
        in production: losing that is an act of its own."""
        if act == Act.STOP_QUEUE:
            server = self._servers[services.Redis]
            with redis.Redis.from_url(server.url) as client:
                client.shutdown(save=True)
        else:
            server = self._servers[services.PostgreSQL]
        server.halt()
        return server

    @contextmanager
    def _made(self) -> Iterator[None]:
        yield


class Ours(Contestant):
    """This project, on PostgreSQL and Redis."""

    name = "redis+postgresql"
    needs: ClassVar[Servers] = (services.PostgreSQL, services.Redis)
    refusals = (sa.exc.OperationalError,)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            "CMS_APP": "tests.chaos.site:app",
            "CMS_DATA_DIR": str(self.folder),
            "CMS_JOB_LEASE": "3",
            "CMS_JOB_RETRY_DELAY": "1",
            **self._addresses(),
        }

    def hire(self) -> Member:
        return Consumer(self.environment, self.folder / "consumers.log")

    def submit(self, order: Order) -> None:
        """Submit as a request does. After an error nobody knows whether the commit
        was made, so it is looked up, as a careful caller would."""
        with self._app.app_context():
            if db.session.scalar(sa.select(Job.id).where(Job.subject_id == order.key)):
                return
            if order.how == How.STUBBORN:
                site.chaos_fail.submit(order.key)
            else:
                site.chaos.submit(order.key, order.how)
            db.session.commit()

    def unended(self, plan: Plan) -> int:
        query = sa.select(sa.func.count()).where(Job.state.in_(ENDED))
        with self._app.app_context():
            return len(plan.orders) - (db.session.scalar(query) or 0)

    def books(self) -> Books:
        with self._app.app_context():
            failed = set(db.session.scalars(sa.select(Job.id).where(Job.state == JobState.FAILED)))
            told = list(db.session.scalars(sa.select(NotificationOccurrence.job_id)))
            return Books(
                tuple(_problems()),
                notifications_missing=len(failed - set(told)),
                notifications_false=len(told) - len(failed & set(told)),
            )

    @contextmanager
    def _made(self) -> Iterator[None]:
        self._app = create_app(self.environment)
        with self._app.app_context():
            flask_migrate.upgrade()
        yield
        huey.storage.close()
        with self._app.app_context():
            for engine in db.engines.values():
                engine.dispose()

    def _addresses(self) -> dict[str, str]:
        return {
            "CMS_DATABASE_URL": self.database,
            "CMS_QUEUE_URL": self._servers[services.Redis].url,
        }


class OnPostgreSQL(Ours):
    """This project, on PostgreSQL alone: its restart takes the queue away too."""

    name = "postgresql"
    needs: ClassVar[Servers] = (services.PostgreSQL,)
    possible = frozenset(Act) - {Act.STOP_QUEUE}

    def empty_queue(self) -> None:
        with psycopg.connect(self.database) as connection:
            connection.execute("TRUNCATE huey_task, huey_schedule")

    def _addresses(self) -> dict[str, str]:
        return {"CMS_DATABASE_URL": self.database, "CMS_QUEUE_URL": self.database}


class Embedded(Ours):
    """This project without a server."""

    name = "embedded"
    needs: ClassVar[Servers] = ()
    possible = frozenset({Act.KILL, Act.TERM, Act.EMPTY_QUEUE})

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'cms.db'}"

    def empty_queue(self) -> None:
        huey.storage.flush_all()

    def _addresses(self) -> dict[str, str]:
        return {}


class Rival(Contestant):
    """A queue alone. Its effects are in PostgreSQL too; its records are what it keeps."""

    module: ClassVar[str]
    command: ClassVar[tuple[str, ...]]
    needs: ClassVar[Servers] = (services.PostgreSQL, services.Redis)
    possible = frozenset(Act) - {Act.RESTART_DATABASE}

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            effects.DATABASE: self.database,
            effects.REDIS: self._servers[services.Redis].url,
            "PYTHONPATH": ":".join(sys.path),
            "PATH": f"{BIN}:/usr/bin:/bin",
        }

    def hire(self) -> Member:
        url = self._servers[services.Redis].url
        command = [sys.executable, "-m", *(part.format(redis=url) for part in self.command)]
        return Command(command, self.environment, self.folder / "workers.log")

    def submit(self, order: Order) -> None:
        self._module.submit(order.key, order.how)

    def unended(self, plan: Plan) -> int:
        return len(plan.wanted - self.log.tally().keys())

    @contextmanager
    def _made(self) -> Iterator[None]:
        for name, value in self.environment.items():
            if name.startswith("CHAOS_"):
                os.environ[name] = value
        self._module: Any = importlib.import_module(f"tests.chaos.rivals.{self.module}")
        yield


class PlainHuey(Rival):
    name = "plain-huey"
    module = "plain_huey"
    command = ("huey.bin.huey_consumer", "tests.chaos.rivals.plain_huey.huey", *HUEY_OPTIONS)
    refusals = (RedisError,)


class Celery(Rival):
    name = "celery"
    module = "with_celery"
    command = (
        *("celery", "--app", "tests.chaos.rivals.with_celery", "worker"),
        *("--concurrency", "3", "--without-gossip", "--without-mingle"),
    )

    @property
    def refusals(self) -> tuple[type[Exception], ...]:  # type: ignore[override]
        return self._module.REFUSALS


class RQ(Rival):
    """RQ's worker runs one job at a time; its pool keeps three."""

    name = "rq"
    module = "with_rq"
    command = ("rq.cli", "worker-pool", "--num-workers", "3", "--url", "{redis}")
    refusals = (RedisError,)


CONTESTANTS = {kind.name: kind for kind in (Ours, OnPostgreSQL, Embedded, PlainHuey, Celery, RQ)}


def _problems() -> Iterator[str]:
    """Say what does not fit together in the ledger: each attempt that was counted is
    either kept as a bad one, or the good one that ended its job."""
    kept = (
        sa.select(sa.func.count())
        .where(JobAttempt.job_id == Job.id)
        .correlate(Job)
        .scalar_subquery()
    )
    well = sa.case((Job.state.in_((JobState.SUCCEEDED, JobState.MOOT)), 1), else_=0)
    if odd := db.session.scalars(sa.select(Job.id).where(Job.attempts_made != kept + well)).all():
        yield f"{len(odd)} jobs whose attempts do not add up"
