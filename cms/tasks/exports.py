"""Writing exports."""

from __future__ import annotations

from time import monotonic

from huey.exceptions import RetryTask

from cms.errors import N_
from cms.exchange import exports
from cms.exchange.exports import NoLongerAllowed
from cms.exchange.models import Export, ExportState
from cms.exchange.sources import ListChanged, UnknownList
from cms.extensions import db
from cms.jobs import ledger, pauses
from cms.jobs.task import LedgerTask, Moot, checkpoint, report_progress
from cms.media import files
from cms.storage.base import Incoming
from cms.tasks.queue import huey

TOLD_EVERY = 0.5  # seconds
# These are told to who asked. No administrator can mend them.
_REFUSALS = (NoLongerAllowed, ListChanged, UnknownList)


@huey.task(
    retries=3,
    retry_delay=60,
    name="make_export",
    subject="export",
    words=N_("Write rows of a list into a file"),
    meaning=N_("Somebody waits for an export that does not come."),
)
def make_export(export_id: int) -> None:
    """Write an export into the storage.

    It ends early when its owner stops it. When this kind of job is paused, or the consumer
    stopped, what is written is dropped, and it begins anew later.
    """
    export = db.session.get(Export, export_id)
    if export is None or export.state in (ExportState.READY, ExportState.STOPPED):
        raise Moot
    export.state, export.rows, export.size, export.total = ExportState.RUNNING, 0, 0, None
    export.sentence = export.facts = None
    checkpoint()
    with files.storage().incoming() as file:
        try:
            _write(export, file)
        except _REFUSALS as error:
            export.state = ExportState.FAILED
            export.sentence, export.facts = ledger.in_words(error)
            return
        if not exports.keep(export, file, file.seek(0, 2)):
            raise Moot


def _write(export: Export, file: Incoming) -> None:
    told = 0.0
    for written in exports.write(export, file):
        export.rows, export.size = written, file.tell()
        if monotonic() - told >= TOLD_EVERY:
            tell(export)
            pause(export, make_export)
            told = monotonic()
    tell(export)


def tell(export: Export) -> None:
    """Let others see how far it is, and look whether its owner still wants it."""
    report_progress(export.rows, export.total or export.rows)
    found = db.session.get(Export, export.id, populate_existing=True)
    if found is None or found.state is ExportState.STOPPED:
        raise Moot


def pause(export: Export, task: LedgerTask) -> None:
    """Drop what is written, to begin anew later, if such jobs are paused or the consumer stops."""
    if not (huey.stopping() or task.name in pauses.names()):
        return
    if not exports.hold(export):
        raise Moot
    export.state, export.rows, export.size = ExportState.WAITING, 0, 0
    checkpoint()
    raise RetryTask(delay=0)


@make_export.on_failure
def failed(export_id: int, error: BaseException, *, final: bool) -> None:
    """Say why it is not written, or not yet."""
    export = db.session.get(Export, export_id)
    if export is not None and export.state is not ExportState.STOPPED:
        export.state = ExportState.FAILED if final else ExportState.WAITING
        export.sentence, export.facts = ledger.in_words(error)


@make_export.on_retry
def put_back(export_id: int) -> None:
    """Let an export that failed wait once more."""
    export = db.session.get(Export, export_id)
    if export is not None and export.state is ExportState.FAILED:
        export.state, export.sentence, export.facts = ExportState.WAITING, None, None
