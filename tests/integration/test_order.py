"""A list that people sort by hand: the presets."""

import pytest

from cms.audit.models import AuditEntry
from cms.editorial import order
from cms.extensions import db
from cms.imaging.presets import SHIPPED, Preset, Shape
from cms.media import presets
from cms.media.models import ImagePreset

JSON = {"Accept": "application/json"}
NAMES = [preset.name for preset in SHIPPED]


@pytest.fixture
def own(log_in):
    """Two presets of one's own, after the shipped ones."""
    log_in("administrator")
    for name in ("card", "tile"):
        db.session.add(presets.as_row(Preset(name, Shape.CROP, 40, 30)))
    db.session.commit()


@pytest.fixture
def move(client):
    """Move a preset; the answer."""

    def go(name, seen=None, **where):
        seen = presets.find(name).position if seen is None else seen
        form = {"id": name, "seen": seen, **where}
        answer = client.post("/admin/image_preset/move", data=form, headers=JSON)
        db.session.expire_all()
        return answer

    return go


def names():
    return [row.name for row in presets.every()]


def test_shipped_ones_come_first_then_by_name(own):
    assert names() == [*NAMES, "card", "tile"]


def test_one_is_moved_between_two_and_nothing_else_changes(own, move):
    answer = move("tile", above="resize", below="thumbnail")
    assert answer.json["words"] == "“tile” is now number 2 of 9."
    assert names() == ["resize", "tile", *NAMES[1:], "card"]
    assert {row.name for row in db.session.query(ImagePreset)} == {"card", "tile"}
    entry = db.session.query(AuditEntry).filter_by(action="move").one()
    assert entry.changes == {"preset": "tile", "place": [9, 2]}


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ({"to": "top"}, 1),
        ({"to": "bottom"}, 9),
        ({"to": "up"}, 7),
        ({"to": "down"}, 9),
        ({"to": "place", "place": "3"}, 3),
        ({"above": "tile"}, 9),  # the last row of a page
        ({"below": "thumbnail"}, 2),  # the first
    ],
)
def test_places_have_names_and_numbers(own, move, where, place):
    assert move("card", **where).json["place"] == place
    assert names().index("card") + 1 == place


def test_all_are_made_in_their_order(own, move):
    move("tile", to="top")
    assert [preset.name for preset in presets.all_enabled()][:2] == ["tile", "resize"]


def test_a_shipped_one_that_was_moved_is_as_it_came_and_can_be_reset(own, client, move):
    move("thumbnail", to="bottom")
    thumbnail = presets.find("thumbnail")
    assert presets.is_as_shipped(thumbnail)
    thumbnail.width = 300
    db.session.commit()
    client.post("/admin/image_preset/reset", data={"id": "thumbnail"})
    db.session.expire_all()
    assert presets.find("thumbnail").width == 200
    assert names()[-1] == "thumbnail"


@pytest.mark.case(39)
def test_who_saw_another_order_is_told_so(own, move):
    seen = presets.find("card").position
    move("tile", above="resize", below="thumbnail")
    before = names()
    assert move("card", above="resize", below="thumbnail").status_code == 409
    move("card", to="top")
    assert move("card", seen, to="bottom").status_code == 409
    assert names() == ["card", *[name for name in before if name != "card"]]


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ({"to": "place", "place": "0"}, 422),
        ({"to": "place", "place": "10"}, 422),
        ({"to": "place", "place": "x"}, 422),
        ({"to": "place"}, 422),
        ({"to": "elsewhere"}, 409),
        ({"above": "gone", "below": "resize"}, 409),
        ({"above": "card"}, 409),
        ({}, 409),
    ],
)
def test_odd_places_change_nothing(own, move, where, code):
    assert move("card", **where).status_code == code
    assert names() == [*NAMES, "card", "tile"]


def test_a_new_one_stands_last(own, client, move):
    move("card", to="bottom")
    form = {"name": "box", "shape": "fit", "width": "30", "height": "20", "formats": "webp",
            "quality": "80", "matte": "#ffffff", "motion": "still", "enabled": "y"}  # fmt: skip
    client.post("/admin/image_preset/new/", data=form)
    assert names()[-3:] == ["tile", "card", "box"]


def test_no_number_of_moves_uses_up_the_room(own, move):
    for turn in range(30):
        name, (first, second) = ("card", "tile")[turn % 2], names()[:2]
        assert move(name, above=first, below=second).status_code == 200
        assert names()[1] == name


def test_a_gap_that_is_used_up_is_made_anew(own):
    rows = presets.every()
    card, tile = rows[-2:]
    order.put(tile, [*rows[:-2], card], len(rows) - 2, "position")  # both were at the same number
    assert names() == [*NAMES, "tile", "card"]
    assert len({row.position for row in presets.every()}) == len(rows)
