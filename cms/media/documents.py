"""Documents: files to be read or kept, not shown. Callers commit."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from cms import clock
from cms.accounts.models import User
from cms.config import settings
from cms.errors import N_, CmsError, NotFound
from cms.extensions import db
from cms.imaging import pdf
from cms.imaging.pdf import FirstPage
from cms.imaging.workshop import Crashed, Killed, TooHungry, TooMuchWork, TooSlow, run
from cms.jobs import ledger
from cms.media import document_types, files, services
from cms.media.document_types import Kind
from cms.media.incoming import IncomingFile
from cms.media.models import Document, DocumentStatus
from cms.media.renditions import limits
from cms.storage.keys import new_key


class HeavyPdf(CmsError):
    """Over the limits of memory or work, or one that its reader crashes on."""

    sentence = N_("The first page of the PDF is too much work to be drawn. It can be downloaded.")
    hopeless = True


class BusyServer(CmsError):
    """It may well succeed another time."""

    sentence = N_("The first page of the PDF could not be drawn. The server may be busy.")


def add(
    filename: str, file: IncomingFile, kind: Kind, owner: User | None, *, private: bool
) -> Document:
    """Keep an arrived file and add its document, which waits to be looked at."""
    document = Document(
        title=services.title_from(filename), filename=filename, private=private, owner=owner
    )
    _take_in(document, file, kind)
    db.session.add(document)
    db.session.flush()
    return document


def replace(document: Document, filename: str, file: IncomingFile, kind: Kind) -> None:
    """Put an arrived file in the place of a document's own, which goes after the commit. The
    address stays."""
    old = document.key
    _take_in(document, file, kind)  # which may find no room: until then nothing is to go
    files.replaced(old)
    document.filename = filename
    document.version += 1
    db.session.flush()


def _take_in(document: Document, file: IncomingFile, kind: Kind) -> None:
    key = new_key("documents", kind.extension)
    file.adopt(key)
    files.written(key)
    document.key, document.mime = key, kind.mime
    document.size, document.sha256 = file.size, file.sha256
    document.changed_at = clock.now()


def await_processing(document: Document) -> None:
    """Put a document back to waiting, because a job for it was submitted again."""
    document.status = DocumentStatus.PENDING
    document.sentence = document.facts = None
    db.session.flush()


def begin_processing(document_id: int) -> Document | None:
    """Mark a document as being worked on; None when it is gone, or in the trash."""
    document = db.session.get(Document, document_id)
    if document is None or document.in_trash:
        return None
    document.status = DocumentStatus.PROCESSING
    db.session.flush()
    return document


def process(document: Document) -> None:
    """Look at a document, draw the first page if it is a PDF, and call it ready.

    Where another file was put in its place meanwhile, nothing is kept. Raises `BrokenPdf`,
    `HeavyPdf`, `BusyServer`, `MissingFile`, and `NotFound` when it was deleted meanwhile.
    """
    key = document.key
    with tempfile.TemporaryDirectory(prefix="cms-document-") as folder:
        drawn = Path(folder, "first.webp")
        found = _looked_at(document, drawn) if document.mime == "application/pdf" else None
        with db.session.begin_nested():
            _hold(document)
            if document.key == key:
                _keep(document, found, drawn)


def _looked_at(document: Document, target: Path) -> FirstPage:
    try:
        with files.storage().path(document.key) as source:
            return run(pdf.first_page, source.absolute(), target, limits=limits())
    except (TooHungry, TooMuchWork, Crashed) as error:
        raise HeavyPdf from error
    except (TooSlow, Killed) as error:
        raise BusyServer from error


def _hold(document: Document) -> None:
    query = select(Document).where(Document.id == document.id).with_for_update()
    held = db.session.scalar(query.execution_options(populate_existing=True))
    if held is None:
        raise NotFound


def _keep(document: Document, found: FirstPage | None, drawn: Path) -> None:
    if document.preview_key:
        files.replaced(document.preview_key)
    document.preview_key = document.preview_width = document.preview_height = None
    if found and found.width and found.height:
        document.preview_key = new_key("previews", "webp")
        files.storage().save(document.preview_key, drawn)
        files.written(document.preview_key)
        document.preview_width, document.preview_height = found.width, found.height
    document.findings = _said(found) if found else None
    document.status = DocumentStatus.READY
    document.sentence = document.facts = None
    document.processed_at = clock.now()
    db.session.flush()


def _said(found: FirstPage) -> dict[str, Any] | None:
    said = {
        "pages": found.pages,
        "scripts": found.scripts,
        "attachments": found.attachments,
        "locked": found.locked,
    }
    return {name: value for name, value in said.items() if value} or None


def attempt_failed(document_id: int, error: BaseException, *, final: bool) -> None:
    """Say on the document why it failed, or that it waits for the next attempt."""
    document = db.session.get(Document, document_id)
    if document is None or document.status == DocumentStatus.READY:  # by a newer job
        return
    document.status = DocumentStatus.FAILED if final else DocumentStatus.PENDING
    document.sentence, document.facts = ledger.in_words(error)
    db.session.flush()


def delete(document: Document) -> None:
    """Delete a document for good; its files go after the commit."""
    files.replaced(document.key)
    if document.preview_key:
        files.replaced(document.preview_key)
    db.session.delete(document)
    db.session.flush()


def same_file(sha256: str) -> Sequence[Document]:
    """Return the documents that have these bytes, the newest first."""
    query = select(Document).where(Document.sha256 == sha256)
    return db.session.scalars(query.order_by(Document.id.desc())).all()


def shown_name(document: Document) -> str:
    """Return the name to save it by: its ending is what it is, whatever it was called."""
    kind = kind_of(document)
    ending = Path(document.filename).suffix.lower()
    if kind is None or ending in kind.endings:
        return document.filename
    return f"{Path(document.filename).stem or 'document'}{kind.endings[0]}"


def kind_of(document: Document) -> Kind | None:
    """Return the kind of a document; None for one that is not known any more."""
    kinds = document_types.KINDS.values()
    return next((kind for kind in kinds if kind.mime == document.mime), None)


# Links that open a private document, for a while, to whoever has them


def sign(document: Document, until: int) -> str:
    """Return what opens a document until a moment, in seconds as Unix counts them."""
    return str(_signer().dumps([document.id, until]))


def opens(document: Document, token: str) -> bool:
    """Tell whether a token was signed for a document, and has not ended."""
    try:
        number, until = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return False
    return bool(number == document.id and clock.now().timestamp() < until)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key.get_secret_value(), salt="document")
