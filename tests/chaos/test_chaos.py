"""A small storm with a fixed seed. The large one is `make chaos`."""

from __future__ import annotations

import os

import pytest

from tests.chaos import plan as plans
from tests.chaos.contestants import Embedded, OnPostgreSQL, Ours
from tests.chaos.plan import Act, How
from tests.chaos.storm import Storm, refill

SEED = 1
END_SECONDS = 90  # it takes a quarter of that; a bound is no target


@pytest.fixture
def start(tmp_path, request):
    """Start the servers of a contestant; skip where this machine lacks one."""

    def go(kind):
        for need in kind.needs:
            if lack := need.missing():
                (pytest.fail if os.environ.get("CI") else pytest.skip)(lack)
        contestant = kind(tmp_path)
        up = contestant.up()
        up.__enter__()
        request.addfinalizer(lambda: up.__exit__(None, None, None))
        return contestant

    return go


@pytest.mark.case(27)
@pytest.mark.parametrize("kind", [Ours, OnPostgreSQL, Embedded], ids=lambda kind: kind.name)
def test_whatever_dies_each_job_has_its_effect_once_and_each_failure_is_told(kind, start):
    plan = plans.make(60, 4, SEED, kind.possible)

    result = Storm(start(kind), plan, END_SECONDS).run()

    assert list(result.problems()) == []
    assert result.plan.kills == 4


@pytest.mark.case(27)
def test_an_emptied_redis_is_filled_again_without_hands(start):
    assert refill(start(Ours), 60, END_SECONDS)


def test_a_seed_makes_one_plan():
    plan = plans.make(100, 8, SEED)

    assert plan == plans.make(100, 8, SEED) != plans.make(100, 8, SEED + 1)
    assert {order.how for order in plan.orders} == set(How)
    assert set(plan.acts) == set(Act)
    assert tuple(order for _act, orders in plan.steps() for order in orders) == plan.orders
