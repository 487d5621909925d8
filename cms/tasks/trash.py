"""Emptying the trash: what was in it long enough, and what a person wants gone at once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from cms import clock, trash
from cms.accounts.models import User
from cms.audit import values
from cms.audit.services import record
from cms.config import settings
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.media import services as media
from cms.media import usage
from cms.media.models import Image
from cms.tasks.queue import huey

logger = logging.getLogger(__name__)

AT_ONCE = 100


class NotInTrash(CmsError):
    """Somebody was faster: it was restored, or is gone."""

    sentence = N_("This is not in the trash any more.")


@huey.task(
    retries=3,
    retry_delay=60,
    name="purge_trash",
    schedule="30 3 * * *",
    words=N_("Empty the trash of what was in it long enough"),
    meaning=N_("What was deleted long ago still takes space. It can still be restored."),
)
def purge_trash() -> None:
    """Delete for good what was moved to the trash more than `CMS_TRASH_DAYS` ago."""
    before = clock.now() - timedelta(days=settings().trash_days)
    logger.info("%s purged from the trash", sum(_purge_all(kind, before) for kind in trash.kinds()))


@trash.purges(Image)
def purge_picture(image: Image, by: User | None = None) -> None:
    """Delete a picture for good with its renditions and versions; the files go after the commit.

    Raises `NotInTrash` if it was restored meanwhile, and `StillUsed`.
    """
    hold(image)
    usage.refuse_used(image, by)
    record("purge", image, **values.gone(image))
    media.delete_picture(image)


def hold(thing: Any) -> None:
    """Lock a thing that is in the trash, and see it as it is now. Raises `NotInTrash`."""
    model = type(thing)
    query = select(model).where(model.id == thing.id).with_for_update()
    with trash.included():
        held = db.session.scalar(query.execution_options(populate_existing=True))
    if held is None or not held.in_trash:
        raise NotInTrash


def _purge_all(model: Any, before: datetime) -> int:
    """Delete the rows of a model that were deleted before that moment, and return how many.

    Commits after each batch, so that nothing is locked for long. What refuses stays.
    """
    purge, last, purged = trash.kinds()[model], 0, 0
    while True:
        query = select(model).where(model.deleted_at < before, model.id > last)
        with trash.included():
            batch = db.session.scalars(query.order_by(model.id).limit(AT_ONCE)).all()
        if not batch:
            return purged
        last = batch[-1].id
        for thing in batch:
            purged += _is_purged(purge, thing)
        db.session.commit()


def _is_purged(purge: trash.Purge, thing: Any) -> bool:
    try:
        with db.session.begin_nested():
            purge(thing)
    except CmsError as refusal:
        logger.info("%s stays in the trash: %s", thing, refusal)
        return False
    return True
