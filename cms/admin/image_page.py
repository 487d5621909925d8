"""A picture's own page: what matters in it, its verdict, its files, where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

from flask import Response, abort, jsonify, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from wtforms import Field, Form, TextAreaField
from wtforms.validators import DataRequired, Length

from cms.admin import columns
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.uses import WithUses
from cms.admin.worked_on import StateWithReason, WorkedOn
from cms.audit import values
from cms.edge import FILE_POLICY
from cms.editorial import pictures
from cms.extensions import talisman
from cms.imaging.presets import Preset, Shape
from cms.look import lazy as _l
from cms.look import listed
from cms.media import files, presets, usage, verdict
from cms.media.models import Image, ImageStatus, ImageVersion, Rendition
from cms.media.sizes import size_in_words
from cms.refusals import wants_json
from cms.storage.base import MissingFile

# What browsers show by themselves. Other originals can only be downloaded.
SHOWN_BY_BROWSERS = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})
# Large enough to point at, from the best on.
_TO_POINT_AT = ("width-1280", "width-960", "resize")
_LOOK = frozenset({"focal_x", "focal_y", "crop"})
_PARTS_OF_CROP = 4


class PercentField(Field):
    """A part of the whole, 0 to 1, that people read and write in percent."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed; an empty field is the middle."""
        if valuelist:
            self.data = _part(valuelist[0]) if valuelist[0].strip() else 0.5

    def in_percent(self) -> str:
        """Return what stands in the field."""
        return _percent(self.data)


class CropField(Field):
    """Left, top, right and bottom in percent of the picture, or nothing: all of it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take four numbers, or four empty fields."""
        if not valuelist:
            return
        if not any(value.strip() for value in valuelist):
            self.data = None
            return
        if len(valuelist) != _PARTS_OF_CROP:
            raise ValueError(_("Give all four sides of the crop, or none."))
        crop = left, top, right, bottom = [_part(value) for value in valuelist]
        if left >= right or top >= bottom:
            raise ValueError(_("The crop leaves nothing of the picture."))
        self.data = None if crop == [0, 0, 1, 1] else crop

    def in_percent(self) -> list[str]:
        """Return what stands in the four fields."""
        return [_percent(part) for part in self.data or ()] or [""] * _PARTS_OF_CROP


class StateWithVerdict(StateWithReason):
    """Where a picture stands and, when it is ready, what was found in it."""

    def __call__(self, view: Any, context: Any, row: Any, name: str) -> Markup:
        """Draw the state and the first of what was found; the whole verdict is a tip.

        What is lacking has a column and a tab of its own.
        """
        shown = super().__call__(view, context, row, name)
        said = verdict.found(row)
        if row.status is not ImageStatus.READY or not said:
            return shown
        return Markup('{}<div class="reason clipped" title="{}">{}</div>').format(
            shown, verdict.in_words(row), said[0]
        )


