import os

import psycopg
import pytest
import redis
import sqlalchemy as sa

from cms.database import with_driver
from tests import services


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_database_is_up_and_keeps_text_of_any_script(name, request):
    url = request.getfixturevalue(f"{name}_url")
    engine = sa.create_engine(with_driver(url))
    assert url.startswith(f"{name}://")

    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TEMPORARY TABLE note (words VARCHAR(20))"))
        connection.execute(sa.text("INSERT INTO note VALUES (:words)"), {"words": "照片 🌄"})
        assert connection.scalar(sa.text("SELECT words FROM note")) == "照片 🌄"
    engine.dispose()


def test_redis_is_up(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"


def test_a_server_stops_and_leaves_nothing():
    if lack := services.Redis.missing():
        pytest.skip(lack)
    server = services.Redis()
    with server:
        assert server._process is not None
        pid = server._process.pid
        assert server.folder.exists()

    assert not server.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_comes_back_where_it_was():
    if lack := services.PostgreSQL.missing():
        pytest.skip(lack)
    with services.PostgreSQL() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE note (words TEXT)")
        server.halt()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url)
        server.resume()

        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT count(*) FROM note").fetchone() == (0,)


def test_a_server_that_cannot_start_says_why():
    if lack := services.Redis.missing():
        pytest.skip(lack)
    with services.Redis() as first:
        second = services.Redis()
        second.port = -1
        with pytest.raises(AssertionError, match="Redis did not come up"):
            second.start()
        assert not second.folder.exists()
        assert first.url.startswith("redis://127.0.0.1:")


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(services.PostgreSQL, "programs", {"initdb": ("no-such-initdb",)})

    assert services.PostgreSQL.missing() == "PostgreSQL is not installed: no no-such-initdb"
