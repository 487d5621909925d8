"""Celery on Redis, with nothing kept of what has ended."""

import os
from collections.abc import Iterable

from celery import Celery

from benchmarks.queues.ticks import tick

app = Celery("bench", broker=os.environ["BENCH_REDIS"])
app.conf.update(broker_connection_retry_on_startup=True, task_ignore_result=True)


@app.task(name="bench", max_retries=3)
def bench(number: int) -> None:
    """Do nothing."""
    tick(number)


def submit(numbers: Iterable[int]) -> None:
    """Submit one by one."""
    for number in numbers:
        bench.delay(number)
