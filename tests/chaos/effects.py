"""The effects of jobs: a log that is only ever appended to, so that it tells what was
done and how often. Whoever works finds it by the environment."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cms.database import with_driver

FOLDER = "CHAOS_FOLDER"
DATABASE = "CHAOS_DATABASE"
REDIS = "CHAOS_REDIS"

WORK_SECONDS = 0.03

effects = sa.Table(
    "chaos_effect",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String(40), index=True),
)


class Broken(Exception):
    """What a job raises that is to fail."""


def work() -> None:
    """Take some time, as real work does."""
    time.sleep(WORK_SECONDS)


def first_time(key: str) -> bool:
    """Tell whether this is asked for the first time, whatever has died since."""
    try:
        Path(os.environ[FOLDER], f"seen-{key}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def effect(key: str) -> Any:
    """Return the statement that records an effect."""
    return effects.insert().values(key=key)


class Log:
    """The log, as the harness and the rivals open it."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(with_driver(url), pool_pre_ping=True)

    def create(self) -> None:
        effects.metadata.create_all(self._engine)

    def append(self, key: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(effect(key))

    def count(self) -> int:
        """Return how many effects there are; 0 while the database is away."""
        try:
            with self._engine.connect() as connection:
                return connection.scalar(sa.select(sa.func.count()).select_from(effects)) or 0
        except sa.exc.OperationalError:
            return 0

    def tally(self) -> Counter[str]:
        """Return how often each effect was had."""
        with self._engine.connect() as connection:
            return Counter(connection.scalars(sa.select(effects.c.key)))

    def close(self) -> None:
        self._engine.dispose()
