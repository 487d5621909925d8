"""What an editor does who drops files on the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from werkzeug.datastructures import FileStorage

from cms.accounts.models import User
from cms.audit.services import record
from cms.config import settings
from cms.errors import N_, CmsError
from cms.imaging.probe import EmptyFile, Probe, probe
from cms.jobs.models import Job
from cms.media import services
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


@dataclass
class UploadResult:
    """The answer to one drop: what was taken, with its job, and what was refused."""

    taken: list[tuple[Image, Job]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def upload_pictures(uploads: Iterable[FileStorage], owner: User | None) -> UploadResult:
    """Take each picture that can be taken; the others are refused one by one.

    Nothing is decoded here: the header alone is read. Row, audit entry and job
    of each picture are part of the caller's transaction. Raises `NoFile` when
    there is none at all.
    """
    result = UploadResult()
    for upload in uploads:
        if not upload.filename:
            continue
        name = display_name(upload.filename)
        try:
            result.taken.append(_take(name, cast("IncomingFile", upload.stream), owner))
        except CmsError as error:
            result.refused.append(Refusal(name, error))
    if not result.taken and not result.refused:
        raise NoFile
    return result


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


def _take(name: str, incoming: IncomingFile, owner: User | None) -> tuple[Image, Job]:
    image = services.add_picture(name, incoming, _inspect(incoming), owner)
    record("upload", image, filename=name, size=image.size)
    return image, process_image.submit(image.id)


def _inspect(incoming: IncomingFile) -> Probe:
    if incoming.too_large:
        raise FileTooLarge(limit=settings().upload_max_mb)
    if incoming.size == 0:
        raise EmptyFile
    incoming.flush()
    return probe(incoming.path, max_pixels=settings().image_max_pixels)
