"""Huey by itself, on Redis."""

import os
from collections.abc import Iterable

from huey import PriorityRedisHuey

from benchmarks.queues.ticks import tick

huey = PriorityRedisHuey("bench", url=os.environ["BENCH_REDIS"], results=False)


@huey.task(retries=3, retry_delay=60)
def bench(number: int) -> None:
    """Do nothing."""
    tick(number)


def submit(numbers: Iterable[int]) -> None:
    """Submit one by one."""
    for number in numbers:
        bench(number)
