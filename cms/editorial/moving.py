"""What a person does who takes a whole site in, or out."""

from __future__ import annotations

import zipfile
from pathlib import Path

from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from cms import clock, trash
from cms.accounts.models import User
from cms.accounts.policy import may
from cms.audit import values
from cms.audit.services import record
from cms.config import settings
from cms.content import languages
from cms.editorial.exchange import StillWritten
from cms.editorial.uploads import display_name, refuse_unfit, sent
from cms.errors import N_, CmsError, NotAllowed
from cms.exchange.models import Export, Format
from cms.extensions import db
from cms.imaging.probe import EmptyFile
from cms.jobs import ledger
from cms.media import files
from cms.media.incoming import IncomingFile
from cms.media.models import Document, Image
from cms.moving import packs, restoring
from cms.moving.models import MOVING, Origin, SiteImport, SiteImportState
from cms.moving.packs import BrokenZip
from cms.storage.keys import new_key
from cms.tasks import site_imports
from cms.tasks.archives import SITE, make_site_archive
from cms.tasks.documents import process_document
from cms.tasks.images import process_image
from cms.tasks.retries import give_up
from cms.tasks.site_imports import PREFIX, continue_site_import, read_site_import

_ENDINGS = {Origin.WORDPRESS: "xml", Origin.MARKDOWN: "zip"}
_CAN_GO_ON = (SiteImportState.READ, SiteImportState.STOPPED, SiteImportState.FAILED)


class CannotGoOn(CmsError):
    """It was not read, or is done."""

    sentence = N_("This import cannot be begun or continued as it is.")


class BadMedia(CmsError):
    """The second file is no ZIP of pictures."""

    sentence = N_("This is no ZIP file that can be read. Make it, or download it, once more.")


class NothingMoves(CmsError):
    """No job works on it."""

    sentence = N_("Nothing is left to be stopped.")


# In


def begin(  # noqa: PLR0913 - each is a field of its form
    origin: Origin,
    by: User,
    upload: FileStorage | None,
    media: FileStorage | None = None,
    *,
    language: str | None = None,
    fetches: bool = True,
) -> SiteImport:
    """Keep the file of a site, and submit the job that looks what is in it.

    Raises `NotAllowed`, `NoFile`, `FileTooLarge`, `EmptyFile`, `UnknownLanguage`, or what
    says why a ZIP cannot be read; nothing is kept then.
    """
    _check(by, language)
    name, file = _arrived(upload, is_zip=origin is Origin.MARKDOWN)
    beside = _beside(media)
    job = SiteImport(origin=origin, filename=name, key=_kept(file, _ENDINGS[origin]))
    job.media_key = _kept(beside, "zip") if beside else None
    return _begin(job, by, language, fetches=fetches)


def begin_from_path(  # noqa: PLR0913
    origin: Origin,
    by: User,
    path: Path,
    media: Path | None = None,
    *,
    language: str | None = None,
    fetches: bool = True,
) -> SiteImport:
    """Do the same with a file of this machine, however large; `media` may be a folder.

    No job is submitted: whoever calls this goes through it. Raises what `begin` raises.
    """
    _check(by, language)
    if path.stat().st_size == 0:
        raise EmptyFile
    for one in (path if origin is Origin.MARKDOWN else None, media):
        if one is not None and one.is_file():
            with packs.opened(one):
                pass
    job = SiteImport(origin=origin, filename=display_name(path.name))
    job.key = _copied(path, _ENDINGS[origin])
    if media is not None:
        job.media_key = _packed(media) if media.is_dir() else _copied(media, "zip")
    return _begin(job, by, language, fetches=fetches, submits=False)


def go_on(job: SiteImport) -> None:
    """Submit the job that makes what was found, or goes on with it.

    One whose file could not be read is read once more. Raises `CannotGoOn`.
    """
    if job.state not in _CAN_GO_ON or job.key is None:
        raise CannotGoOn
    job.sentence = job.facts = None
    if job.read_at:
        job.state = SiteImportState.RUNNING
        record("begin", job, filename=job.filename)
        continue_site_import.submit(job.id)
    else:
        job.state = SiteImportState.READING
        read_site_import.submit(job.id)


def stop(job: SiteImport) -> None:
    """Take in no more. What is made stays. Raises `NothingMoves`."""
    if job.state not in MOVING:
        raise NothingMoves
    job.state = SiteImportState.STOPPED
    for running in ledger.for_subject("site_import", job.id):
        give_up(running.id)
    record("stop", job)


def remove(job: SiteImport) -> None:
    """Forget an import, its file and its report. What it has made stays.

    Raises `StillWritten`.
    """
    if job.state in MOVING:
        raise StillWritten
    record("delete", job, **values.gone(job))
    site_imports.remove(job)


def forget(job: SiteImport) -> None:
    """Forget an import that was only looked at."""
    site_imports.remove(job)


def _check(by: User, language: str | None) -> None:
    if not may(by, "create", "site_import"):
        raise NotAllowed
    if language is not None:
        languages.check(language)


def _begin(
    job: SiteImport, by: User, language: str | None, *, fetches: bool, submits: bool = True
) -> SiteImport:
    job.user_id, job.fetches = by.id, fetches
    job.language = language or languages.first()
    db.session.add(job)
    record("upload", job, filename=job.filename)
    if submits:
        read_site_import.submit(job.id)
    return job


def _arrived(upload: FileStorage | None, *, is_zip: bool) -> tuple[str, IncomingFile]:
    name, file = sent(upload)
    refuse_unfit(file, settings().upload_max_mb)
    file.sync()
    if is_zip:
        with packs.opened(file.path):
            pass
    return name, file


def _beside(media: FileStorage | None) -> IncomingFile | None:
    if media is None or not media.filename:
        return None
    try:
        return _arrived(media, is_zip=True)[1]
    except (BrokenZip, EmptyFile):
        raise BadMedia from None


def _kept(file: IncomingFile, ending: str) -> str:
    key = new_key(PREFIX, ending)
    file.adopt(key)
    files.written(key)
    return key


def _copied(path: Path, ending: str) -> str:
    key = new_key(PREFIX, ending)
    files.storage().save(key, path)
    files.written(key)
    return key


def _packed(folder: Path) -> str:
    """Keep a folder as a ZIP, so that jobs on any machine find it."""
    key = new_key(PREFIX, "zip")
    with files.storage().incoming() as file:
        with zipfile.ZipFile(file.path, "w", zipfile.ZIP_STORED) as pack:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    pack.write(path, path.relative_to(folder).as_posix())
        files.storage().adopt(file, key)
    files.written(key)
    return key


# Out


def begin_archive(by: User) -> Export:
    """Submit the job that writes the whole site into a file. Raises `NotAllowed`."""
    if not may(by, "create", "site_archive"):
        raise NotAllowed
    name = f"site {clock.now():%Y-%m-%d %H-%M}.zip"
    export = Export(
        source=SITE, scope={}, columns=[], format=Format.ZIP, locale="en", filename=name,
        user_id=by.id,
    )  # fmt: skip
    db.session.add(export)
    record("export", export, source=SITE)
    make_site_archive.submit(export.id)
    return export


def restore_site(path: Path) -> dict[str, int]:
    """Take a whole site from its archive, and submit the jobs that make its renditions.

    Raises what `cms.moving.restoring.restore` raises.
    """
    counts = restoring.restore(path)
    with trash.included():
        for model, task in ((Image, process_image), (Document, process_document)):
            ids = db.session.scalars(select(model.id).order_by(model.id)).all()
            task.submit_many((thing_id,) for thing_id in ids)
    return counts
