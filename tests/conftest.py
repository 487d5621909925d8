"""What every test may ask for."""

import os

import pytest

from tests import services


def _running(service):
    """Start a server for the whole session. Where it must be there, a skip would lie."""
    if lack := service.missing():
        if os.environ.get("CI"):
            pytest.fail(lack)
        pytest.skip(lack)
    with service() as started:
        yield started.url


@pytest.fixture(scope="session")
def postgresql_url():
    yield from _running(services.PostgreSQL)


@pytest.fixture(scope="session")
def mariadb_url():
    yield from _running(services.MariaDB)


@pytest.fixture(scope="session")
def redis_url():
    yield from _running(services.Redis)
