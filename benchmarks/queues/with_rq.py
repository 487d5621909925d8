"""RQ, with nothing kept of what has ended."""

import os
from collections.abc import Iterable

from redis import Redis
from rq import Queue

from benchmarks.queues.ticks import tick

queue = Queue("default", connection=Redis.from_url(os.environ["BENCH_REDIS"]))


def submit(numbers: Iterable[int]) -> None:
    """Submit one by one."""
    for number in numbers:
        queue.enqueue(tick, number, result_ttl=0)
