"""What an editor does who drops files on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from cms import trash
from cms.accounts.models import User
from cms.accounts.policy import may
from cms.audit.services import record
from cms.config import settings
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.imaging.probe import EmptyFile, Probe, probe
from cms.jobs.models import Job
from cms.media import lookalikes, services
from cms.media.incoming import IncomingFile
from cms.media.models import Image
from cms.tasks.images import process_image

LONGEST_NAME = 255


class NoFile(CmsError):
    """The form was sent without any file."""

    sentence = N_("Choose at least one file.")


class FileTooLarge(CmsError):
    """One file is over `CMS_UPLOAD_MAX_MB`."""

    sentence = N_("This file is larger than %(limit)s MB, the most that is accepted.")


@dataclass(frozen=True)
class Refusal:
    """One file that was not taken, and why."""

    filename: str
    error: CmsError


@dataclass(frozen=True)
class Duplicate:
    """One file that is here already, as a picture that the person may see, or restore."""

    filename: str
    image: Image


@dataclass
class UploadResult:
    """The answer to one drop: what was taken, with its job, what was refused, and what is
    here already and was not stored a second time."""

    taken: list[tuple[Image, Job]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)


def upload_pictures(
    uploads: Iterable[FileStorage], owner: User | None, *, again: bool = False
) -> UploadResult:
    """Take each picture that can be taken; the others are refused one by one.

    A file whose bytes are here already is not taken, unless `again`. Nothing is
    decoded here: the header alone is read. Row, audit entry and job of each picture
    are part of the caller's transaction. Raises `NoFile` when there is none at all.
    """
    result = UploadResult()

    def take(name: str, incoming: IncomingFile) -> None:
        found = inspected(incoming)
        with db.session.begin_nested():
            here = None if again or owner is None else _already_here(incoming, owner)
            if here is None:
                result.taken.append(_take(name, incoming, found, owner))
            else:
                result.duplicates.append(Duplicate(name, here))

    result.refused = take_each(uploads, take)
    return result


def take_each(
    uploads: Iterable[FileStorage], take: Callable[[str, IncomingFile], None]
) -> list[Refusal]:
    """Call `take` with the name and the content of each file, and return those that it
    refuses. Raises `NoFile` when there is none at all."""
    files = [sent(upload) for upload in uploads if upload.filename]
    if not files:
        raise NoFile
    refused = []
    for name, incoming in files:
        try:
            take(name, incoming)
        except CmsError as error:
            refused.append(Refusal(name, error))
    return refused


def sent(upload: FileStorage | None) -> tuple[str, IncomingFile]:
    """Return the name to show and the content of a file of a form. Raises `NoFile`."""
    if upload is None or not upload.filename:
        raise NoFile
    return display_name(upload.filename), cast("IncomingFile", upload.stream)


def refuse_unfit(incoming: IncomingFile, most_mb: int) -> None:
    """Raise `FileTooLarge` or `EmptyFile` for a file that is of no use, whatever is in it."""
    if incoming.too_large:
        raise FileTooLarge(limit=most_mb)
    if incoming.size == 0:
        raise EmptyFile


def hold_uploads_of(person: User) -> None:
    """Let the other uploads of a person wait until this transaction ends, so that the same
    file twice in one drop is found too: by a lock on the account, in SQLite by the
    savepoint around."""
    account = select(User.id).where(User.id == person.id)
    db.session.execute(account.with_for_update(key_share=True))


def display_name(filename: str) -> str:
    """Return the name to show: no folders, no control characters, not too long.

    It is never used on disk, where keys are random.
    """
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if c.isprintable() or c == "\u202f").strip()
    if len(name) > LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if stem and len(ending) < LONGEST_NAME // 2 else ""
        name = name[: LONGEST_NAME - len(ending)] + ending
    return name or "picture"


def _already_here(incoming: IncomingFile, owner: User) -> Image | None:
    """Return the picture that has the same bytes, if the person may see it; one in the
    trash, if there is no other and the person may restore it."""
    hold_uploads_of(owner)
    with trash.included():
        same = lookalikes.same_file(incoming.sha256)
    return next(
        (it for it in same if may(owner, "restore" if it.in_trash else "view", "image", it)), None
    )


def _take(name: str, incoming: IncomingFile, found: Probe, owner: User | None) -> tuple[Image, Job]:
    image = services.add_picture(name, incoming, found, owner)
    record("upload", image, filename=name, size=image.size)
    return image, process_image.submit(image.id)


def inspected(incoming: IncomingFile) -> Probe:
    """Return what an arrived file is. Raises what says why it cannot be taken."""
    refuse_unfit(incoming, settings().upload_max_mb)
    incoming.sync()  # here, where nothing is locked yet
    return probe(incoming.path, max_pixels=settings().image_max_pixels)
