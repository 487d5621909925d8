"""The pictures: drop files, watch them turn ready, name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote

from flask import flash, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin.model.base import ViewArgs
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Query, selectinload
from werkzeug.exceptions import BadRequest

from cms.accounts.models import User
from cms.admin import columns, picture_filters
from cms.admin.access import person
from cms.admin.base import action, expose, needs
from cms.admin.columns import State
from cms.admin.image_page import ImagePage, StateWithVerdict
from cms.admin.lists import EDIT, Live, RowButton, SearchItem, Tab, asked_ids
from cms.admin.palette import Act
from cms.admin.search_items import Relation
from cms.admin.trash import TO_TRASH, ToTrash
from cms.admin.uploading import Here, Uploading
from cms.admin.uses import refusal_to_delete
from cms.config import settings
from cms.editorial import retries
from cms.editorial.uploads import (
    Duplicate,
    FileTooLarge,
    NoFile,
    Refusal,
    UploadResult,
    upload_pictures,
)
from cms.errors import CmsError
from cms.extensions import db
from cms.fulltext import LONGEST_SEARCH
from cms.imaging.formats import FORMATS
from cms.imaging.probe import NotAPicture, SvgRefused
from cms.look import html
from cms.look import lazy as _l
from cms.media import lookalikes
from cms.media.models import NO_TEXT, Image, ImageStatus, Orientation, Rendition

MOST_LIKE_SHOWN = 8

STATES = {
    ImageStatus.PENDING: State(_l("Waiting"), "wait", "clock", moving=True),
    ImageStatus.PROCESSING: State(_l("Processing"), "busy", "loader-2", moving=True),
    ImageStatus.READY: State(_l("Ready"), "ok", "circle-check"),
    ImageStatus.FAILED: State(_l("Failed"), "bad", "alert-triangle"),
}


# Small, and large in the viewer, the best first.
THUMBNAIL, *LARGE = SHOWN_PRESETS = ("thumbnail", "width-1920", "width-1280", "resize")


def thumbnail_url(image: Image) -> str | None:
    """Return the address of a picture's thumbnail, None while there is none."""
    rendition = image.rendition(THUMBNAIL)
    return media_url(rendition.key) if rendition else None


def large_url(image: Image) -> str | None:
    """Return the address of the picture that the viewer shows, None while there is none."""
    found = filter(None, map(image.rendition, LARGE))
    return next((media_url(rendition.key) for rendition in found), None)


def media_url(key: str) -> str:
    """Return where a file is; a list asks for a hundred, which all begin alike."""
    if "media_begins" not in g:
        g.media_begins = url_for("site.media", key="")
    return f"{g.media_begins}{quote(key)}"


def dimensions(_view: Any, _context: Any, image: Image, _name: str) -> str:
    """Draw width and height in pixels, as displayed."""
    return f"{image.width}\u00a0×\u00a0{image.height}"


def size_and_dimensions(view: Any, context: Any, image: Image, name: str) -> Markup:
    """Draw the bytes of the file and, below, its width and height."""
    size = html(columns.file_size(view, context, image, name))
    below = dimensions(view, context, image, name)
    return Markup(f'{size}<div class="reason text-nowrap">{below}</div>')  # noqa: S704 - escaped


def uploader(_view: Any, _context: Any, image: Image, _name: str) -> str:
    """Draw whose picture it is; a long address breaks where people would break it."""
    return columns.breakable(image.owner.email) if image.owner else columns.EMPTY