class ImagePage(WithUses, WorkedOn):
    """The form of one picture with all that belongs to it, and what is done there."""

    uses = usage.pictures
    edit_template = "admin/image/edit.html"
    can_view_details = True
    details_template = "admin/image/details.html"

    form_columns: ClassVar[Sequence[str]] = ("title", "alt_text", "focal_x", "focal_y", "crop")
    form_overrides: ClassVar[dict[str, Any]] = {
        "alt_text": TextAreaField,
        "focal_x": PercentField,
        "focal_y": PercentField,
        "crop": CropField,
    }
    form_args: ClassVar[dict[str, Any]] = {
        "title": {"validators": [DataRequired(), Length(max=255)]},
        "alt_text": {
            "validators": [Length(max=500)],
            "description": _l("What the picture shows, for people who cannot see it."),
        },
    }
    look_fields = _LOOK

    def on_model_change(self, form: Form, model: Image, *, is_created: bool) -> None:
        """Look whether the picture is to look different."""
        super().on_model_change(form, model, is_created)
        pictures.keep_focal_point(model)
        form.looks_new = bool(_LOOK & values.unsaved(model).keys())

    def after_model_change(self, form: Form, model: Image, *, is_created: bool) -> None:
        """Let the renditions be made again where it is."""
        super().after_model_change(form, model, is_created)
        if form.looks_new:
            pictures.make_again(model)

    # The original, which may tell places: for those alone who may edit

    @expose("/original")
    @needs("edit")
    @talisman(content_security_policy=FILE_POLICY)
    def original(self) -> Response:
        """Send the file of a picture, or of an older version of it, as it was uploaded."""
        image = self.get_one(request.args.get("id", ""))
        number = request.args.get("version")
        kept = image if number is None else self._version_of(image, number)
        try:
            file = files.storage().open(kept.key)
        except MissingFile:
            abort(404)
        response = send_file(
            file,
            mimetype=kept.mime,
            as_attachment=kept.mime not in SHOWN_BY_BROWSERS or "download" in request.args,
            download_name=_file_name(kept),
            etag=kept.key,
            max_age=0,
        )
        response.cache_control.private = True
        return response

    # Another file in its place

    @expose("/replace", methods=("POST",))
    @needs("edit")
    def replace(self) -> ResponseReturnValue:
        """Put the file of the field `file` in the place of the picture's own."""
        upload = request.files.get("file")
        if wants_json():
            image = self.get_one(request.form.get("id", ""))
            job = pictures.replace_file(image, upload, person())
            return jsonify(id=image.id, status=image.status.value, job_id=job.id), 202
        return self.do_to_posted(
            lambda image: pictures.replace_file(image, upload, person()),
            _("Upload successful, processing..."),
        )

    @expose("/restore", methods=("POST",))
    @needs("edit")
    def restore(self) -> ResponseReturnValue:
        """Put an older file back in its place."""
        return self.do_to_posted(
            lambda image: pictures.restore_version(image, self._posted_version(image), person()),
            _("The older file is back in its place."),
        )

    @expose("/remove-version", methods=("POST",))
    @needs("delete")
    def remove_version(self) -> ResponseReturnValue:
        """Remove an older file for good."""
        return self.do_to_posted(
            lambda image: pictures.remove_version(image, self._posted_version(image)),
            _("The older file has been removed."),
        )

    def _posted_version(self, image: Image) -> ImageVersion:
        return self._version_of(image, request.form.get("version", ""))

    @staticmethod
    def _version_of(image: Image, number: str) -> ImageVersion:
        found = next((one for one in image.versions if str(one.number) == number), None)
        return found or abort(404)

    # What the page shows

    def uncut(self, image: Image) -> str | None:
        """Return the address of the picture as it is before any crop, None if none can be shown.

        A rendition where none was cut, since originals are large.
        """
        if image.crop is None and image.status is ImageStatus.READY:
            for rendition in filter(None, map(image.rendition, _TO_POINT_AT)):
                return url_for("site.media", key=rendition.key)
        return self.original_url(image) if image.mime in SHOWN_BY_BROWSERS else None

    @staticmethod
    def shown(image: Image) -> Rendition | None:
        """Return the rendition that stands for a picture, None while it has none."""
        return image.rendition("resize") or next(iter(image.renditions), None)

    def original_url(self, image: Image, **more: Any) -> str:
        """Return where the file is that was uploaded; `version` names an older one."""
        return str(self.get_url(".original", id=image.id, **more))

    @staticmethod
    def shown_by_browsers(mime: str) -> bool:
        """Tell whether browsers show such a file."""
        return mime in SHOWN_BY_BROWSERS

    @staticmethod
    def previews() -> list[tuple[str, Preset]]:
        """Return what to show of the presets: those that look alike only once, by name."""
        alike = groupby(sorted(presets.all_enabled(), key=_alike), key=_alike)
        groups = [list(group) for _key, group in alike]
        return [(_names(group), group[-1]) for group in groups]

    def state_alone(self, image: Image) -> Markup:
        """Draw the state without the verdict, which has a place of its own on the page."""
        return StateWithReason(self.column_formatters["status"].states)(self, None, image, "status")

    done = staticmethod(verdict.done)
    lacking = staticmethod(verdict.lacking)
    size_in_words = staticmethod(size_in_words)
    moment = staticmethod(columns.time_tag)


def _part(percent: str) -> float:
    try:
        part = float(percent) / 100
    except ValueError:
        part = -1
    if not 0 <= part <= 1:  # nor is "nan"
        raise ValueError(_("Give numbers from 0 to 100."))
    return round(part, 6)


def _percent(part: float | None) -> str:
    return "" if part is None else f"{part * 100:.6g}"


def _file_name(kept: Image | ImageVersion) -> str:
    """Return a name whose ending is what the file is, whatever it was called."""
    return f"{Path(kept.filename).stem or 'picture'}{Path(kept.key).suffix}"


def _alike(preset: Preset) -> tuple[bool, str, float]:
    """Return what is the same for presets that show the same part of a picture."""
    cut = preset.shape in (Shape.CROP, Shape.FILL)
    shape = preset.width / preset.height if cut and preset.height else 0
    return not cut, preset.shape if cut else "", shape


def _names(group: list[Preset]) -> str:
    return listed(preset.name for preset in group)
