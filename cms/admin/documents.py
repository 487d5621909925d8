"""The documents: drop files, watch them turn ready, say who may have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import unquote

from flask import Response, abort, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy.orm import Query
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from cms.accounts.models import User
from cms.admin import columns
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.lists import EDIT, Live, RowButton, Tab, asked_ids
from cms.admin.palette import Act
from cms.admin.search_items import Relation
from cms.admin.trash import TO_TRASH, ToTrash
from cms.admin.uploading import Here, Uploading
from cms.admin.uses import WithUses, refusal_to_delete
from cms.admin.worked_on import StateWithReason, WorkedOn
from cms.config import settings
from cms.editorial import documents as acts
from cms.editorial import retries
from cms.editorial.documents import DocumentsTaken, Duplicate
from cms.editorial.uploads import FileTooLarge, NoFile, Refusal
from cms.errors import CmsError
from cms.look import lazy as _l
from cms.look import listed
from cms.media import documents, files, usage
from cms.media.document_types import KINDS, NotADocument
from cms.media.models import Document, DocumentStatus
from cms.media.sizes import size_in_words
from cms.storage.base import MissingFile

STATES = {
    DocumentStatus.PENDING: State(_l("Waiting"), "wait", "clock", moving=True),
    DocumentStatus.PROCESSING: State(_l("Processing"), "busy", "loader-2", moving=True),
    DocumentStatus.READY: State(_l("Ready"), "ok", "circle-check"),
    DocumentStatus.FAILED: State(_l("Failed"), "bad", "alert-triangle"),
}
REACH = {
    False: State(_l("Public"), "ok", "eye"),
    True: State(_l("Private"), "off", "lock"),
}


def preview_url(document: Document) -> str | None:
    """Return the address of the picture of the first page, None while there is none."""
    if not document.preview_key:
        return None
    return url_for("document.preview", id=document.id, v=document.version)


def file_address(document: Document, **more: Any) -> str:
    """Return where a document is fetched."""
    name = documents.shown_name(document)
    return url_for("site.document", document_id=document.id, name=name, **more)


def found_in(document: Document) -> list[str]:
    """Return in words what was found in a document."""
    said, words = document.findings or {}, list[str]()
    if pages := said.get("pages"):
        words.append(ngettext("%(num)d page", "%(num)d pages", pages))
    if said.get("locked"):
        words.append(_("It asks for a password, so there is no preview."))
    if said.get("scripts"):
        words.append(_("It holds scripts. Not every reader asks before it runs them."))
    if said.get("attachments"):
        words.append(_("It holds other files."))
    return words


def kind_and_size(view: Any, context: Any, document: Document, name: str) -> Markup:
    """Draw what kind of file it is and, below, its bytes."""
    size = columns.file_size(view, context, document, "size")
    words = kind_in_words(view, context, document, name)
    return Markup('{}<div class="reason text-nowrap">{}</div>').format(words, size)


def kind_in_words(_view: Any, _context: Any, document: Document, _name: str) -> str:
    """Draw what kind of file it is."""
    kind = documents.kind_of(document)
    return kind.words if kind else document.mime


class DocumentView(ToTrash, Uploading, WithUses, WorkedOn):
    """The list of documents, where files are dropped, and the page of each."""

    kind, icon = "document", "file-text"
    taken_key = "documents"
    can_create = False  # documents come by upload
    can_view_details = True
    list_template = "admin/document/list.html"
    edit_template = "admin/document/edit.html"
    details_template = "admin/document/details.html"

    uses = usage.documents
    column_list = (
        "preview", "title", "mime", "private", "status", "owner.email", "created_at",
    )  # fmt: skip
    more_columns = ("filename", "size", "changed_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "preview": _l("First page"),
        "title": _l("Title"),
        "description": _l("Description"),
        "mime": _l("Kind"),
        "private": _l("Who may have it"),
        "status": _l("Status"),
        "size": _l("Size"),
        "filename": _l("File name"),
        "owner.email": _l("Uploaded by"),
        "created_at": _l("Uploaded"),
        "changed_at": _l("File changed"),
    }
    column_choices: ClassVar[dict[str, Any]] = {
        "mime": [(kind.mime, kind.words) for kind in KINDS.values()],
        "private": [("0", _l("Public")), ("1", _l("Private"))],
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "preview": columns.picture(preview_url),
        "mime": kind_and_size,
        "private": lambda _v, _c, row, _n: columns.badge(REACH[row.private]),
        "status": StateWithReason(STATES),
        "size": columns.file_size,
        "filename": columns.clipped(60),
        "owner.email": lambda _v, _c, row, _n: (
            columns.breakable(row.owner.email) if row.owner else columns.EMPTY
        ),
        "created_at": columns.moment,
        "changed_at": columns.moment,
    }
    column_editable_list = ("title",)
    bulk_edit_fields = ("private",)
    column_sortable_list = ("title", "status", "created_at")
    column_default_sort = ("id", True)
    column_searchable_list = ("title", "description", "filename")
    column_filters = (
        "mime",
        Relation(Document.owner, _l("Uploaded by"), User.email),
        "created_at",
    )
    tabs = (
        Tab("all", _l("All"), empty=_l("Drop files anywhere on this page to add the first.")),
        Tab("public", _l("Public"), Document.private.is_(False)),
        Tab("private", _l("Private"), Document.private.is_(True)),
        Tab(
            "failed",
            _l("Failed"),
            Document.status == DocumentStatus.FAILED,
            empty=_l("No document has failed."),
        ),
    )
    form_columns = ("title", "description", "private")
    form_overrides: ClassVar[dict[str, Any]] = {"description": TextAreaField}
    form_args: ClassVar[dict[str, Any]] = {
        "title": {"validators": [DataRequired(), Length(max=255)]},
        "description": {"validators": [Length(max=1000)]},
        "private": {
            "label": _l("Private"),
            "description": _l(
                "Only who may see it here, or has a link that ends, can fetch a private one. A "
                "public one is for anybody: its address is numbered, and can be guessed."
            ),
        },
    }
    row_buttons: ClassVar[Sequence[RowButton]] = (
        RowButton(_l("Download"), "download", address=file_address),
        EDIT,
        RowButton(
            _l("Retry"),
            "refresh",
            ".retry",
            post=True,
            shown=lambda row: row.status == DocumentStatus.FAILED,
        ),
        replace(TO_TRASH, refusal=refusal_to_delete),
    )
    action_icons: ClassVar[dict[str, str]] = {"delete": "trash", "edit": "edit"}
    live = Live(".status", "documents")
    palette_rows = True
    palette_acts = (
        Act(_l("Upload documents"), "upload", ".index_view", page="upload", anchor="upload"),
    )

    # Seeing

    def get_query(self) -> Query[Any]:
        """Return what the person may see."""
        return super().get_query().filter(acts.visible(person()))

    @expose("/")
    @needs("read")
    def index_view(self) -> ResponseReturnValue:
        """Show the list."""
        return super().index_view()

    @expose("/details/")
    @needs("read")
    def details_view(self) -> Any:
        """Show one document."""
        return super().details_view()

    @expose("/status")
    @needs("read")
    def status(self) -> ResponseReturnValue:
        """Answer where documents stand: `?ids=1,2`, at most 200 of them."""
        ids = [self._key(given) for given in asked_ids()]
        rows = self.get_query().filter(Document.id.in_(ids)).all()
        return self.news(rows, lambda row: {"id": row.id, "status": row.status.value})

    @expose("/preview")
    @needs("read")
    def preview(self) -> Response:
        """Send the picture of the first page."""
        document = self.get_one(request.args.get("id", ""))
        if document.preview_key is None:
            abort(404)
        try:
            file = files.storage().open(document.preview_key)
        except MissingFile:
            abort(404)
        response = send_file(file, mimetype="image/webp", etag=document.preview_key, max_age=0)
        response.cache_control.private = True
        return response

    # Uploading

    @expose("/upload", methods=("POST",))
    @needs("create")
    def upload(self) -> ResponseReturnValue:
        """Take the files of the field `file`: each good one, whatever the others are.

        With `private=1` nobody else sees them yet. One that is here already is not taken,
        unless the form says `again=1`.
        """
        private, again = (request.form.get(name) == "1" for name in ("private", "again"))
        sent = request.files.getlist("file")
        try:
            result = acts.upload(sent, person(), private=private, again=again)
        except NoFile as error:
            result = DocumentsTaken(refused=[Refusal("", error)])
        return self.answer(result)

    @expose("/replace", methods=("POST",))
    @needs("edit")
    def replace(self) -> ResponseReturnValue:
        """Put the file of the field `file` in the place of the document's own."""
        upload = request.files.get("file")
        return self.do_to_posted(
            lambda document: acts.replace_file(document, upload, person()),
            _("Upload successful, processing..."),
        )

    @expose("/retry", methods=("POST",))
    @needs("retry")
    def retry(self) -> ResponseReturnValue:
        """Look at a document again that has failed."""
        return self.do_to_posted(
            lambda document: retries.retry_newest("document", document.id),
            _("The job has been submitted again."),
        )

    @expose("/link", methods=("POST",))
    @needs("edit")
    def link(self) -> ResponseReturnValue:
        """Show a link that opens a private document for a while."""
        document = self.get_one(request.form.get("id", ""))
        try:
            token, until = acts.link_token(document, person())
        except CmsError as error:
            self.refuse(error)
            return self.back()
        link = file_address(document, link=token, _external=True)
        return self.render(
            "admin/document/link.html",
            model=document,
            link=link,
            until=columns.time_tag(until),
            return_url=self.get_url(".edit_view", id=document.id),
        )

    def here(self, duplicate: Duplicate) -> Here:
        """Return what is told of a document that is here already."""
        document = duplicate.document
        words = _("“%(filename)s” is already here: “%(title)s”.",
                  filename=duplicate.filename, title=document.title)  # fmt: skip
        url = url_for("document.details_view", id=document.id)
        return Here(duplicate.filename, document, url, words, _("Open it"))

    # What the templates ask

    @property
    def upload_max_bytes(self) -> int:
        return settings().document_max_bytes

    @property
    def upload_too_large(self) -> str:
        """Return what is said of a file over the limit."""
        return _(FileTooLarge.sentence, limit=settings().document_max_mb)

    @property
    def upload_wrong_type(self) -> str:
        """Return what is said of a file that is plainly no document."""
        return _(NotADocument.sentence, kinds=self.kinds_in_words)

    @property
    def upload_types(self) -> str:
        """Return what the file dialog offers."""
        return ",".join(end for kind in _accepted() for end in (kind.mime, *kind.endings))

    @property
    def kinds_in_words(self) -> str:
        return listed(kind.words for kind in _accepted())

    @property
    def upload_note(self) -> str:
        return _(
            "%(kinds)s, up to %(limit)s MB each",
            kinds=self.kinds_in_words,
            limit=settings().document_max_mb,
        )

    file_address = staticmethod(file_address)

    @staticmethod
    def readable_address(document: Document) -> str:
        """Return where a document is fetched, as people read it."""
        return unquote(file_address(document))

    preview_url = staticmethod(preview_url)
    found_in = staticmethod(found_in)
    size_in_words = staticmethod(size_in_words)
    kind_words = staticmethod(lambda document: kind_in_words(None, None, document, ""))

    @staticmethod
    def reach_badge(document: Document) -> Markup:
        """Draw who may have it."""
        return columns.badge(REACH[document.private])


def _accepted() -> list[Any]:
    return [KINDS[name] for name in settings().document_types]
