"""Slow work on documents: looking at them, and drawing the first page of a PDF."""

from __future__ import annotations

from cms import trash
from cms.accounts.models import User
from cms.audit import values
from cms.audit.services import record
from cms.errors import N_, NotFound
from cms.extensions import db
from cms.jobs.task import Moot, checkpoint
from cms.media import documents, usage
from cms.media.models import Document, DocumentStatus
from cms.tasks.queue import huey
from cms.tasks.trash import hold


@huey.task(
    retries=3,
    retry_delay=60,
    name="process_document",
    subject="document",
    words=N_("Look at a document"),
    meaning=N_("These documents have no preview. They can be downloaded all the same."),
)
def process_document(document_id: int) -> None:
    """Look at a document, and draw its first page if it is a PDF. Of one that is gone, or in
    the trash, the job is moot."""
    document = documents.begin_processing(document_id)
    if document is None:
        raise Moot
    checkpoint()  # the list shows now that it is being worked on
    try:
        documents.process(document)
    except NotFound:  # deleted meanwhile
        raise Moot from None


@process_document.on_failure
def _tell_the_document(document_id: int, *, error: BaseException, final: bool) -> None:
    documents.attempt_failed(document_id, error, final=final)


@process_document.on_retry
def _process_again(document_id: int) -> None:
    document = db.session.get(Document, document_id)
    if document is not None and document.status != DocumentStatus.READY:
        documents.await_processing(document)


@trash.purges(Document)
def purge_document(document: Document, by: User | None = None) -> None:
    """Delete a document for good; its files go after the commit.

    Raises `NotInTrash` if it was restored meanwhile, and `StillUsed`.
    """
    hold(document)
    usage.documents.refuse_used(document, by)
    record("purge", document, **values.gone(document))
    documents.delete(document)
