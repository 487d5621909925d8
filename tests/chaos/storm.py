"""Carries out a plan, and counts what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.chaos.contestants import Books, Contestant
from tests.chaos.crew import Crew
from tests.chaos.plan import Act, How, Order, Plan
from tests.processes import wait_for

# How long an act waits for the work around it to be under way.
UNDER_WAY_SECONDS = 4
# How long a stopped queue stays away, unless all that was to be submitted is.
AWAY_SECONDS = 3
PAUSE = 0.05


@dataclass(frozen=True)
class Result:
    """What is seen at the end."""

    name: str
    plan: Plan
    books: Books
    unended: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    unasked: tuple[str, ...]  # effects of jobs that failed
    refused: int
    seconds: float

    @property
    def clean(self) -> bool:
        """Whether nothing at all is wrong."""
        return not list(self.problems())

    def problems(self) -> Iterator[str]:
        """Say what is wrong."""
        if self.unended:
            yield f"{self.unended} jobs have not ended"
        for what in ("lost", "doubled", "unasked"):
            if keys := getattr(self, what):
                yield f"{len(keys)} {what}, such as {', '.join(keys[:5])}"
        if self.books.notifications_missing:
            yield f"{self.books.notifications_missing} notifications missing"
        if self.books.notifications_false:
            yield f"{self.books.notifications_false} notifications false"
        yield from self.books.problems


class Storm:
    """One contestant, one plan."""

    def __init__(self, contestant: Contestant, plan: Plan, end_seconds: float) -> None:
        self._contestant = contestant
        self._plan = plan
        self._end_seconds = end_seconds
        self._submitted = 0
        self._refused = 0
        self._given_up: list[BaseException] = []

    def run(self) -> Result:
        began = time.monotonic()
        self._crew = Crew(self._contestant.hire, self._plan.seed)
        try:
            for act, orders in self._plan.steps():
                with self._submitting(orders):
                    self._do(act)
            self._wait_for_the_end()
        finally:
            self._crew.dismiss()
        return self._result(time.monotonic() - began)

    def _do(self, act: Act) -> None:
        before = self._contestant.log.count()
        self._tend_until(lambda: self._contestant.log.count() > before, UNDER_WAY_SECONDS)
        if act == Act.KILL:
            self._crew.kill()
        elif act == Act.TERM:
            self._crew.term()
        elif act == Act.EMPTY_QUEUE:
            self._contestant.empty_queue()
        else:
            self._take_away(act)

    def _take_away(self, act: Act) -> None:
        server = self._contestant.halt(act)
        if act == Act.STOP_QUEUE:  # a database is only restarted
            goal = self._submitted + len(self._plan.orders) // len(self._plan.acts)
            self._tend_until(lambda: self._submitted >= goal, AWAY_SECONDS)
        server.resume()

    @contextmanager
    def _submitting(self, orders: tuple[Order, ...]) -> Iterator[None]:
        thread = threading.Thread(target=self._submit, args=(orders,), name="Submitter")
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if self._given_up:
            raise self._given_up[0]

    def _submit(self, orders: tuple[Order, ...]) -> None:
        try:
            for order in orders:
                wait_for(lambda order=order: self._taken(order), f"{order} to be taken")
                self._submitted += 1
        except BaseException as error:  # noqa: BLE001 - told in the thread that waits for this one
            self._given_up.append(error)

    def _taken(self, order: Order) -> bool:
        """Submit a job; whoever is refused tries again."""
        try:
            self._contestant.submit(order)
        except self._contestant.refusals:
            self._refused += 1
            return False
        return True

    def _wait_for_the_end(self) -> None:
        """Wait for as long as jobs go on ending: who is slow has lost nothing."""
        left = self._unended()
        while left and self._tend_until(
            lambda left=left: self._unended() < left, self._end_seconds
        ):
            left = self._unended()

    def _unended(self) -> int:
        return self._contestant.unended(self._plan)

    def _tend_until(self, condition, seconds: float) -> bool:
        """Keep the crew whole until something is so, or the time is over."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._crew.tend()
            time.sleep(PAUSE)
        return True

    def _result(self, seconds: float) -> Result:
        tally = self._contestant.log.tally()
        wanted = self._plan.wanted
        return Result(
            name=self._contestant.name,
            plan=self._plan,
            books=self._contestant.books(),
            unended=self._contestant.unended(self._plan),
            lost=tuple(sorted(wanted - tally.keys())),
            doubled=tuple(sorted(key for key in wanted if tally[key] > 1)),
            unasked=tuple(sorted(tally.keys() - wanted)),
            refused=self._refused,
            seconds=seconds,
        )


def refill(contestant: Contestant, jobs: int, seconds: float) -> float:
    """Empty a queue that `jobs` wait in, then let workers come; return how many seconds
    it took until all had ended, each with its effect once."""
    plan = Plan(0, tuple(Order(f"job-{number}", How.PLAIN) for number in range(jobs)), ())
    for order in plan.orders:
        contestant.submit(order)
    contestant.empty_queue()
    began = time.monotonic()
    crew = Crew(contestant.hire, plan.seed)
    try:
        wait_for(lambda: not contestant.unended(plan), f"{jobs} jobs to end", seconds)
        took = time.monotonic() - began
    finally:
        crew.dismiss()
    assert contestant.log.tally() == dict.fromkeys(plan.wanted, 1)
    return took
