"""Huey by itself, on Redis."""

import os

from huey import PriorityRedisHuey

from tests.chaos import effects
from tests.chaos.rivals import work

huey = PriorityRedisHuey("chaos", url=os.environ[effects.REDIS], results=False)


@huey.task(retries=9, retry_delay=1)
def chaos(key: str, how: str) -> None:
    work.run(key, how)


def submit(key: str, how: str) -> None:
    chaos(key, how)
