"""What every test may ask for."""

import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import flask_migrate
import pytest
from sqlalchemy import update

from cms.app import create_app
from cms.extensions import db
from cms.jobs.queue import open_storage
from cms.tasks import huey
from tests import services
from tests.clients import PageClient
from tests.factories import QUICK_TO_HASH, make_user
from tests.processes import PASSWORD, free_port

# A database server with a queue in a file would be two halves of two installations.
_PAIRS = [
    ("sqlite", "sqlite"),
    *product(("sqlite", "postgresql", "mariadb"), ("redis", "postgresql")),
]


def _running(service):
    """Start a server, and give its address."""
    for started in _started(service):
        yield started.url


def _started(service):
    """Start a server. Where it must be there, a skip would lie."""
    if lack := service.missing():
        if os.environ.get("CI"):
            pytest.fail(lack)
        pytest.skip(lack)
    with service() as started:
        yield started


@pytest.fixture(scope="session")
def postgresql_url():
    yield from _running(services.PostgreSQL)


@pytest.fixture(scope="session")
def mariadb_url():
    yield from _running(services.MariaDB)


@pytest.fixture(scope="session")
def redis_url():
    yield from _running(services.Redis)


@pytest.fixture
def own_redis():
    """A Redis of this test's own, to be halted and resumed."""
    yield from _started(services.Redis)


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The application on the embedded default, its database migrated."""
    with _made_app(tmp_path_factory.mktemp("cms")) as app:
        yield app


@pytest.fixture(
    scope="session",
    params=["sqlite", "postgresql", "mariadb"],
)
def each_app(request, tmp_path_factory):
    """The application on each database; the servers' with Redis as their queue."""
    settings = {}
    if request.param != "sqlite":
        settings["CMS_DATABASE_URL"] = request.getfixturevalue(f"{request.param}_url")
        settings["CMS_QUEUE_URL"] = request.getfixturevalue("redis_url")
    with _made_app(tmp_path_factory.mktemp(request.param), **settings) as app:
        yield app


@pytest.fixture(scope="session", params=_PAIRS, ids="-".join)
def each_pair_app(request, tmp_path_factory):
    """The application on each database with each queue that may go with it."""
    settings = {}
    for name, kind in zip(("CMS_DATABASE_URL", "CMS_QUEUE_URL"), request.param, strict=True):
        if kind != "sqlite":
            settings[name] = request.getfixturevalue(f"{kind}_url")
    with _made_app(tmp_path_factory.mktemp("-".join(request.param)), **settings) as app:
        yield app


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
def each_pair(each_pair_app):
    """The same on each database with each queue."""
    with _clean_context(each_pair_app):
        yield each_pair_app


@pytest.fixture
def client(ctx):
    return ctx.test_client()


@pytest.fixture
def log_in(client):
    """Log in with a new account of a role; return the account."""

    def go(role="editor"):
        user = make_user(role)
        db.session.commit()
        answer = client.post("/login", data={"email": user.email, "password": PASSWORD})
        assert answer.status_code == 302
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
    """Run what waits in the queue as a consumer would, and what is due within `hours`.

    Returns the time, as Huey counts it, just after the last run.
    """

    def run(hours=0):
        horizon = huey._get_timestamp() + timedelta(hours=hours)
        while True:
            for task in huey.read_schedule(horizon):
                huey.enqueue(task)
            if not len(huey):
                db.session.expire_all()
                return huey._get_timestamp()
            huey.execute(huey.dequeue(), horizon)

    return run


@pytest.fixture
def unreachable_queue(ctx):
    """The queue is a Redis that refuses connections."""
    kept = huey.storage
    huey.storage = open_storage("cms", f"redis://127.0.0.1:{free_port()}/0")
    yield
    huey.storage = kept


@contextmanager
def _made_app(folder, **settings):
    app = create_app(
        {
            "CMS_ENV": "testing",
            "CMS_DATA_DIR": folder,
            "CMS_LOGIN_LIMIT": "1000 per minute",
            "CMS_API_LIMIT": "1000000 per minute",
            "PROPAGATE_EXCEPTIONS": False,  # an error is answered as in production
            **QUICK_TO_HASH,
            **settings,
        }
    )
    app.test_client_class = PageClient
    with app.app_context():
        flask_migrate.upgrade()
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@contextmanager
def _clean_context(app):
    huey.init_app(app)  # there is one Huey; bind it to this test's application
    with app.app_context():
        _empty(app)
        yield
        db.session.rollback()
    huey.storage.close()


def _empty(app):
    for table in db.metadata.tables.values():  # MariaDB minds the order of rows
        for key in (key for key in table.foreign_keys if key.column.table is table):
            db.session.execute(update(table).values({key.parent: None}))
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(table.delete())
    db.session.commit()
    huey.flush()
    for name in ("files", "mail"):
        for path in Path(app.config["CMS_SETTINGS"].data_dir, name).rglob("*"):
            if path.is_file():
                path.unlink()
