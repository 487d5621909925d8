"""What is made of a picture by its presets: only what is missing, and nothing that is too much."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, update

from cms.editorial import content
from cms.editorial import presets as acts
from cms.errors import NotFound
from cms.extensions import db
from cms.imaging.presets import Preset, Shape
from cms.media import files, presets, recipes, renditions, services
from cms.media.models import Image, ImageStatus
from cms.tasks.images import process_image
from tests import pictures
from tests.factories import make_article, make_picture, make_user

CARD = Preset("card", Shape.CROP, 30, 30)


@pytest.fixture
def image(ctx, run_jobs):
    """A picture with all its renditions."""
    image = make_picture(pictures.jpeg(80, 60))
    db.session.commit()
    run_jobs()
    return image


@pytest.fixture
def only(ctx):
    """Switch all presets off but those given, which are added."""

    def go(*wanted):
        for row in presets.every():
            presets.keep(row)
            acts.switch(row, on=False)
        for preset in wanted:
            db.session.add(presets.as_row(preset))
        db.session.commit()

    return go


def keys(image):
    return {(r.preset, r.format): r.key for r in image.renditions}


def complete(image, **options):
    renditions.complete(image, **options)
    db.session.commit()


def test_what_is_up_to_date_is_not_made_again(image):
    before = keys(image)
    assert before.keys() == {(p.name, name) for p in presets.all_enabled() for name in p.formats}
    assert not renditions.complete(image)
    assert keys(image) == before


def test_a_changed_preset_makes_its_own_file_alone(only, run_jobs):
    only(CARD, Preset("tile", Shape.FILL, 20, 20))
    image = make_picture(pictures.jpeg(80, 60))
    db.session.commit()
    run_jobs()
    before = keys(image)
    presets.find("card").quality = 60
    complete(image)

    after = keys(image)
    assert after.keys() == before.keys() == {("card", "original"), ("tile", "original")}
    assert after["tile", "original"] == before["tile", "original"]
    assert after["card", "original"] != before["card", "original"]
    assert files.storage().exists(after["card", "original"])
    assert not files.storage().exists(before["card", "original"]), "it goes after the commit"


def test_the_old_file_serves_until_the_commit(only, run_jobs):
    only(CARD)
    image = make_picture(pictures.jpeg(80, 60))
    db.session.commit()
    run_jobs()
    (old,) = keys(image).values()
    renditions.complete(image, anew=True)
    (new,) = keys(image).values()
    assert files.storage().exists(old)
    assert files.storage().exists(new)
    db.session.rollback()

    assert list(keys(image).values()) == [old]
    assert files.storage().exists(old)
    assert not files.storage().exists(new)


def test_the_files_of_a_preset_that_is_gone_go(image, only):
    before = keys(image)
    only(CARD)
    complete(image)

    assert {preset for preset, _format in keys(image)} == {"card"}
    assert not any(files.storage().exists(key) for key in before.values())


def test_what_operations_made_stays_while_it_is_of_the_same_file(only, run_jobs):
    only(CARD)
    image = make_picture(pictures.jpeg(80, 60))
    process_image.submit(image.id, [{"type": "resize", "width": 40, "height": 30}])
    db.session.commit()
    run_jobs()
    complete(image)
    assert {r.preset for r in image.renditions} == {"card", "resize-40x30"}

    image.version += 1
    complete(image)
    assert {r.preset for r in image.renditions} == {"card"}


@pytest.mark.case(12)
def test_another_file_makes_all_of_it_anew(only, run_jobs):
    only(CARD, Preset("tile", Shape.FILL, 20, 20))
    image = make_picture(pictures.jpeg(80, 60))
    db.session.commit()
    run_jobs()
    before = keys(image)
    image.version += 1
    complete(image)

    assert keys(image).keys() == before.keys()
    assert not set(keys(image).values()) & set(before.values())


def test_the_focal_point_matters_where_it_is_cut_by_it(only, run_jobs):
    only(CARD, Preset("tile", Shape.FILL, 20, 20))
    image = make_picture(pictures.jpeg(80, 60))
    db.session.commit()
    run_jobs()
    image.focal_x = 0.9
    assert [p.name for p in recipes.missing(image, presets.all_enabled())] == ["card"]
    image.crop = [0, 0, 0.5, 0.5]
    assert [p.name for p in recipes.missing(image, presets.all_enabled())] == ["card", "tile"]


@pytest.mark.case(14)
def test_a_picture_that_is_deleted_meanwhile_is_not_there(each_ctx):
    image = make_picture(pictures.jpeg(80, 60))
    db.session.commit()
    services.delete_picture(image)

    with pytest.raises(NotFound), db.session.begin_nested():
        renditions._hold(Image(id=image.id))


@pytest.mark.case(13)
def test_two_jobs_on_one_picture_are_both_recorded(each_ctx):
    image = make_picture(pictures.jpeg(80, 60))
    db.session.commit()
    number, app = image.id, each_ctx

    def work(name):
        with app.app_context():
            wanted = [CARD, Preset(name, Shape.FIT, 20, 20)]
            renditions.make(db.session.get_one(Image, number), wanted)
            db.session.commit()

    with ThreadPoolExecutor() as threads:
        list(threads.map(work, ("one", "two", "three")))
    db.session.expire_all()

    assert {r.preset for r in image.renditions} == {"card", "one", "two", "three"}
    assert len(image.renditions) == 4
    assert all(files.storage().exists(r.key) for r in image.renditions)


def test_what_was_made_of_a_file_that_was_replaced_meanwhile_is_dropped(ctx):
    image = make_picture(pictures.jpeg(80, 60))
    db.session.commit()

    def replace(_session, _transaction):
        with db.engine.begin() as other:
            other.execute(update(Image).values(version=2))

    image.id  # what follows begins with the savepoint  # noqa: B018
    event.listen(db.session, "after_transaction_create", replace)
    try:
        renditions.make(image, [CARD])
    finally:
        event.remove(db.session, "after_transaction_create", replace)
    assert (image.version, image.renditions) == (2, [])


def test_a_picture_that_is_worked_on_again_is_still_shown(image, client):
    article = make_article(cover_id=image.id)
    content.take(article, "publish", make_user("editor"))
    for status in (ImageStatus.PENDING, ImageStatus.PROCESSING):
        image.status = status
        db.session.commit()
        assert "<picture>" in client.get("/").text


def test_pictures_that_lack_a_file_are_found(each_ctx):
    image, other = make_picture(pictures.jpeg(80, 60)), make_picture(pictures.jpeg(64, 48))
    renditions.make(image, [CARD])
    renditions.make(other, [Preset("card", Shape.CROP, 30, 30, quality=50)])
    both = [CARD, Preset("tile", Shape.FILL, 20, 20)]

    def lacking(*wanted):
        return [*db.session.scalars(db.select(Image.id).where(recipes.is_incomplete(wanted)))]

    assert lacking(CARD) == [other.id]
    assert sorted(lacking(*both)) == [image.id, other.id]
    assert lacking() == []
    assert recipes.count_current([CARD]) == {("card", "original"): 1}
    image.version = 10  # begins with the digit of the first
    assert sorted(lacking(CARD)) == [image.id, other.id]
    assert recipes.mean_size(CARD, "original", 10) > 0
    assert recipes.mean_size(both[1], "original", 10) > 0
