"""What an editor deletes, takes back, or wants gone for good."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from cms import trash
from cms.accounts.models import User
from cms.audit.services import record
from cms.editorial import bulk
from cms.errors import N_
from cms.jobs import selections
from cms.jobs.models import Selection
from cms.jobs.selections import Act
from cms.media import lookalikes, presets, recipes, services, usage
from cms.media.models import Image, ImageStatus
from cms.notifications import services as notifications
from cms.tasks.images import process_image
from cms.tasks.trash import NotInTrash, hold, purge_picture

__all__ = ["NotInTrash", "delete_picture", "empty", "purge_picture", "restore_picture"]

_WAITS = (ImageStatus.PENDING, ImageStatus.PROCESSING)


def delete_picture(image: Image, by: User | None) -> None:
    """Move a picture to the trash; its files stay, and are served to nobody.

    What administrators were told of it is closed: nothing is left to mend. Raises
    `StillUsed`.
    """
    usage.refuse_used(image, by)
    record("delete", image, title=image.title, filename=image.filename)
    notifications.close_subject("image", image.id)
    lookalikes.forget(image)
    image.put_in_trash(by)


def restore_picture(image: Image) -> None:
    """Take a picture out of the trash with all that belongs to it. What is missing, because
    its job found it in the trash or presets were changed, is made. Raises `NotInTrash`."""
    hold(image)
    image.take_out_of_trash()
    record("restore from trash", image, title=image.title)
    lookalikes.note(image)
    if image.status in _WAITS:
        services.await_processing(image)
        process_image.submit(image.id)
    elif image.status is ImageStatus.READY and recipes.missing(image, presets.all_enabled()):
        process_image.submit(image.id)


def empty(model: Any, by: User) -> tuple[Selection, int]:
    """Let a job delete for good all of a model that is in the trash. Raises `NothingChosen`."""
    act = selections.find(model.__tablename__, "purge")
    if act is None:
        raise LookupError(f"{model.__tablename__} purge is not registered in cms.editorial.bulk")
    with trash.included():
        return bulk.begin(act, select(model.id).where(model.deleted_at.is_not(None)), by, "trash")


for _act in (
    Act("image", "delete", Image, "delete", N_("Delete"), delete_picture),
    Act("image", "restore", Image, "restore", N_("Restore"),
        lambda image, _by: restore_picture(image), of_trash=True),
    Act("image", "purge", Image, "purge", N_("Delete for ever"),
        purge_picture, of_trash=True),
):  # fmt: skip
    selections.register(_act)
