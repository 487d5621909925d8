"""Memory that is filled from the top by one thread, and used by another."""

from __future__ import annotations

import threading

import pytest

from cms.imaging.rows import Rows

SIZE = (4096, 100)
ROW = SIZE[0] * 4


def filled(memory, first, last):
    memory[first * ROW : last * ROW] = b"\xff" * ((last - first) * ROW)


def test_rows_are_waited_for_while_others_are_still_to_come():
    go_on = threading.Event()

    def decode(memory):
        filled(memory, 0, 60)
        assert go_on.wait(10)
        filled(memory, 60, 100)

    rows = Rows(SIZE, decode)
    rows.wait(40)  # and some more, that are written at once
    assert rows.memory[39 * ROW] == 255
    assert rows.memory[60 * ROW] == 0
    go_on.set()
    rows.wait(100)
    assert rows.memory[99 * ROW] == 255


def test_rows_that_are_given_back_are_empty():
    rows = Rows(SIZE, lambda memory: filled(memory, 0, 100))
    rows.wait(100)
    rows.give_back(0)
    assert rows.memory[0] == 255
    rows.give_back(70)
    assert rows.memory[0] == 0  # on Linux, at once
    assert rows.memory[70 * ROW] == 255


def test_what_went_wrong_is_told_where_the_rows_are_missing():
    def decode(memory):
        filled(memory, 0, 50)
        raise ValueError("no more")

    rows = Rows(SIZE, decode)
    with pytest.raises(ValueError, match="no more"):
        rows.wait(80)
    with pytest.raises(ValueError, match="no more"):
        rows.wait(100)
