"""Taking in whole sites, by many short jobs: each goes on where the last one ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from time import monotonic

from huey.exceptions import RetryTask
from sqlalchemy import select

from cms import clock
from cms.accounts.policy import may
from cms.audit.services import acting_for, record
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import ledger, pauses
from cms.jobs.task import Moot, checkpoint, report_progress
from cms.media import files
from cms.moving import fetching, items, packs, reading
from cms.moving.models import MOVING, Origin, SiteImport, SiteImportState
from cms.storage.base import MissingFile, StorageFull
from cms.tasks.queue import huey
from cms.tasks.taking_in import Builder

logger = logging.getLogger(__name__)

AT_ONCE = 20  # seconds that one job works
LOOKS_AGAIN = timedelta(seconds=10)
KEPT_FOR = timedelta(days=14)
PREFIX = "moves"


class NoLongerAllowed(CmsError):
    """The person may not import sites any more, or is gone."""

    sentence = N_("You may not import a site any more.")


@huey.task(
    retries=3,
    retry_delay=60,
    name="read_site_import",
    subject="site_import",
    words=N_("Look what is in the file of a site"),
    meaning=N_("Somebody waits to see what an import of a site would bring."),
)
def read_site_import(import_id: int) -> None:
    """Look what is in the file. Done twice, the second time counts."""
    job = _in_state(import_id, SiteImportState.READING)
    try:
        for found in reading.read(job):
            job.total = found
            checkpoint()
            if not _is(job, SiteImportState.READING):
                return
    except (MissingFile, StorageFull):
        raise
    except CmsError as error:  # no administrator can mend the file
        db.session.rollback()
        job = db.session.get_one(SiteImport, import_id)
        items.forget(job)
        job.total = 0
        _fails(job, error)
        return
    job.state, job.read_at = SiteImportState.READ, clock.now()


@huey.task(
    retries=3,
    retry_delay=60,
    name="continue_site_import",
    subject="site_import",
    words=N_("Import a part of a site"),
    meaning=N_("A site is not imported to its end. What is imported stays."),
)
def continue_site_import(import_id: int) -> None:
    """Make some of the things of a site, and submit the job that makes the next.

    Each thing is a transaction of its own. One that a dead worker left half made was
    rolled back, and is made by the next attempt.
    """
    job = _in_state(import_id, SiteImportState.RUNNING)
    ends = monotonic() + AT_ONCE
    waits = work_on(job, lambda: monotonic() > ends or huey.stopping() or _is_paused())
    if job.state is not SiteImportState.RUNNING:
        return
    if _is_paused():
        raise RetryTask(delay=0)
    continue_site_import.submit(import_id, at=clock.now() + LOOKS_AGAIN if waits else None)


def work_on(job: SiteImport, is_time_up: Callable[[], bool]) -> int:
    """Take an import further until the time is up; return how many texts wait for their
    pictures. What is finished says so. Commits."""
    by = job.user
    if by is None or not may(by, "create", "site_import"):
        _fails(job, NoLongerAllowed())
        return 0

    def goes_on() -> bool:
        report_progress(job.done, job.total)
        return not is_time_up() and _is(job, SiteImportState.RUNNING)

    waits = 0
    with acting_for(by), _media(job) as media:
        builder = Builder(job, by, media)
        job.done = job.total - items.still_open(job)
        while goes_on() and builder.step():
            pass
        if goes_on():
            for still_waits in builder.publish():
                waits += still_waits
                if not goes_on():
                    break
            else:
                if not waits:
                    _ends(job)
    return waits


@huey.task(
    retries=3,
    retry_delay=60,
    name="clear_site_imports",
    schedule="35 3 * * *",
    words=N_("Remove files of sites that were not imported"),
    meaning=N_("Files that nobody needs fill the disk."),
)
def clear_site_imports() -> None:
    """Forget the imports that were begun two weeks ago, and files that no import has."""
    limit = clock.now() - KEPT_FOR
    for job in db.session.scalars(select(SiteImport).where(SiteImport.created_at < limit)).all():
        if job.state is not SiteImportState.RUNNING:
            remove(job)
            checkpoint()
    kept = {
        key
        for row in db.session.execute(select(SiteImport.key, SiteImport.media_key))
        for key in row
    }
    for file in list(files.storage().walk(PREFIX)):
        if file.modified_at < limit and file.key not in kept:
            files.storage().delete(file.key)


def remove(job: SiteImport) -> None:
    """Forget an import, with its files. What it has made stays."""
    drop_files(job)
    items.forget(job)
    db.session.delete(job)
    db.session.flush()


def drop_files(job: SiteImport) -> None:
    """Let the files of an import go once that is committed."""
    for key in filter(None, (job.key, job.media_key)):
        files.replaced(key)
    job.key = job.media_key = None


def _in_state(import_id: int, state: SiteImportState) -> SiteImport:
    job = db.session.get(SiteImport, import_id)
    if job is None or job.state is not state:
        raise Moot
    return job


def _is_paused() -> bool:
    return continue_site_import.name in pauses.names()


def _is(job: SiteImport, state: SiteImportState) -> bool:
    """Look whether a person has stopped or deleted it meanwhile."""
    found = db.session.get(SiteImport, job.id, populate_existing=True)
    if found is None:
        raise Moot
    return found.state is state


@contextmanager
def _media(job: SiteImport) -> Iterator[fetching.Media]:
    """Give where its files come from. A ZIP is read where it is kept, and only for a file: it may
    be large, and elsewhere, and each of many jobs wants a few of it or none."""
    key = job.key if job.origin is Origin.MARKDOWN else job.media_key
    with ExitStack() as stack:

        def opened() -> packs.Pack | None:
            if not key:
                return None
            file = stack.enter_context(files.storage().open(key))
            return stack.enter_context(packs.opened(file))

        yield fetching.Media(opened, job.site.partition("/")[0], fetches=job.fetches)


def _ends(job: SiteImport) -> None:
    job.state, job.ended_at = SiteImportState.DONE, clock.now()
    drop_files(job)
    record("import", job, filename=job.filename, things=job.total)


def _fails(job: SiteImport, error: BaseException) -> None:
    job.state = SiteImportState.FAILED
    job.sentence, job.facts = ledger.in_words(error)


@read_site_import.on_failure
@continue_site_import.on_failure
def _failed(import_id: int, error: BaseException, *, final: bool) -> None:
    job = db.session.get(SiteImport, import_id)
    if job is not None and job.state in MOVING and final:
        _fails(job, error)


@read_site_import.on_retry
def _read_again(import_id: int) -> None:
    _put_back(import_id, SiteImportState.READING)


@continue_site_import.on_retry
def _continue_again(import_id: int) -> None:
    _put_back(import_id, SiteImportState.RUNNING)


def _put_back(import_id: int, state: SiteImportState) -> None:
    job = db.session.get(SiteImport, import_id)
    if job is not None and job.state is SiteImportState.FAILED:
        job.state, job.sentence, job.facts = state, None, None
