"""What every table has in common: times in UTC, named constraints, our drivers."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from cms import database
from cms.accounts.models import User
from cms.database import Base, UtcDateTime, engine_options, with_driver
from cms.errors import BadSetting
from cms.extensions import db
from cms.jobs.models import Job, JobState
from tests.factories import make_user

SHANGHAI = timezone(timedelta(hours=8))


@pytest.fixture
def saved_time(each_ctx):
    """Save a time as a user's `created_at`, and return what the database gives back."""

    def go(moment):
        user = make_user()
        user.created_at = moment
        db.session.commit()
        db.session.expire_all()
        return db.session.get_one(User, user.id).created_at

    return go


def test_a_time_of_any_zone_comes_back_in_utc_to_the_microsecond(saved_time):
    given = datetime(2026, 3, 1, 20, 0, 0, 123456, tzinfo=SHANGHAI)
    found = saved_time(given)

    assert found == given
    assert found.tzinfo is UTC
    assert found == datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused(ctx):
    user = make_user()
    user.created_at = datetime(2026, 3, 1, 12, 0)  # noqa: DTZ001 - what is refused
    with pytest.raises(sa.exc.StatementError, match="has no time zone"):
        db.session.flush()


def test_times_are_compared_in_the_database_as_they_are_in_python(each_ctx, moment):
    before = make_user()
    before.created_at = moment
    after = make_user()
    after.created_at = moment + timedelta(microseconds=1)
    db.session.commit()

    later = sa.select(User.id).where(User.created_at > moment.astimezone(SHANGHAI))
    assert db.session.scalars(later).all() == [after.id]


def test_a_state_is_kept_as_plain_text(ctx):
    job = Job(id="1", task="x", args=[], kwargs={}, attempts_allowed=1, retry_delay=0)
    db.session.add(job)
    db.session.flush()

    assert db.session.scalar(sa.text("SELECT state FROM job")) == "queued"
    assert db.session.get_one(Job, "1", populate_existing=True).state is JobState.QUEUED


def test_sqlite_reads_while_it_writes_waits_and_keeps_its_references(ctx):
    pragmas = ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
    found = {name: db.session.scalar(sa.text(f"PRAGMA {name}")) for name in pragmas}

    assert found == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 10_000,
        "synchronous": 1,
    }


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_constraint_has_a_name_so_that_a_migration_can_alter_it(table):
    unnamed = [c for c in table.constraints if c.name is None]
    assert unnamed == []
    assert all(index.name for index in table.indexes)


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_moment_is_kept_in_utc(table):
    bare = [c.name for c in table.columns if isinstance(c.type, sa.DateTime)]
    assert bare == []
    for column in table.columns:
        if column.name.endswith("_at"):
            assert isinstance(column.type, UtcDateTime)


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:////tmp/a.db", "sqlite"),
        ("postgresql://u:p@host/name", "postgresql+psycopg"),
        ("postgres://u:p@host/name", "postgresql+psycopg"),
        ("mariadb://u:p@host/name", "mariadb+pymysql"),
        ("mysql://u:p@host/name", "mariadb+pymysql"),
        ("mysql+pymysql://u:p@host/name", "mysql+pymysql"),
    ],
)
def test_operators_need_not_name_a_driver(given, driver):
    assert with_driver(given).drivername == driver


def test_mariadb_is_spoken_to_in_utf8mb4_whatever_else_the_address_says():
    url = with_driver("mariadb://u@host/name?connect_timeout=5")
    assert dict(url.query) == {"connect_timeout": "5", "charset": "utf8mb4"}


@pytest.mark.parametrize(
    "address",
    ["nonsense", "", "oracle://x/y", "http://x/y", "postgresql+nothing://x/y", "mysql://x:port/y"],
)
def test_an_address_of_no_database_is_named(address):
    with pytest.raises(BadSetting, match=r"^CMS_DATABASE_URL: it must begin with sqlite://"):
        with_driver(address)


def test_servers_show_what_was_just_committed():
    options = engine_options(with_driver("postgresql://host/name"))
    assert (options["hide_parameters"], options["isolation_level"]) == (True, "READ COMMITTED")
    assert engine_options(with_driver("sqlite:///x.db")) == {"hide_parameters": True}


def test_a_server_that_is_cut_off_is_not_waited_for_for_long():
    options = engine_options(with_driver("postgresql://host/name?connect_timeout=9"))
    assert options["connect_args"]["tcp_user_timeout"] == 30_000
    assert "connect_timeout" not in options["connect_args"], "the address has its own"
    assert engine_options(with_driver("mariadb://host/name"))["connect_args"] == {
        "connect_timeout": 5
    }


def test_busy_threads_neither_wait_for_connections_nor_close_them(postgresql_url):
    url = with_driver(postgresql_url)
    engine, made = sa.create_engine(url, **engine_options(url)), []
    sa.event.listen(engine, "connect", lambda *connection: made.append(connection))
    for _ in range(2):
        with ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(engine.connect())
    engine.dispose()

    assert len(made) == 20


def test_a_connection_that_the_server_closed_is_replaced_at_once(postgresql_url):
    engine = sa.create_engine(with_driver(postgresql_url))
    with engine.connect() as connection:
        victim = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    with sa.create_engine(with_driver(postgresql_url), poolclass=sa.NullPool).connect() as other:
        other.execute(sa.text(f"SELECT pg_terminate_backend({victim}, 5000)"))

    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT pg_backend_pid()")) != victim
    engine.dispose()


@pytest.mark.parametrize("server", ["postgresql_url", "mariadb_url"])
def test_a_connection_that_died_while_it_was_idle_is_replaced(request, monkeypatch, server):
    engine = sa.create_engine(with_driver(request.getfixturevalue(server)))
    with engine.connect() as connection:
        idle = connection.connection.dbapi_connection
    idle.close()

    monkeypatch.setattr(database, "LIVES_FOR", 0)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
        assert connection.connection.dbapi_connection is not idle
    engine.dispose()
