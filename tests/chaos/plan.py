"""What will be asked, and what will go wrong: decided by a seed before it begins."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """How a job behaves."""

    PLAIN = "plain"
    SHAKY = "shaky"  # fails once
    STUBBORN = "stubborn"  # fails always
    CUT = "cut"  # kills its worker once, between its effect and the record of it


class Act(StrEnum):
    """What goes wrong."""

    KILL = "kill -9 a worker"
    TERM = "TERM a worker"
    EMPTY_QUEUE = "empty the queue"
    STOP_QUEUE = "stop the queue"
    RESTART_DATABASE = "restart the database"


@dataclass(frozen=True)
class Order:
    """One job to submit. `key` names its effect."""

    key: str
    how: How


@dataclass(frozen=True)
class Plan:
    """Jobs, and acts among them: about as many jobs are submitted around each."""

    seed: int
    orders: tuple[Order, ...]
    acts: tuple[Act, ...]

    @property
    def kills(self) -> int:
        return self.acts.count(Act.KILL)

    @property
    def wanted(self) -> set[str]:
        """Return the keys of the effects that must be there at the end."""
        return {order.key for order in self.orders if order.how != How.STUBBORN}

    def steps(self) -> Iterator[tuple[Act, tuple[Order, ...]]]:
        """Yield each act with the jobs that are submitted around it."""
        for number, act in enumerate(self.acts):
            first = number * len(self.orders) // len(self.acts)
            last = (number + 1) * len(self.orders) // len(self.acts)
            yield act, self.orders[first:last]


def make(jobs: int, kills: int, seed: int, possible: Collection[Act] = tuple(Act)) -> Plan:
    """Make the plan of a seed, without the acts that are not `possible`."""
    chance = random.Random(seed)
    hows = [How.CUT] * max(1, jobs // 150)
    hows += [How.SHAKY] * max(1, jobs // 20) + [How.STUBBORN] * max(1, jobs // 30)
    hows += [How.PLAIN] * (jobs - len(hows))
    acts = [Act.KILL] * kills + [Act.TERM] * max(1, kills // 4)
    acts += [Act.EMPTY_QUEUE, Act.STOP_QUEUE, Act.RESTART_DATABASE] * max(1, kills // 6)
    chance.shuffle(hows)
    chance.shuffle(acts)
    return Plan(
        seed,
        tuple(Order(f"job-{number}", how) for number, how in enumerate(hows)),
        tuple(act for act in acts if act in possible),
    )