class ImageView(ToTrash, Uploading, ImagePage):
    """The list of pictures, where files are dropped."""

    kind, icon = "image", "photo"
    taken_key = "images"
    can_create = False  # pictures come by upload
    list_template = "admin/image/list.html"
    can_export = True
    column_export_list = (
        "id", "title", "alt_text", "filename", "status", "mime", "size", "width", "height",
        "owner.email", "created_at", "processed_at",
    )  # fmt: skip
    import_columns = ("title", "alt_text")

    column_list = (
        "thumbnail",
        "title",
        "alt_text",
        "status",
        "size",
        "owner.email",
        "created_at",
    )
    more_columns = ("filename", "mime", "orientation", "animated", "processed_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "thumbnail": _l("Picture"),
        "title": _l("Title"),
        "alt_text": _l("Alternative text"),
        "filename": _l("File name"),
        "status": _l("Status"),
        "size": _l("Size"),
        "dimensions": _l("Dimensions"),
        "width": _l("Width"),
        "height": _l("Height"),
        "processed_at": _l("Processed"),
        "owner.email": _l("Uploaded by"),
        "created_at": _l("Uploaded"),
        "mime": _l("Kind"),
        "animated": _l("Animated"),
        "orientation": _l("Orientation"),
    }
    column_choices: ClassVar[dict[str, Any]] = {
        "mime": [(found.mime, found.name.upper().replace("WEBP", "WebP")) for found in FORMATS],
        "orientation": [
            (Orientation.WIDE.value, _l("Wide")),
            (Orientation.TALL.value, _l("Tall")),
            (Orientation.SQUARE.value, _l("Square")),
        ],
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "thumbnail": columns.picture(thumbnail_url, large=large_url),
        "status": StateWithVerdict(STATES),
        "alt_text": columns.lines,
        "size": size_and_dimensions,
        "dimensions": columns.as_cell("number", dimensions),
        "owner.email": uploader,
        "created_at": columns.moment,
        "filename": columns.clipped(60),
        "processed_at": columns.moment,
    }
    column_formatters_detail: ClassVar[dict[str, Any]] = {
        **column_formatters,
        "size": columns.file_size,
    }
    column_editable_list = ("title", "alt_text")
    bulk_edit_fields = ("title", "alt_text")
    column_sortable_list = ("title", "status", "size", "created_at")
    column_default_sort = ("id", True)
    column_searchable_list = ("title", "alt_text", "filename")
    column_filters = (
        "mime",
        "orientation",
        *picture_filters.FILTERS,
        "animated",
        Relation(Image.owner, _l("Uploaded by"), User.email),
        "created_at",
    )
    # Of the dozen files of a picture the list shows two, by their keys.
    loads = (
        selectinload(Image.renditions.and_(Rendition.preset.in_(SHOWN_PRESETS))).load_only(
            Rendition.preset, Rendition.key
        ),
    )
    tabs = (
        Tab("all", _l("All"), empty=_l("Drop pictures anywhere on this page to add the first.")),
        Tab("pending", _l("Waiting"), Image.status == ImageStatus.PENDING),
        Tab("processing", _l("Processing"), Image.status == ImageStatus.PROCESSING),
        Tab("ready", _l("Ready"), Image.status == ImageStatus.READY),
        Tab(
            "failed",
            _l("Failed"),
            Image.status == ImageStatus.FAILED,
            empty=_l("No picture has failed."),
        ),
        Tab(
            "no-text",
            _l("No alternative text"),
            Image.alt_text == NO_TEXT,
            empty=_l("Every picture has an alternative text."),
        ),
        Tab(
            "alike",
            _l("Look alike"),
            Image.look_id.is_not(None),
            empty=_l("No two pictures look alike."),
        ),
    )
    row_buttons = (
        RowButton(_l("View"), "eye", ".details_view"),
        EDIT,
        RowButton(
            _l("Retry"),
            "refresh",
            ".retry",
            post=True,
            shown=lambda image: image.status == ImageStatus.FAILED,
        ),
        replace(TO_TRASH, refusal=refusal_to_delete),
    )
    action_icons: ClassVar[dict[str, str]] = {
        "delete": "trash",
        "edit": "edit",
        "export": "download",
        "retry": "refresh",
        "regenerate": "photo",
    }
    live = Live(".status", "images")
    palette_rows = True
    palette_acts = (
        Act(_l("Upload pictures"), "upload", ".index_view", page="upload", anchor="upload"),
    )

    @expose("/upload", methods=("POST",))
    @needs("create")
    def upload(self) -> ResponseReturnValue:
        """Take the files of the field `file`: each good one, whatever the others are.

        One that is here already is not taken, unless the form says `again=1`.
        """
        again = request.form.get("again") == "1"
        try:
            result = upload_pictures(request.files.getlist("file"), person(), again=again)
        except NoFile as error:
            result = UploadResult(refused=[Refusal("", error)])
        return self.answer(result)

    @expose("/status")
    @needs("view")
    def status(self) -> ResponseReturnValue:
        """Answer where pictures stand: `?ids=1,2`, at most 200 of them."""
        given = asked_ids()
        if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in given):  # noqa: PLR2004 - fits every INTEGER
            raise BadRequest
        query = select(Image).where(Image.id.in_(map(int, given)))
        if not self.wants_marks_only():
            query = query.options(selectinload(Image.renditions))
        return self.news(db.session.scalars(query), _status_of)

    @expose("/retry", methods=("POST",))
    @needs("retry")
    def retry(self) -> ResponseReturnValue:
        """Try a failed picture again."""
        image = self.get_one(request.form.get("id", ""))
        try:
            retries.retry_picture(image)
            flash(_("“%(title)s” will be tried again.", title=image.title), "success")
        except CmsError as error:
            self.refuse(error)
        return self.back()

    @action("retry", _l("Retry"))
    @needs("retry")
    def action_retry(self, ids: list[str]) -> None:
        """Try the ticked pictures again that have failed."""
        self.do_to_ticked("retry", ids)

    @action("regenerate", _l("Make files again"))
    @needs("regenerate")
    def action_regenerate(self, ids: list[str]) -> ResponseReturnValue | None:
        """Make the files of the ticked pictures again, by a job."""
        return self.do_to_ticked("regenerate", ids)

    @property
    def upload_max_bytes(self) -> int:
        return settings().upload_max_bytes

    @property
    def upload_too_large(self) -> str:
        """Return what is said of a file over the limit."""
        return _(FileTooLarge.sentence, limit=settings().upload_max_mb)

    @property
    def upload_wrong_type(self) -> str:
        """Return what is said of a file that is plainly no picture."""
        return _(NotAPicture.sentence)

    @property
    def upload_svg(self) -> str:
        """Return what is said of a drawing."""
        return _(SvgRefused.sentence)

    @property
    def upload_types(self) -> str:
        """Return what the file dialog offers."""
        return ",".join(sorted({f.mime for f in FORMATS} | {f".{f.extension}" for f in FORMATS}))

    @property
    def upload_note(self) -> str:
        return _(
            "JPEG, PNG, GIF, WebP, AVIF, HEIC or TIFF, up to %(limit)s MB each",
            limit=settings().upload_max_mb,
        )

    def search_items(self, args: ViewArgs) -> list[SearchItem]:
        """Leave out what nothing could be found by."""
        hidden = {
            self._filter_name(index, flt)
            for index, flt in enumerate(self._filters or ())
            if not getattr(flt, "offered", True)
        }
        return [item for item in super().search_items(args) if item.name not in hidden]

    def _sorted(self, query: Query[Any], column: Any, descending: Any) -> Query[Any]:
        """Keep together what looks alike."""
        tab = self.current_tab()
        if column is None and tab and tab.key == "alike":
            query = query.order_by(Image.look_id.desc())
        return super()._sorted(query, column, descending)

    @staticmethod
    def like(image: Image) -> Sequence[Image]:
        """Return what looks like a picture, for its page."""
        return lookalikes.like(image, MOST_LIKE_SHOWN)

    thumbnail_url = staticmethod(thumbnail_url)

    def here(self, duplicate: Duplicate) -> Here:
        """Return what is told of a picture that is here already, be it in the trash."""
        image = duplicate.image
        facts = {"filename": duplicate.filename, "title": image.title}
        if not image.in_trash:
            words = _("“%(filename)s” is already here: “%(title)s”.", **facts)
            return Here(duplicate.filename, image, _page_of(image), words, _("Open it"))
        words = _("“%(filename)s” is in the trash: “%(title)s”. It can be restored.", **facts)
        way_back = {"restore": url_for("image_trash.restore")}
        return Here(
            duplicate.filename, image, _page_of(image), words, _("Open the trash"), way_back
        )


def _page_of(image: Image) -> str:
    if image.in_trash:
        return url_for("image_trash.index_view", search=image.title[:LONGEST_SEARCH])
    return url_for("image.details_view", id=image.id)


def _status_of(image: Image) -> dict[str, Any]:
    renditions = [
        {
            "name": rendition.preset,
            "url": url_for("site.media", key=rendition.key),
            "width": rendition.width,
            "height": rendition.height,
        }
        for rendition in image.renditions
    ]
    return {"id": image.id, "status": image.status.value, "renditions": renditions}
