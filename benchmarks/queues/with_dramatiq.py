"""Dramatiq on Redis."""

import os
from collections.abc import Iterable

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.queues.ticks import tick

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_REDIS"]))


@dramatiq.actor(max_retries=3)
def bench(number: int) -> None:
    """Do nothing."""
    tick(number)


def submit(numbers: Iterable[int]) -> None:
    """Submit one by one."""
    for number in numbers:
        bench.send(number)
