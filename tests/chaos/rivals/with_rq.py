"""RQ, told to try again."""

import os

from redis import Redis
from rq import Queue, Retry

from tests.chaos import effects
from tests.chaos.rivals import work

queue = Queue("default", connection=Redis.from_url(os.environ[effects.REDIS]))


def submit(key: str, how: str) -> None:
    queue.enqueue(work.run, key, str(how), retry=Retry(max=9))
