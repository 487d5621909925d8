"""Celery on Redis, told to acknowledge late and to put back what a dead worker held."""

import os

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from tests.chaos import effects
from tests.chaos.rivals import work

REFUSALS = (OperationalError, RedisError)

app = Celery("chaos", broker=os.environ[effects.REDIS])
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 5},  # work takes a hundredth of it
    task_acks_late=True,
    task_ignore_result=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
)


@app.task(autoretry_for=(effects.Broken,), default_retry_delay=1, max_retries=9, name="chaos")
def chaos(key: str, how: str) -> None:
    work.run(key, how)


def submit(key: str, how: str) -> None:
    chaos.apply_async((key, str(how)), retry=False)
