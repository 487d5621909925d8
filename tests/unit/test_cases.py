"""Each thing that went wrong elsewhere is shown to come out right here: see `tests.cases`."""

import pytest

from tests.cases import CASES, shown


@pytest.fixture(scope="module")
def tests():
    return shown()


def test_the_cases_are_numbered_without_a_gap():
    assert list(CASES) == list(range(1, len(CASES) + 1))


@pytest.mark.parametrize("number", CASES)
def test_a_test_shows_the_case(tests, number):
    assert tests.get(number), CASES[number]
