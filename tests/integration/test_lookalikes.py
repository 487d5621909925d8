"""Pictures that look alike are found by their hashes, on each database."""

import PIL.Image
import pytest

from cms.editorial.pictures import replace_file
from cms.extensions import db
from cms.media import lookalikes, services
from cms.media.models import ImageHashPart
from tests import pictures
from tests.factories import make_picture, make_upload

SEA, CITY = "f0e1d2c3b4a59687", "0123456789abcdef"


def turned(phash, *bits):
    """The hash with some of its bits turned over."""
    number = int(phash, 16)
    for bit in bits:
        number ^= 1 << bit
    return f"{number:016x}"


@pytest.fixture
def look(each_ctx):
    """Make a picture that has a hash."""

    def make(phash, **kwargs):
        image = make_picture(pictures.jpeg(8, 8), **kwargs)
        image.phash = phash
        lookalikes.note(image)
        return image

    return make


def named(images):
    return [image.title for image in images]


def like(image):
    db.session.expire_all()
    return named(lookalikes.like(image, 10))


def test_a_few_bits_apart_is_alike_and_more_is_not(look):
    sea = look(SEA, filename="sea.jpg")
    look(CITY, filename="city.jpg")
    look(turned(SEA, 0, 1, 17, 30, 40, 63), filename="smaller sea.jpg")  # each part differs
    look(turned(SEA, *range(20, 27)), filename="other sea.jpg")

    assert like(sea) == ["smaller sea"]


def test_what_is_like_one_of_them_is_with_them(look):
    first = look(SEA, filename="1.jpg")
    last = look(turned(SEA, *range(10)), filename="3.jpg")
    assert like(first) == like(last) == []

    look(turned(SEA, *range(5)), filename="2.jpg")
    assert like(first) == ["2", "3"]  # the newest first
    assert first.look_id == last.look_id == first.id


def test_two_groups_become_one(look):
    groups = [[look(turned(SEA, *bits)) for _ in range(2)] for bits in ((), range(10))]
    assert groups[0][0].look_id != groups[1][0].look_id

    look(turned(SEA, *range(5)))
    db.session.expire_all()
    assert len({image.look_id for group in groups for image in group}) == 1


def test_another_file_leaves_those_that_it_does_not_look_like(look):
    first, second = look(SEA), look(SEA)
    second.phash = CITY
    lookalikes.note(second)

    db.session.expire_all()
    assert first.look_id is second.look_id is None
    assert db.session.query(ImageHashPart).count() == 8


def test_a_file_of_one_colour_leaves_those_that_the_file_before_looked_like(ctx):
    first, second = (make_picture(data) for data in (pictures.jpeg(), pictures.png()))
    for image in (first, second):
        services.make_renditions(image)
    assert first.look_id == second.look_id == first.id

    plain = pictures.encoded(PIL.Image.new("RGB", (64, 48), "navy"), "JPEG")
    replace_file(second, make_upload(plain), None)
    services.make_renditions(second)
    db.session.expire_all()
    assert second.phash is first.look_id is second.look_id is None


def test_the_last_one_left_looks_like_nothing(look):
    first, second = look(SEA), look(SEA)
    services.delete_picture(first)

    db.session.expire_all()
    assert second.look_id is None
    assert db.session.query(ImageHashPart).count() == 4


def test_a_picture_without_a_hash_looks_like_nothing(look):
    assert look(None).look_id is look(None).look_id is None
