"""Writing a whole site into one file."""

from __future__ import annotations

from contextlib import closing
from time import monotonic

from cms.accounts.policy import may
from cms.errors import N_
from cms.exchange import exports
from cms.exchange.exports import NoLongerAllowed
from cms.exchange.models import Export, ExportState
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.task import Moot, checkpoint
from cms.media import files
from cms.moving import archive
from cms.tasks.exports import TOLD_EVERY, failed, pause, put_back, tell
from cms.tasks.queue import huey

SITE = "site"


@huey.task(
    retries=3,
    retry_delay=60,
    name="make_site_archive",
    subject="export",
    words=N_("Write the whole site into a file"),
    meaning=N_("Somebody waits for an archive of the site that does not come."),
)
def make_site_archive(export_id: int) -> None:
    """Write the archive into the storage; stopped and paused as `make_export` is."""
    export = db.session.get(Export, export_id)
    if export is None or export.state in (ExportState.READY, ExportState.STOPPED):
        raise Moot
    if export.user is None or not may(export.user, "create", "site_archive"):
        export.state = ExportState.FAILED
        export.sentence, export.facts = ledger.in_words(NoLongerAllowed())
        return
    export.state, export.rows, export.sentence, export.facts = ExportState.RUNNING, 0, None, None
    checkpoint()
    # Closed, since it may be left in the middle, with a connection of its own.
    with files.storage().incoming() as file, closing(archive.write(file.path)) as writing:
        told = monotonic()
        for written in writing:
            if monotonic() - told >= TOLD_EVERY:
                export.rows, told = written.rows, monotonic()
                tell(export)
                pause(export, make_site_archive)
        export.rows = written.rows
        if not exports.keep(export, file, file.path.stat().st_size):
            raise Moot


make_site_archive.on_failure(failed)
make_site_archive.on_retry(put_back)
