"""What a person does with documents, one transaction each. Callers commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, false, or_, true
from werkzeug.datastructures import FileStorage

from cms import clock
from cms.accounts.models import User
from cms.accounts.policy import NOBODYS, may
from cms.audit.services import record
from cms.config import settings
from cms.editorial import edits
from cms.editorial.trash import hold
from cms.editorial.uploads import Refusal, hold_uploads_of, refuse_unfit, sent, take_each
from cms.errors import N_, CmsError, NotAllowed
from cms.extensions import db
from cms.jobs import selections
from cms.jobs.models import Job
from cms.jobs.selections import Act
from cms.media import document_types, documents, usage
from cms.media.document_types import Kind
from cms.media.incoming import IncomingFile
from cms.media.models import Document, DocumentStatus
from cms.notifications import services as notifications
from cms.tasks.documents import process_document, purge_document

_WAITS = (DocumentStatus.PENDING, DocumentStatus.PROCESSING)


class NothingPrivate(CmsError):
    """Anybody may have it by its own address."""

    sentence = N_("This document is public: its own address opens it.")


class SameFile(CmsError):
    """Another file was asked for."""

    sentence = N_("This is the file that the document has already.")


@dataclass(frozen=True)
class Duplicate:
    """One file that is here already, as a document that the person may see."""

    filename: str
    document: Document


@dataclass
class DocumentsTaken:
    """The answer to one upload: what was taken, with its job, what was refused, and what is
    here already and was not stored a second time."""

    taken: list[tuple[Document, Job]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)


# Seeing


def visible(user: Any) -> ColumnElement[bool]:
    """Return what a query of documents is narrowed by to what a person may see."""
    if may(user, "view", "document", NOBODYS):
        return true()
    if not may(user, "read", "document"):
        return false()
    mine = or_(Document.private.is_(False), Document.owner_id == user.id)
    return mine if may(user, "view", "document") else Document.private.is_(False)


def may_fetch(document: Document, user: Any, token: str) -> bool:
    """Tell whether somebody, logged in or not, is given the file: anybody that of a public
    one, of a private one who may see it, or has a link that has not ended."""
    if not document.private:
        return True
    seen = user.is_authenticated and may(user, "view", "document", document)
    return bool(seen) or documents.opens(document, token)


def link_token(document: Document, by: User) -> tuple[str, Any]:
    """Return what opens a private document to whoever has it, and until when.

    Raises `NotAllowed` and `NothingPrivate`.
    """
    if not may(by, "edit", "document", document):
        raise NotAllowed
    if not document.private:
        raise NothingPrivate
    until = clock.now() + timedelta(days=settings().document_link_days)
    record("share", document, until=until.isoformat(timespec="seconds"))
    return documents.sign(document, int(until.timestamp())), until


# Uploading


def upload(
    uploads: Iterable[FileStorage], by: User, *, private: bool = False, again: bool = False
) -> DocumentsTaken:
    """Take each document that can be taken; the others are refused one by one.

    A file whose bytes are here already is not taken, unless `again`. Raises `NotAllowed`,
    and `NoFile` when there is none at all.
    """
    if not may(by, "create", "document"):
        raise NotAllowed
    result = DocumentsTaken()

    def take(name: str, incoming: IncomingFile) -> None:
        kind = inspected(incoming, name)
        with db.session.begin_nested():
            here = None if again else _already_here(incoming, by)
            if here is None:
                result.taken.append(_take(name, incoming, kind, by, private=private))
            else:
                result.duplicates.append(Duplicate(name, here))

    result.refused = take_each(uploads, take)
    return result


def inspected(incoming: IncomingFile, name: str) -> Kind:
    """Return what kind of document an arrived file is. Raises what says why it is not taken."""
    refuse_unfit(incoming, settings().document_max_mb)
    incoming.sync()  # here, where nothing is locked yet
    return document_types.recognised(incoming.path, name, settings().document_types)


def replace_file(document: Document, upload: FileStorage | None, by: User) -> Job:
    """Put another file in the place of a document's own; its address stays.

    Raises `NotAllowed`, `NoFile`, `SameFile`, and for a file that cannot be taken what an
    upload raises; nothing is changed then.
    """
    if not may(by, "edit", "document", document):
        raise NotAllowed
    name, incoming = sent(upload)
    kind = inspected(incoming, name)
    if incoming.sha256 == document.sha256:
        raise SameFile
    before = {"filename": document.filename, "size": document.size}
    documents.replace(document, name, incoming, kind)
    changes = {key: [old, getattr(document, key)] for key, old in before.items()}
    record("replace", document, **changes)
    documents.await_processing(document)
    return process_document.submit(document.id)


def _already_here(incoming: IncomingFile, by: User) -> Document | None:
    hold_uploads_of(by)
    same = documents.same_file(incoming.sha256)
    return next((it for it in same if _sees(it, by)), None)


def _sees(document: Document, by: User) -> bool:
    return not document.private or may(by, "view", "document", document)


def _take(
    name: str, incoming: IncomingFile, kind: Kind, by: User, *, private: bool
) -> tuple[Document, Job]:
    document = documents.add(name, incoming, kind, by, private=private)
    record("upload", document, filename=name, size=document.size, private=private)
    return document, process_document.submit(document.id)


# The trash


def delete(document: Document, by: User | None) -> None:
    """Move a document to the trash; its address gives nothing any more. Raises `StillUsed`."""
    usage.documents.refuse_used(document, by)
    record("delete", document, title=document.title, filename=document.filename)
    notifications.close_subject("document", document.id)
    document.put_in_trash(by)


def restore(document: Document) -> None:
    """Take a document out of the trash. Raises `NotInTrash`."""
    hold(document)
    document.take_out_of_trash()
    record("restore from trash", document, title=document.title)
    if document.status in _WAITS:
        documents.await_processing(document)
        process_document.submit(document.id)


for _act in (
    Act("document", "edit", Document, "edit", N_("Edit"), edits.write),
    Act("document", "delete", Document, "delete", N_("Delete"), delete),
    Act("document", "restore", Document, "restore", N_("Restore"),
        lambda document, _by: restore(document), of_trash=True),
    Act("document", "purge", Document, "purge", N_("Delete for ever"),
        purge_document, of_trash=True),
):  # fmt: skip
    selections.register(_act)
