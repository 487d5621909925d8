"""What every test may ask for."""

import gc
import os
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from sqlalchemy import delete, literal_column, select, update

from cms import clock
from cms.app import create_app
from cms.audit.models import AuditEntry
from cms.extensions import db
from cms.jobs.models import Job
from cms.jobs.queue import open_storage
from cms.site import health, uses
from cms.tasks import huey
from tests import services, snapshots
from tests.browser import CHROMIUM, QUIET
from tests.clients import PageClient
from tests.factories import QUICK_TO_HASH, make_user
from tests.processes import PASSWORD, free_port

# A database server with a queue in a file would be two halves of two installations.
_PAIRS = [
    ("sqlite", "sqlite"),
    *product(("sqlite", "postgresql", "mariadb"), ("redis", "postgresql")),
]


def pytest_make_parametrize_id(val, argname):
    """Name bytes by what they are for: an archive made twice may tell two times of day, and
    each process must know the tests by the same names."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_finish():
    """What is loaded by now stays. To look through it for garbage again and again took a sixth
    of what the tests take."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def _running(service):
    """Start a server, and give its address."""
    for started in _started(service):
        yield started.url


def _started(service):
    if lack := service.missing():
        _do_without(lack)
    with service() as started:
        yield started


def _do_without(lack):
    """Skip a test, and say what it lacks. Where that must be there, a skip would lie."""
    if os.environ.get("CI"):
        pytest.fail(lack)
    pytest.skip(lack)


@pytest.fixture(scope="session")
def postgresql_url():
    yield from _running(services.PostgreSQL)


@pytest.fixture(scope="session")
def mariadb_url():
    yield from _running(services.MariaDB)


@pytest.fixture(scope="session")
def redis_url():
    yield from _running(services.Redis)


@pytest.fixture(scope="session")
def s3():
    """A server with a bucket, which checks signatures."""
    yield from _started(services.S3)


@pytest.fixture(scope="session")
def conditional_s3():
    """One that knows conditions."""
    yield from _started(services.ConditionalS3)


@pytest.fixture
def own_s3():
    """An S3 of this test's own, to be halted and resumed."""
    yield from _started(services.S3)


@pytest.fixture
def own_redis():
    """A Redis of this test's own, to be halted and resumed."""
    yield from _started(services.Redis)


@pytest.fixture(scope="session")
def app_on(tmp_path_factory):
    """Give the application on a database and a queue: made when it is first asked for, and kept.
    (A parameter's fixture is torn down for the next one's, in each file anew.)"""
    made = {}

    @contextmanager
    def go(request, *pair):
        if pair not in made:
            names = ("CMS_DATABASE_URL", "CMS_QUEUE_URL")
            settings = {
                name: request.getfixturevalue(f"{kind}_url")
                for name, kind in zip(names, pair, strict=True)
                if kind != "sqlite"
            }
            made[pair] = _make_app(tmp_path_factory.mktemp("-".join(pair)), **settings)
        yield made[pair]
        with made[pair].app_context():
            for engine in db.engines.values():
                engine.dispose()

    return go


@pytest.fixture(scope="session")
def app(app_on, request):
    """The application on the embedded default, its database migrated."""
    with app_on(request, "sqlite", "sqlite") as app:
        yield app


@pytest.fixture(scope="session", params=["sqlite", "postgresql", "mariadb"])
def each_app(app_on, request):
    """The application on each database; the servers' with Redis as their queue."""
    queue = "sqlite" if request.param == "sqlite" else "redis"
    with app_on(request, request.param, queue) as app:
        yield app


@pytest.fixture(scope="session", params=_PAIRS, ids="-".join)
def each_pair_app(app_on, request):
    """The application on each database with each queue that may go with it."""
    with app_on(request, *request.param) as app:
        yield app


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    if CHROMIUM is None:
        _do_without("Chromium is not installed")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(QUIET)}


@pytest.fixture
def ctx(app):
    """An application context on an empty database, queue and storage."""
    with _clean_context(app):
        yield app


@pytest.fixture
def each_ctx(each_app):
    """The same on each database."""
    with _clean_context(each_app):
        yield each_app


@pytest.fixture
def start_afresh(each_app):
    """Empty the database, queue and storage of `each_ctx` once more."""
    return lambda: _empty(each_app)


@pytest.fixture
def each_pair(each_pair_app):
    """The same on each database with each queue."""
    with _clean_context(each_pair_app):
        yield each_pair_app


@pytest.fixture
def client(ctx):
    return ctx.test_client()


@pytest.fixture
def log_in(client):
    """Log in with a new account of a role, of which the audit trail says nothing; return it."""

    def go(role="editor"):
        user = make_user(role)
        db.session.commit()
        answer = client.post("/login", data={"email": user.email, "password": PASSWORD})
        assert answer.status_code == 302
        db.session.execute(delete(AuditEntry).where(AuditEntry.action == "log in"))
        db.session.commit()
        return user

    return go


