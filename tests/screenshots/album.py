"""Pictures to look at: drawn ones, turned ones, one that is damaged, and what became of them."""

from __future__ import annotations

import io
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import piexif
from PIL import Image as Pillow
from sqlalchemy import select, update

from cms import clock
from cms.accounts.models import User
from cms.editorial import pictures as editorial
from cms.editorial.trash import delete_picture
from cms.extensions import db
from cms.imaging.presets import Shape
from cms.imaging.samples import draw_sample
from cms.jobs.models import Job
from cms.media import files, survey
from cms.media.models import Image, ImagePreset, ImageStatus, ImageVersion
from cms.storage.keys import new_key
from cms.tasks.library import survey_library
from tests import pictures
from tests.factories import make_picture, make_upload
from tests.processes import wait_for

# Beside the demo pictures: file name, title, alternative text, size.
MORE = (
    ("ferry.jpg", "Ferry crossing", "A ferry leaves the bay in the morning light", (1800, 1200)),
    ("晨雾.jpg", "晨雾", "", (1200, 1600)),
    ("canyon.jpg", "The canyon", "Layers of red rock under a high sun", (1500, 1500)),
    ("bay.jpg", "Moonlit bay", "", (2000, 1125)),
    ("Tal.jpg", "Green valley", "", (1600, 1067)),
)
DELETED = ("Poster, last year", "Stage before the concert", "旧封面")
PHONE = "IMG_2041.jpg"  # what a telephone took: turned, and telling where
DAMAGED = "regatta.jpg"


def drawn(seed, size=(1600, 1067), **options):
    """A landscape as the bytes of a JPEG."""
    file = io.BytesIO()
    draw_sample(seed, size, file)
    if not options:
        return file.getvalue()
    again = io.BytesIO()
    Pillow.open(file).save(again, "JPEG", quality=90, **options)
    return again.getvalue()


def furnish(site):
    """Upload all of it and let a worker make the files; then tell it as if over a week."""
    site.flask("demo")
    with site.inside():
        editor = person("editor")
        for seed, (name, title, text, size) in enumerate(MORE, start=7):
            image = make_picture(drawn(seed, size), name, editor)
            image.title, image.alt_text = title, text
        make_picture(_from_a_telephone(), PHONE, editor)
        make_picture(pictures.truncated_jpeg(), DAMAGED, editor).title = "Regatta"
        for seed, title in enumerate(DELETED, start=20):
            make_picture(drawn(seed, (900, 600)), f"{seed}.jpg", editor).title = title
        db.session.commit()
        _wait_until_made()
        _change(editor)
        _wait_until_made()
        _date_back()
        _lose_and_leave_files()
        _add_preset()
        survey_library.submit()
        db.session.commit()
        wait_for(lambda: db.session.rollback() or survey.newest(), "the library to be counted")


def person(role):
    return db.session.scalars(select(User).where(User.email == f"{role}@example.com")).one()


def called(title):
    """The picture of that title."""
    return db.session.scalars(select(Image).where(Image.title == title)).one()


def _from_a_telephone():
    exif = {
        "0th": {piexif.ImageIFD.Orientation: 6, piexif.ImageIFD.Model: b"Telephone"},
        "GPS": {
            piexif.GPSIFD.GPSLatitudeRef: b"N",
            piexif.GPSIFD.GPSLatitude: ((31, 1), (14, 1), (0, 1)),
        },
    }
    lying = Pillow.open(io.BytesIO(drawn(12, (1800, 2400)))).transpose(Pillow.Transpose.ROTATE_90)
    return pictures.encoded(lying, "JPEG", quality=92, exif=piexif.dump(exif))


def _wait_until_made():
    def made():
        db.session.rollback()
        moving = (ImageStatus.PENDING, ImageStatus.PROCESSING)
        return not db.session.scalar(select(Image.id).where(Image.status.in_(moving)).limit(1))

    wait_for(made, "the pictures to be made", 120)


def _change(editor):
    """A focal point and a crop, another file in the place of one, and three in the trash."""
    hills, dunes = called("Hills at dawn"), called("Dunes in the evening")
    hills.focal_x, hills.focal_y, hills.crop = 0.62, 0.36, [0.2, 0.06, 0.98, 0.8]
    editorial.make_again(hills)
    editorial.replace_file(dunes, make_upload(drawn(23, (2100, 1400)), "dunes-wide.jpg"), editor)
    for days, title in enumerate(DELETED, start=1):
        with clock.stopped_at(clock.now() - timedelta(days=5 * days, hours=days)):
            delete_picture(called(title), editor)
    # The same picture in another size, for what looks alike.
    small = Pillow.open(io.BytesIO(drawn(10, MORE[3][3]))).resize((1000, 562))
    make_picture(
        pictures.encoded(small, "JPEG"), "bay-small.jpg", editor
    ).title = "Moonlit bay, small"
    db.session.commit()


def _date_back():
    """Let the pictures have come in over some days, the newest some minutes ago."""
    hours = 0.1
    for image in db.session.scalars(select(Image).order_by(Image.id.desc())):
        moment = clock.now() - timedelta(hours=hours)
        values = {"created_at": moment, "processed_at": image.processed_at and moment}
        db.session.execute(update(Image).where(Image.id == image.id).values(**values))
        hours = hours * 1.7 + 0.1
    db.session.execute(update(ImageVersion).values(replaced_at=clock.now() - timedelta(hours=3)))
    db.session.execute(update(Job).values(due_at=Job.started_at))  # none had to wait
    db.session.commit()


def _lose_and_leave_files():
    """A file that is lost, as by a disk, and some that belong to no picture."""
    storage = files.storage()
    storage.delete(called("The canyon").rendition("width-640").key)
    long_ago = time.time() - 3 * 24 * 3600
    with tempfile.NamedTemporaryFile() as source:
        source.write(bytes(60_000))
        source.flush()
        os.utime(source.name, (long_ago, long_ago))
        for _ in range(4):
            key = new_key("renditions", "jpg")
            storage.save(key, Path(source.name))
            os.utime(storage.place(key), (long_ago, long_ago))


def _add_preset():
    formats = ["original", "webp"]
    db.session.add(
        ImagePreset(name="card", shape=Shape.CROP, width=480, height=320, formats=formats)
    )
    db.session.commit()
