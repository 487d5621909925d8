"""The page on which an article or a page is written, and what is done there.

One form holds the text and what may be done with it: each of its buttons saves first, so
that nothing typed is ever left behind. It is one transaction: what is refused is said at
its field, and the page comes back as it was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar

from flask import abort, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy.orm import Query
from wtforms import Form

from cms import clock
from cms.accounts.models import User
from cms.accounts.policy import NOBODYS
from cms.admin import columns, desk
from cms.admin import languages as language_names
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.conflicts import SEEN, digest
from cms.admin.lists import EDIT, RowButton, Tab
from cms.admin.picker import Picker
from cms.admin.revision_pages import RevisionPages
from cms.admin.trash import TO_TRASH, ToTrash
from cms.admin.writing_forms import BeginForm, as_field_values
from cms.content import bodies, revisions, waiting
from cms.content import errors as content_errors
from cms.content.life import STEPS, NoTime
from cms.content.models import Revision, Writing
from cms.content.models import State as At
from cms.editorial import content
from cms.errors import CmsError
from cms.extensions import db
from cms.look import labelled
from cms.look import lazy as _l

STATES = {
    At.DRAFT: State(_l("Draft"), "off", "pencil"),
    At.REVIEW: State(_l("In review"), "wait", "eye"),
    At.SCHEDULED: State(_l("Scheduled"), "busy", "clock"),
    At.PUBLISHED: State(_l("Published"), "ok", "circle-check"),
    At.ARCHIVED: State(_l("Archived"), "off", "archive"),
}
HELD = State(_l("Held back"), "bad", "alert-triangle")
WAITS = State(_l("Unpublished changes"), "wait", "git-branch")

# The states in which what is typed is saved by the way: nobody but writers sees it.
_AUTOSAVED = frozenset({At.DRAFT, At.PUBLISHED})


class Life(columns.Status):
    """Where a text is in its life, and what is the matter with it."""

    def __call__(self, view: Any, context: Any, row: Any, name: str) -> Any:
        """Draw the state."""
        shown = super().__call__(view, context, row, name)
        if row.held_at is not None:
            shown += columns.badge(HELD)
        if row.waiting is not None:
            shown += columns.badge(WAITS)
        return shown


def tabs_of(model: Any) -> Sequence[Tab]:
    """Return the tabs of a list: by state, and what needs somebody."""
    empty = _l("Nothing is in this state.")
    states = (Tab(at.value, state.words, model.state == at, empty) for at, state in STATES.items())
    return (
        Tab("all", _l("All"), empty=_l("Nothing is written yet. Begin with “Add”.")),
        *states,
        Tab("held", HELD.words, model.held_at.is_not(None), _l("Nothing is held back.")),
        Tab("waiting", WAITS.words, model.waiting.is_not(None), _l("No changes wait.")),
    )


class WritingView(RevisionPages, Picker, ToTrash):
    """A list of texts, and the page of each."""

    create_template = "admin/writing/new.html"
    edit_template = "admin/writing/edit.html"
    details_template = "admin/writing/read.html"
    can_view_details = True
    can_export = True
    audited = False  # `cms.editorial.content` notes all that is done
    state_column = "state"
    palette_rows = True
    row_buttons: ClassVar[Sequence[RowButton]] = (
        EDIT, replace(TO_TRASH, shown=lambda row: content.may_edit(row, person()))
    )  # fmt: skip
    column_default_sort = ("id", True)
    form_ajax_refs: ClassVar[dict[str, Any]] = {"owner": desk.WRITERS}

    def __init__(self, model: Any, languages: Sequence[str], **kwargs: Any) -> None:
        words = [(one, LazyString(language_names.in_words, one)) for one in languages]
        self.column_choices = {"language": words}
        super().__init__(model, **kwargs)

    # Who sees which rows

    def get_query(self) -> Query[Any]:
        """Return what the person may see."""
        return super().get_query().filter(content.visible(self.model, person()))

    def needed(self, page: str) -> tuple[str, ...]:
        """Open the list and the pages to read to all who may read what is published."""
        opened = page in ("index_view", "details_view", "action_view", "look_up")
        return ("view", "read") if opened else super().needed(page)

    def writable(self, thing: Writing) -> bool:
        """Tell whether the person may change the text, or prepare changes of it."""
        return content.may_edit(thing, person()) or content.may_prepare(thing, person())

    def autosaves(self, thing: Writing) -> bool:
        """Tell whether what is typed is saved by the way."""
        return thing.state in _AUTOSAVED and self.writable(thing)

    # The form

    def get_create_form(self) -> type[Form]:
        """Return what one is asked before one begins."""
        return BeginForm

    def edit_form(self, obj: Any = None) -> Any:
        """Make the form, filled with what was written last."""
        shown = self._as_written(obj)
        vars(shown).update(desk.times(obj))
        form = super().edit_form(shown)
        form.offer(obj.language, obj)
        if self.allowed("edit", NOBODYS):
            author = desk.WRITERS.get_one(form.owner.data) or obj.owner
            form.owner.offer(desk.WRITERS.first(author))
        return form

    @staticmethod
    def _as_written(thing: Writing) -> SimpleNamespace:
        """Return the fields of the form, filled with what was written last, of a `thing`."""
        values = as_field_values(thing, waiting.newest(thing))
        return SimpleNamespace(**values, thing=thing, names=tuple(values))

    def _saved_values(self, form: Form, model: Any) -> dict[str, str]:
        del form
        values = {name: getattr(model, name) for name in model.names}
        return {name: "" if value is None else str(value) for name, value in values.items()}

    def _differences(self, form: Form, model: Any) -> dict[str, Any]:
        return super()._differences(form, self._as_written(model))

    def changes_to(self, model: Any) -> Sequence[Any]:
        """Return who changed which fields, the newest first, as the revisions know."""
        names = self.form.fields
        return [
            SimpleNamespace(
                changes=[names.get(name, name) for name in revision.changed],
                user_email=revision.by.email if revision.by else None,
                at=revision.at,
            )
            for revision in revisions.of(model.thing, 50)
        ]

    # Saving

    def make(self, form: Any) -> Any:
        """Begin a text."""
        return content.create(self.model, person(), **form.values())

    def update_model(self, form: Form, model: Any) -> bool:
        """Save, and do what the button says that was pressed."""
        saved = super().update_model(form, model)
        for field in form if not saved else ():
            if field.errors:  # it may be far down on the page
                flash(labelled(field.label.text, field.errors[0]), "error")
        return saved

    def change(self, form: Any, model: Any) -> None:
        """Write the text, where the person may, and do what the button says: `step:…`, or
        one of `_ACTS`."""
        kind, _colon, name = request.form.get("_do", "").partition(":")
        if self.writable(model) and kind != "discard":
            self.write(model, form)
        if kind == "step":
            self._take(form, model, name if name in STEPS else abort(400))
        elif kind:
            (_ACTS.get(kind) or abort(400))(form, model)

    def write(self, model: Any, form: Any, *, by_the_way: bool = False) -> Revision | None:
        """Save what is in the form: of what is live, as changes that wait."""
        act = content.prepare if model.is_live else content.save
        # What the form was compared with, or somebody saves in between unseen.
        seen = model.version
        return act(model, person(), seen=seen, by_the_way=by_the_way, **form.values())

    def _take(self, form: Any, model: Any, name: str) -> None:
        by, said = person(), form.comment.data or ""
        if name == "schedule":
            at, until = form.publish_at.moment(), form.expire_at.moment()
            if at is None:
                raise NoTime
            content.schedule(model, by, at, (form.zone.data or "").strip(), until=until)
            if said.strip():
                content.comment(model, by, said)
        else:
            content.take(model, name, by, comment=said)

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:  # noqa: ARG002, FBT001, FBT002 - Flask-Admin's signature
        """Stay on the page; one that may not see it any more goes to the list."""
        return str(self.get_url(".edit_view", id=self.get_pk_value(model)))

    @expose("/autosave", methods=("POST",))
    @needs("edit")
    def autosave(self) -> ResponseReturnValue:
        """Save what is typed, by the way; answer what the form is to know then.

        What comes again because its answer was lost is there already: that is no conflict.
        """
        model = self.get_one(request.form.get("id", ""))
        if not self.autosaves(model):
            abort(403)
        form = self.edit_form(model)
        if not self.validate_form(form):
            field, errors = next(iter(form.errors.items()))
            return jsonify(error=errors[0], field=field), 422
        try:
            made = self.write(model, form, by_the_way=True)
        except CmsError as error:
            words = _(error.sentence, **error.facts)
            return jsonify(error=words, field=getattr(error, "field", "")), 422
        if made is not None and request.form.get(SEEN) != form.seen:
            # An error takes back what was written.
            return jsonify(error=_(content_errors.Conflict.sentence)), 409
        saved = self._saved_values(form, self._as_written(model))
        return jsonify(
            seen=digest(saved),
            fields=" ".join(f"{name}:{digest({name: saved[name]})}" for name in saved),
            at=clock.now().isoformat(timespec="seconds"),
        )

    @expose("/lacks")
    @needs("view")
    def lacks(self) -> str:
        """Answer the part of the page that says what keeps a text from going live."""
        thing = self.get_one(request.args.get("id", ""))
        return self.render("admin/writing/lacks.html", desk=self.desk_of(thing))

    # What the page shows

    def desk_of(self, thing: Writing) -> desk.Desk:
        """Return what stands beside the text."""
        return desk.Desk(thing, person())

    @staticmethod
    def badges(thing: Writing) -> Any:
        """Draw where a text is in its life."""
        return Life(STATES)(None, None, thing, "state")

    moment = staticmethod(columns.time_tag)
    shown_body = staticmethod(desk.shown)
    longest_body = bodies.LONGEST
    cover_of = staticmethod(desk.cover_address)
    language_in_words = staticmethod(language_names.in_words)

    @expose("/translate", methods=("POST",))
    @needs("create")
    def translate(self) -> ResponseReturnValue:
        """Begin the counterpart of a text in another language, with what it says now."""
        thing = self.get_one(request.form.get("id", ""))
        try:
            made = content.create(
                self.model,
                person(),
                language=request.form.get("language", ""),
                translation_of=thing,
                **self.to_translate(waiting.newest(thing)),
            )
        except CmsError as error:
            self.refuse(error)
            return self.back()
        flash(_("This is a copy to be translated."), "success")
        return redirect(self.get_url(".edit_view", id=made.id))

    def to_translate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return what a translation begins with: not what is of one language."""
        names = ("title", "summary", "body", "seo_title", "seo_description")
        return {name: values[name] for name in names}


def _hand_over(form: Any, model: Any) -> None:
    author = db.session.get(User, form.owner.data or 0)
    if author is None or not author.active:
        raise content.NoAuthor
    content.hand_over(model, person(), author)


def _end(form: Any, model: Any) -> None:
    content.end_at(model, person(), form.expire_at.moment(), (form.zone.data or "").strip())


_ACTS = {
    "save": lambda _form, _model: None,
    "comment": lambda form, model: content.comment(model, person(), form.comment.data or ""),
    "hand-over": _hand_over,
    "end": _end,
    "publish-changes": lambda _form, model: content.publish_changes(model, person()),
    "discard": lambda _form, model: content.discard_changes(model, person()),
}
