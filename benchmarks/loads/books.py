"""What a site's own database says of its pictures."""

from __future__ import annotations

import time

from sqlalchemy import func, select

from cms.extensions import db
from cms.media import files
from cms.media.models import Image, ImageStatus
from tests.processes import Site, wait_for

LONG, PAUSE = 1800.0, 0.3  # seconds


def wait_until_ready(site: Site, count: int) -> None:
    """Wait until so many pictures are ready."""
    wait_for(lambda: _ready(site) >= count, f"{count} pictures to be ready", LONG)


def _ready(site: Site) -> int:
    time.sleep(PAUSE)  # the machine has other work to do
    with site.inside():
        ready = select(func.count()).where(Image.status == ImageStatus.READY)
        return db.session.scalar(ready) or 0


def not_whole(site: Site, ids: set[int]) -> dict[int, str]:
    """Return which of these pictures are not ready with all their files, and why."""
    with site.inside():
        found = {image.id: image for image in db.session.scalars(select(Image))}
        wrong = dict.fromkeys(ids - found.keys(), "it is not there")
        for number in ids & found.keys():
            image = found[number]
            keys = [image.key, *(rendition.key for rendition in image.renditions)]
            if image.status != ImageStatus.READY or len(keys) == 1:
                wrong[number] = f"it is {image.status}"
            elif not all(map(files.storage().exists, keys)):
                wrong[number] = "a file of it is not there"
        return wrong
