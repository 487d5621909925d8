"""The presets: shipped ones as they came or changed, others, and their screen."""

import pytest

from cms.audit.models import AuditEntry
from cms.errors import CmsError
from cms.extensions import db
from cms.imaging.presets import SHIPPED, Preset, Shape
from cms.media import presets
from cms.media.models import ImagePreset
from tests import pictures
from tests.factories import make_picture

LIST = "/admin/image_preset/"
CARD = {
    "name": "card",
    "shape": "crop",
    "width": "400",
    "height": "300",
    "formats": ["webp", "original"],
    "quality": "80",
    "matte": "#FFEEDD",
    "motion": "still",
    "enabled": "y",
}


def without(name):
    return {key: value for key, value in CARD.items() if key != name}


def test_as_it_comes_there_are_the_shipped_ones(ctx):
    assert presets.all_enabled() == SHIPPED


def test_a_row_stands_in_place_of_a_shipped_one_or_adds_one(each_ctx):
    changed = presets.as_row(Preset("thumbnail", Shape.FIT, 300, 300))
    off = presets.as_row(SHIPPED[0])
    off.enabled = False
    db.session.add_all([presets.as_row(Preset("card", Shape.FILL, 40, 30)), changed, off])
    db.session.flush()
    found = presets.all_enabled()

    assert [preset.name for preset in found] == [
        "thumbnail", *(p.name for p in SHIPPED[2:]), "card"
    ]  # fmt: skip
    assert (found[0].shape, found[0].width) == (Shape.FIT, 300)
    assert not presets.is_as_shipped(changed)
    presets.reset(changed)
    assert presets.as_preset(presets.find("thumbnail")) == SHIPPED[1]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Card"}, "A name has small letters"),
        ({"name": "a--b"}, "A name has small letters"),
        ({"name": "1st"}, "A name has small letters"),
        ({"name": "a" * 41}, "A name has small letters"),
        ({"name": "resize-400x300"}, "is taken"),
        ({"width": 0}, "from 1 to 8000"),
        ({"height": 8001}, "from 1 to 8000"),
        ({"height": None}, "needs a height"),
        ({"formats": []}, "at least one format"),
        ({"formats": ["gif"]}, "at least one format"),
        ({"quality": 101}, "from 1 to 100"),
        ({"matte": "white"}, "such as #ffffff"),
    ],
)
def test_what_is_wrong_with_one_is_said_in_words(ctx, wrong, words):
    row = presets.as_row(Preset("card", Shape.CROP, 400, 300))
    presets.check(row)
    for name, value in wrong.items():
        setattr(row, name, value)
    with pytest.raises(CmsError, match=words):
        presets.check(row)


def test_a_width_alone_needs_no_height(ctx):
    row = presets.as_row(Preset("wide", Shape.WIDTH, 2560, 77))
    presets.tidy(row)
    assert row.height is None


# The screen


def test_the_list_says_how_many_pictures_are_up_to_date(client, log_in, run_jobs):
    log_in("editor")
    make_picture(pictures.jpeg(64, 48))
    db.session.commit()
    run_jobs()
    page = client.get(LIST).text

    assert "Cut around the focal point" in page
    assert "1 of 1" in page
    assert page.count("As it came") == len(SHIPPED)
    assert db.session.query(ImagePreset).count() == 0
    assert "/admin/image_preset/edit/" not in page, "an editor only looks"


def test_one_is_added(client, log_in):
    log_in("administrator")
    assert client.post(f"{LIST}new/", data=CARD).status_code == 302
    made = presets.as_preset(presets.find("card"))

    assert made == Preset(
        "card", Shape.CROP, 400, 300, ("original", "webp"), 80, "#ffeedd"
    )  # fmt: skip
    assert "regenerate?id=card&amp;" in client.get(LIST).text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (CARD | {"name": "thumbnail"}, "The name “thumbnail” is taken."),
        (CARD | {"name": "Ca rd"}, "A name has small letters"),
        (CARD | {"width": "9000"}, "from 1 to 8000"),
        (without("height"), "This shape needs a height."),
        (without("formats"), "This field is required."),
        (CARD | {"quality": "0"}, "from 1 to 100"),
        (CARD | {"matte": "red"}, "such as #ffffff"),
        (CARD | {"shape": "round"}, "Invalid Choice"),
    ],
)
def test_a_wrong_one_is_refused_in_words(client, log_in, form, words):
    log_in("administrator")
    answer = client.post(f"{LIST}new/", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert db.session.query(ImagePreset).count() == 0


def test_a_shipped_one_is_changed_switched_off_and_reset(client, log_in):
    log_in("administrator")
    form = without("name") | {"width": "250"}
    assert client.post(f"{LIST}edit/?id=thumbnail", data=form).status_code == 302
    assert presets.find("thumbnail").width == 250
    assert "Changed" in client.get(LIST).text
    client.post(f"{LIST}disable", data={"id": "thumbnail"})
    db.session.expire_all()
    assert "thumbnail" not in {preset.name for preset in presets.all_enabled()}
    client.post(f"{LIST}reset", data={"id": "thumbnail"})

    assert presets.all_enabled() == SHIPPED
    entries = db.session.query(AuditEntry).filter_by(thing_kind="image_preset")
    assert [(e.action, e.changes["preset"]) for e in entries.order_by(AuditEntry.id)] == [
        ("edit", "thumbnail"), ("switch", "thumbnail"), ("reset", "thumbnail")
    ]  # fmt: skip
    assert entries.filter_by(action="edit").one().changes["width"] == [200, 250]
    reset = entries.filter_by(action="reset").one().changes
    assert (reset["width"], reset["enabled"]) == ([250, 200], [False, True])


def test_a_shipped_one_is_not_deleted_and_ones_own_is(client, log_in):
    log_in("administrator")
    client.post(f"{LIST}new/", data=CARD)
    for name in ("card", "thumbnail"):
        client.post(f"{LIST}delete/", data={"id": name})
    db.session.expire_all()

    assert presets.find("card") is None
    was = db.session.query(AuditEntry).filter_by(action="delete").one().changes
    assert (was["width"], was["formats"]) == ([400, None], [["webp", "original"], None])
    assert presets.all_enabled() == SHIPPED
    assert "came with QsCMS" in client.get(LIST).text


def test_what_was_made_here_has_nothing_that_it_came_as(client, log_in):
    log_in("administrator")
    db.session.add(presets.as_row(Preset("card", Shape.FILL, 40, 30)))
    db.session.commit()
    answer = client.post(f"{LIST}reset", data={"id": "card"}, follow_redirects=True)
    assert "This one was made here" in answer.text
    assert presets.find("card") is not None