@pytest.fixture
def runner(ctx):
    return ctx.test_cli_runner()


@pytest.fixture
def moment():
    """A time that tests may stop the clock at."""
    return datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def set_setting(ctx, monkeypatch):
    """Change settings of the running application, until the test ends."""

    def go(**changes):
        settings = ctx.config["CMS_SETTINGS"].model_copy(update=changes)
        monkeypatch.setitem(ctx.config, "CMS_SETTINGS", settings)

    return go


@pytest.fixture
def run_jobs():
    """Run what waits in the queue as a consumer would, and what is due within `hours`, each at
    its time.

    Returns the time, as Huey counts it, just after the last run.
    """

    def run(hours=0):
        horizon = huey._get_timestamp() + timedelta(hours=hours)
        latest = clock.now() + timedelta(hours=hours)
        while True:
            for task in huey.read_schedule(horizon):
                huey.enqueue(task)
            if not len(huey):
                db.session.expire_all()
                return huey._get_timestamp()
            task = huey.dequeue()
            with at_its_time(task, latest):
                huey.execute(task, horizon)

    @contextmanager
    def at_its_time(task, latest):
        with huey.app.app_context():
            due = db.session.scalar(select(Job.due_at).where(Job.id == task.id))
        early = due is not None and clock.now() < due <= latest
        with clock.stopped_at(due) if early else nullcontext():
            yield

    return run


@pytest.fixture
def once(ctx, tmp_path_factory):
    """Make things for many tests once: `once(make, …)` calls `make(…)` for the first of them,
    and for the others puts back what database, queue and files held after it. It returns
    what `make` did: numbers and texts, for rows are those of one session."""

    def go(make, *given):
        if make not in _made_once:
            result = make(*given)
            db.session.commit()
            folder = tmp_path_factory.mktemp(make.__name__)
            snapshots.copy(ctx.config["CMS_SETTINGS"].data_dir, folder)
            _made_once[make] = folder, result
        else:
            folder, result = _made_once[make]
            db.session.rollback()
            snapshots.copy(folder, ctx.config["CMS_SETTINGS"].data_dir)
        return deepcopy(result)

    return go


@pytest.fixture
def unreachable_queue(ctx):
    """The queue is a Redis that refuses connections."""
    kept = huey.storage
    huey.storage = open_storage("cms", f"redis://127.0.0.1:{free_port()}/0")
    yield
    huey.storage = kept


_made_once: dict[Any, Any] = {}


def _make_app(folder, **settings):
    app = create_app(
        {
            "CMS_ENV": "testing",
            "CMS_DATA_DIR": folder,
            "CMS_LOGIN_LIMIT": "1000 per minute",
            "CMS_ACCOUNT_LIMIT": "1000 per minute",
            "CMS_LINK_LIMIT": "1000 per minute",
            "CMS_API_LIMIT": "1000000 per minute",
            "PROPAGATE_EXCEPTIONS": False,  # an error is answered as in production
            **QUICK_TO_HASH,
            **settings,
        }
    )
    app.test_client_class = PageClient
    with app.app_context():
        flask_migrate.upgrade()
    return app


@contextmanager
def _clean_context(app):
    huey.init_app(app)  # there is one Huey; bind it to this test's application
    with app.app_context():
        _empty(app)
        yield
        db.session.rollback()
        engines = list(db.engines.values())
    huey.storage.close()
    # One that is still out would be closed by nobody, and be told of in another test.
    assert [engine.pool.checkedout() for engine in engines] == [0] * len(engines)


def _empty(app):
    filled = _filled_tables()
    for table in filled:  # MariaDB minds the order of rows
        for key in (key for key in table.foreign_keys if key.column.table is table):
            db.session.execute(update(table).values({key.parent: None}))
    for table in filled:
        db.session.execute(table.delete())
    db.session.commit()
    huey.flush()
    uses.forget(app)
    app.extensions.pop(health.ROUNDS, None)
    for name in ("files", "mail"):
        for path in Path(app.config["CMS_SETTINGS"].data_dir, name).rglob("*"):
            if path.is_file():
                path.unlink()


def _filled_tables():
    """The tables that hold a row, each before those that it refers to: one question is quicker
    than as many deletions as there are tables."""
    tables = tuple(reversed(db.metadata.sorted_tables))
    row = db.session.execute(_question(tables)).one()
    return [table for table, holds in zip(tables, row, strict=True) if holds]


@cache
def _question(tables):
    one = literal_column("1")
    return select(*(select(one).select_from(table).exists() for table in tables))
