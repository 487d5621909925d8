"""Looking at imports and applying them; clearing away what was to be kept for a day."""

from __future__ import annotations

import logging
from collections.abc import Callable

from cms.audit.services import acting_for, record
from cms.errors import N_, CmsError
from cms.exchange import exports, imports
from cms.exchange.imports import NotAsChecked
from cms.exchange.models import Import, ImportState
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.task import Moot, checkpoint
from cms.storage.base import MissingFile
from cms.tasks.queue import huey

logger = logging.getLogger(__name__)


@huey.task(
    retries=3,
    retry_delay=60,
    name="check_import",
    subject="import",
    words=N_("Look at the rows of a file that is imported"),
    meaning=N_("Somebody waits to see what an import would change."),
)
def check_import(import_id: int) -> None:
    """Look what each row of a file would do. Done twice, the second time counts."""
    job = _in_state(import_id, ImportState.CHECKING)
    if _told_to_who_asked(job, lambda: _check(job)):
        job.state = ImportState.CHECKED


@huey.task(
    retries=3,
    retry_delay=60,
    name="apply_import",
    subject="import",
    words=N_("Save the rows of a file that is imported"),
    meaning=N_("An import has not been applied. Nothing of it is saved."),
)
def apply_import(import_id: int) -> None:
    """Save all rows of a checked import, or, where one cannot be, none of them."""
    job = _in_state(import_id, ImportState.APPLYING)
    try:
        with acting_for(job.user):
            applied = _told_to_who_asked(job, lambda: imports.apply(job))
            if applied:
                record("apply", job, new=job.new, changed=job.changed, filename=job.filename)
    except NotAsChecked as refused:
        db.session.rollback()
        imports.refuse(job, refused.troubles)
        return
    if applied:
        job.state = ImportState.APPLIED


@huey.task(
    retries=3,
    retry_delay=60,
    name="clear_exchange",
    schedule="25 * * * *",
    words=N_("Remove files of exports and imports after a day"),
    meaning=N_("Files that nobody needs fill the disk."),
)
def clear_exchange() -> None:
    """Remove what exports and imports were to be kept for a day."""
    gone = exports.remove_old()
    checkpoint()
    ended = imports.end_old(checkpoint)
    strays = exports.remove_strays()
    logger.info("%s exports, files of %s imports, %s strays removed", gone, ended, strays)


def _check(job: Import) -> None:
    for _rows in imports.check(job):
        checkpoint()


def _in_state(import_id: int, state: ImportState) -> Import:
    job = db.session.get(Import, import_id)
    if job is None or job.state is not state:
        raise Moot
    return job


def _told_to_who_asked(job: Import, act: Callable[[], None]) -> bool:
    """Do `act`; what is wrong with the file or the permission is told to who asked, since
    no administrator can mend it, and nothing is done."""
    number = job.id
    try:
        act()
    except MissingFile:
        raise
    except CmsError as error:
        db.session.rollback()
        job = db.session.get_one(Import, number)
        job.state = ImportState.FAILED
        job.sentence, job.facts = ledger.in_words(error)
        return False
    job.sentence = job.facts = None
    return True


@check_import.on_failure
@apply_import.on_failure
def _failed(import_id: int, error: BaseException, *, final: bool) -> None:
    job = db.session.get(Import, import_id)
    if job is not None and final:
        job.state = ImportState.FAILED
        job.sentence, job.facts = ledger.in_words(error)


@check_import.on_retry
def _check_again(import_id: int) -> None:
    _put_back(import_id, ImportState.CHECKING)


@apply_import.on_retry
def _apply_again(import_id: int) -> None:
    (newest,) = ledger.for_subject("import", import_id, limit=1)
    if newest.task == apply_import.name:  # or it was checked once more, in another way
        _put_back(import_id, ImportState.APPLYING)


def _put_back(import_id: int, state: ImportState) -> None:
    job = db.session.get(Import, import_id)
    if job is not None and job.state is ImportState.FAILED:
        job.state, job.sentence, job.facts = state, None, None
