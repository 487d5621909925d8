"""QsCMS: a row in the ledger for each job, committed, then the message."""

from collections.abc import Iterable

from benchmarks.queues.ticks import tick
from cms.extensions import db
from cms.tasks import huey
from wsgi import app


@huey.task(retries=3, retry_delay=60, name="bench", subject="bench", words="Do nothing")
def bench(number: int) -> None:
    """Do nothing."""
    tick(number)


def push(numbers: Iterable[int]) -> None:
    """Submit one by one, each by itself in a transaction of its own."""
    with app.app_context():
        for number in numbers:
            bench.push(number)


def submit(numbers: Iterable[int]) -> None:
    """Submit one by one, each as part of a session's transaction, which is then committed."""
    with app.app_context():
        for number in numbers:
            bench.submit(number)
            db.session.commit()


def submit_many(numbers: Iterable[int]) -> None:
    """Submit all in one transaction."""
    with app.app_context():
        bench.submit_many((number,) for number in numbers)
        db.session.commit()
