"""What callers may ask for, and what they hear when it makes no sense."""

from __future__ import annotations

import json

import pytest

from cms.imaging.operations import (
    LARGEST_SIDE,
    AbsurdSize,
    MalformedOperation,
    NoOperation,
    RepeatedOperation,
    UnknownOperation,
    parse,
)
from cms.imaging.presets import Preset, Shape
from tests.pictures import OPERATIONS


def resize(width=800, height=600):
    return {"type": "resize", "width": width, "height": height}


def test_one_fits_into_its_box_and_one_fills_it():
    assert parse(OPERATIONS) == (
        Preset("resize", Shape.FIT, 800, 600),
        Preset("thumbnail", Shape.CROP, 200, 200),
    )


def test_operations_survive_the_way_through_a_job():
    assert parse(json.loads(json.dumps(OPERATIONS))) == parse(OPERATIONS)


def test_an_operation_is_named_for_what_it_does():
    assert [operation.name for operation in parse(OPERATIONS)] == [
        "resize",
        "thumbnail",
    ]


@pytest.mark.parametrize("given", [[], (), None, {}, "resize", 7, resize()])
def test_no_list_is_no_operation(given):
    with pytest.raises(NoOperation, match="No picture operation"):
        parse(given)


@pytest.mark.parametrize(
    "entry",
    ["resize", None, [], {}, {"type": "resize"}, resize() | {"quality": 3}, {1: 2}],
)
def test_an_entry_of_another_shape_is_refused(entry):
    with pytest.raises(MalformedOperation, match="a type, a width and a height"):
        parse([resize(), entry])


@pytest.mark.parametrize("kind", ["rotate", "Resize", "", None, 5, ["resize"], {}])
def test_an_unknown_type_is_named(kind):
    with pytest.raises(UnknownOperation, match="There is no picture operation called") as raised:
        parse([resize() | {"type": kind}])
    assert str(kind) in str(raised.value)


def test_a_sentence_repeats_no_novel():
    with pytest.raises(UnknownOperation) as raised:
        parse([resize() | {"type": "x" * 10_000}])
    assert len(str(raised.value)) < 100


@pytest.mark.parametrize("side", [0, -1, LARGEST_SIDE + 1, 10**30, 1.5, "800", None, True, []])
def test_an_absurd_size_is_refused(side):
    for given in (resize(width=side), resize(height=side)):
        with pytest.raises(AbsurdSize, match="whole number from 1 to 8000"):
            parse([given])


def test_the_limits_themselves_are_accepted():
    assert parse([resize(1, LARGEST_SIDE)]) == (
        Preset(f"resize-1x{LARGEST_SIDE}", Shape.FIT, 1, LARGEST_SIDE),
    )


def test_the_same_operation_twice_is_refused():
    with pytest.raises(RepeatedOperation, match="resize"):
        parse([resize(), resize(400, 300), resize()])
