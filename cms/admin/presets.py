"""The presets: what is made of every picture, and making it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from flask import abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin.model.base import ViewArgs
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from markupsafe import Markup
from wtforms import Form, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from cms.admin import columns
from cms.admin.access import person, storable
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.listing import MOST_COUNTED, Listing, in_words
from cms.admin.lists import ADD, DELETE, EDIT, QsListView, RowButton, TopButton
from cms.admin.switching import switches
from cms.admin.ticks import TicksField
from cms.editorial import presets as acts
from cms.editorial import regeneration
from cms.editorial.regeneration import Scope
from cms.errors import CmsError
from cms.imaging.presets import FORMATS, Motion, Shape
from cms.look import lazy as _l
from cms.look import listed
from cms.media import presets, recipes
from cms.media.models import ImagePreset, Rendition
from cms.media.services import count_processed

SHAPES = {
    Shape.FIT: _l("Whole, inside the box"),
    Shape.FILL: _l("Cut from the middle"),
    Shape.CROP: _l("Cut around the focal point"),
    Shape.WIDTH: _l("This width, any height"),
}
FORMAT_WORDS = {
    "original": _l("As uploaded"),
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WebP",
    "avif": "AVIF",
}
MOTIONS = {Motion.STILL: _l("First picture only"), Motion.KEEP: _l("Keep it moving")}
STATES = {
    True: State(_l("Switched on"), "ok", "circle-check"),
    False: State(_l("Switched off"), "off", "circle-x"),
}


def checked(check: Callable[[Any], object]) -> Callable[[Form, Any], None]:
    """Return a validator that says of a field what `check` raises of its value."""

    def validate(_form: Form, field: Any) -> None:
        try:
            check(field.data)
        except CmsError as error:
            raise ValidationError(_(error.sentence, **error.facts)) from None

    return validate


def check_new_name(name: str) -> None:
    """Raise what is wrong with the name of a preset that is added."""
    presets.check_name(name)
    if presets.find(name):
        raise presets.TakenName(name=name)


def name_and_origin(_view: Any, _context: Any, row: ImagePreset, _name: str) -> Markup:
    """Draw the name, and below it whether the preset came with QsCMS and was changed."""
    if not presets.is_shipped(row.name):
        origin = _("Your own")
    else:
        origin = _("As it came") if presets.is_as_shipped(row) else _("Changed")
    return Markup('{}<div class="reason">{}</div>').format(row.name, origin)


def shape(_view: Any, _context: Any, row: ImagePreset, _name: str) -> Markup:
    """Draw the size of the box in pixels, and how a picture comes into it."""
    box = f"{row.width}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}{row.height or '…'}"
    return Markup('{}<div class="reason">{}</div>').format(box, SHAPES[row.shape])


def up_to_date(_view: Any, _context: Any, row: ImagePreset, _name: str) -> Any:
    """Draw how many pictures, of all, have the files of a preset as it is now."""
    if not row.enabled:
        return columns.EMPTY
    done = min(g.up_to_date[row.name], g.pictures)
    return _("%(done)s of %(total)s", done=in_words(done), total=in_words(g.pictures))


def formats(_view: Any, _context: Any, row: ImagePreset, _name: str) -> Markup:
    """Draw the formats by name, and the quality."""
    names = listed(FORMAT_WORDS[name] for name in FORMATS if name in row.formats)
    quality = _("Quality %(number)s", number=row.quality)
    return Markup('{}<div class="reason">{}</div>').format(names, quality)


class PresetView(QsListView):
    """Each preset, shipped or added. They are few: one page holds them all."""

    kind, icon = "image_preset", "settings"
    edit_template = "admin/preset/edit.html"
    state_column = "enabled"
    name_column = "name"
    action_disallowed_list = ("delete",)
    action_icons: ClassVar[dict[str, str]] = {"enable": "circle-check", "disable": "ban"}
    switchable = "enabled"
    column_editable_list = ("enabled",)
    sortable = "position"

    column_list = ("name", "shape", "formats", "up_to_date", "enabled")
    column_labels: ClassVar[dict[str, Any]] = {
        "name": _l("Name"),
        "shape": _l("Shape"),
        "formats": _l("Formats"),
        "quality": _l("Quality"),
        "up_to_date": _l("Up to date"),
        "enabled": _l("Status"),
        "width": _l("Width"),
        "height": _l("Height"),
        "matte": _l("Background"),
        "motion": _l("Animations"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "name": name_and_origin,
        "shape": shape,
        "formats": formats,
        "up_to_date": columns.as_cell("number", up_to_date),
        "enabled": lambda _v, _c, row, _n: columns.badge(STATES[row.enabled]),
    }
    column_descriptions: ClassVar[dict[str, Any]] = {
        "up_to_date": _l("How many pictures have all files of this preset as it is now."),
    }
    column_sortable_list = ()
    top_buttons = (TopButton(_l("Make files again"), "refresh", ".regenerate"), ADD)
    row_buttons: ClassVar[Sequence[RowButton]] = (
        EDIT,
        RowButton(_l("Make files again"), "refresh", ".regenerate", shown=lambda row: row.enabled),
        *switches(
            question=_l("Disable “%(name)s”? Its files go when pictures are next worked on.")
        ),
        RowButton(
            _l("Reset"),
            "arrow-back-up",
            ".reset",
            post=True,
            shown=lambda row: presets.is_shipped(row.name) and not presets.is_as_shipped(row),
            confirm=_l("Let “%(name)s” be as it came?"),
        ),
        RowButton(
            DELETE.label,
            DELETE.icon,
            DELETE.endpoint,
            post=True,
            danger=True,
            confirm=_l("Delete “%(name)s”? Its files go when pictures are next worked on."),
            shown=lambda row: not presets.is_shipped(row.name),
        ),
    )

    form_columns = (
        "name", "shape", "width", "height", "formats", "quality", "matte", "motion", "enabled"
    )  # fmt: skip
    form_overrides: ClassVar[dict[str, Any]] = {
        "shape": SelectField,
        "formats": TicksField,
        "motion": SelectField,
        "matte": StringField,
    }
    form_args: ClassVar[dict[str, Any]] = {
        "name": {
            "validators": [DataRequired(), checked(check_new_name)],
            "description": _l("Templates ask for it by this name. It cannot be changed later."),
        },
        "shape": {
            "choices": [SelectChoice(*it) for it in SHAPES.items()],
            "coerce": Shape,
            "default": Shape.FIT,
        },
        "width": {
            "validators": [InputRequired(), checked(presets.check_side)],
            "description": _l("In pixels. No file is larger than the picture itself."),
        },
        "height": {
            "validators": [checked(presets.check_side)],
            "description": _l("In pixels. Not needed for “This width, any height”."),
        },
        "formats": {
            "validators": [checked(presets.check_formats)],
            "choices": [SelectChoice(*it) for it in FORMAT_WORDS.items()],
            "default": ["original"],
            "description": _l("One file for each. Browsers take the smallest that they can show."),
        },
        "quality": {
            "validators": [InputRequired(), checked(presets.check_quality)],
            "default": 85,
            "description": _l("1 to 100. Above 90 files grow, and nobody sees it."),
        },
        "matte": {
            "validators": [DataRequired(), checked(presets.check_matte)],
            "default": "#ffffff",
            "description": _l("What shows through transparent pictures where JPEG cannot."),
        },
        "motion": {
            "choices": [SelectChoice(*it) for it in MOTIONS.items()],
            "coerce": Motion,
            "default": Motion.STILL,
        },
        "enabled": {"label": _l("Switched on"), "default": True},
    }
    form_widget_args: ClassVar[dict[str, Any]] = {
        "width": {"min": 1, "max": 8000},
        "height": {"min": 1, "max": 8000},
        "quality": {"min": 1, "max": 100},
        "matte": {"type": "color", "class": "form-control-color"},
    }

    def listing(self, args: ViewArgs) -> Listing:
        """Return all of them, in their own order."""
        rows = presets.every()
        counts = recipes.count_current([*map(presets.as_preset, rows)], MOST_COUNTED + 1)
        g.pictures = count_processed(MOST_COUNTED + 1)
        g.up_to_date = {
            row.name: min(counts[row.name, name] for name in presets.as_preset(row).formats)
            for row in rows
        }
        return Listing(rows, args, None, {"": len(rows)}, len(rows))

    def get_pk_value(self, model: ImagePreset) -> str:
        """Return the name: a shipped preset that nobody has changed has no number."""
        return model.name

    def get_one(self, id: Any) -> ImagePreset:  # noqa: A002 - Flask-Admin's name
        """Return the preset of that name; to be changed, a shipped one gets its row."""
        row = self.find_one(id) if isinstance(id, str) and storable(id) else None
        if row is None:
            abort(404)
        self.require(row)
        return row

    def find_one(self, key: str) -> ImagePreset | None:
        """Return the preset of that name, None without."""
        row = presets.find(key)
        if row is not None and request.method == "POST" and self.allowed("edit", row):
            presets.keep(row)
        return row

    def peek(self, given: str) -> ImagePreset | None:
        """Return the preset of that name as it is, also a shipped one without a row."""
        return presets.find(given) if storable(given) else None

    def rows_for(self, ids: list[str], action_name: str) -> list[ImagePreset]:
        """Return the ticked presets."""
        found = [self.find_one(name) for name in ids if storable(name)]
        return [row for row in found if row is not None and self.allowed(action_name, row)]

    def in_order(self) -> Sequence[ImagePreset]:
        """Return all presets in their order."""
        return presets.every()

    def for_everything(self, names: Iterable[str]) -> set[str]:  # noqa: ARG002 - the list's signature
        """Return nothing: one page holds them all."""
        return set()

    def _key(self, given: Any) -> Any:
        return given if isinstance(given, str) and storable(given) else abort(404)

    def edit_form(self, obj: Any = None) -> Any:
        """Make the form without the name, which stays."""
        form = super().edit_form(obj)
        del form.name
        return form

    def on_model_change(self, _form: Form, model: ImagePreset, is_created: bool) -> None:  # noqa: FBT001 - Flask-Admin's signature
        """Raise what is wrong with the preset as a whole; a new one stands last."""
        if is_created:
            model.position = presets.last_position()
        presets.tidy(model)

    def after_model_change(self, _form: Form, model: ImagePreset, is_created: bool) -> None:  # noqa: ARG002, FBT001 - Flask-Admin's signature
        """Say that pictures do not have the new files yet."""
        if not model.enabled:
            return
        flash(
            Markup('{} <a href="{}">{}</a>').format(
                _("New pictures get these files; those that are there keep their old ones."),
                self.get_url(".regenerate", id=model.name),
                _("Make files again"),
            ),
            "info",
        )

    def on_model_delete(self, model: ImagePreset) -> None:
        """Keep what came with QsCMS."""
        presets.check_deletable(model)

    @expose("/reset", methods=("POST",))
    @needs("edit")
    def reset(self) -> ResponseReturnValue:
        """Let a shipped one be as it came."""
        return self.do_to_posted(acts.reset, _("The preset is as it came."))

    @expose("/regenerate")
    @needs("regenerate")
    def regenerate(self) -> ResponseReturnValue:
        """Show what making files again would cost: `?id=` a preset, `all=1` what is there too."""
        scope = Scope(request.args.get("id") or None, missing="all" not in request.args)
        try:
            cost = regeneration.estimate(scope)
        except CmsError as error:
            self.refuse(error)
            return redirect(self.get_url(".index_view"))
        return self.render(
            "admin/preset/regenerate.html",
            scope=scope,
            cost=cost,
            presets=presets.all_enabled(),
            return_url=self.get_url(".index_view"),
        )

    @expose("/begin", methods=("POST",))
    @needs("regenerate")
    def begin(self) -> ResponseReturnValue:
        """Submit the job that makes files again, and show how far it is."""
        scope = Scope(request.form.get("id") or None, missing="all" not in request.form)
        try:
            selection, _count = regeneration.begin(scope, person())
        except CmsError as error:
            self.refuse(error)
            return redirect(self.get_url(".index_view"))
        return redirect(self.get_url("selection.details_view", id=selection.id))

    def record_change(self, action_name: str, model: Any, changes: dict[str, Any]) -> None:
        """Write the change to the audit trail, by the name that lasts."""
        super().record_change(action_name, model, {"preset": model.name, **changes})

    @staticmethod
    def sample_of(preset: ImagePreset) -> list[Rendition]:
        """Return the files of the newest picture that has any of this preset."""
        return recipes.newest_files(preset.name)

    size_in_words = staticmethod(columns.size_in_words)

    @staticmethod
    def time_in_words(seconds: float) -> str:
        """Return a rough time, in minutes or hours."""
        minutes = math.ceil(seconds / 60)
        if minutes < 120:  # noqa: PLR2004 - two hours
            return ngettext("%(num)s minute", "%(num)s minutes", minutes)
        return _("%(hours)s hours", hours=format_decimal(round(minutes / 60)))
