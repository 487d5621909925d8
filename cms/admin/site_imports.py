"""Whole sites that somebody imports: what is in them, how far it is, and what to know of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from babel import Locale
from flask import Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_login import current_user

from cms.accounts.policy import may
from cms.admin import columns
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.buttons import TopButton
from cms.admin.columns import State
from cms.admin.lists import DELETE, VIEW, Live, RowButton
from cms.admin.worked_on import OnesOwn, StateWithReason
from cms.config import settings
from cms.content import languages
from cms.content.errors import UnknownLanguage
from cms.editorial import moving
from cms.editorial.moving import BadMedia
from cms.errors import CmsError
from cms.exchange.cells import harmless
from cms.exchange.writing import BOM
from cms.look import lazy as _l
from cms.moving import items
from cms.moving.models import (
    MOVING,
    ImportNote,
    ItemState,
    Origin,
    SiteImport,
    SiteImportState,
    What,
)

STATES = {
    SiteImportState.READING: State(_l("Being read"), "busy", "loader-2", moving=True),
    SiteImportState.READ: State(_l("To be imported"), "wait", "eye"),
    SiteImportState.RUNNING: State(_l("Being imported"), "busy", "loader-2", moving=True),
    SiteImportState.DONE: State(_l("Imported"), "ok", "circle-check"),
    SiteImportState.STOPPED: State(_l("Stopped"), "off", "x"),
    SiteImportState.FAILED: State(_l("Failed"), "bad", "alert-triangle"),
}
ORIGINS = {Origin.WORDPRESS: "WordPress", Origin.MARKDOWN: "Markdown"}
WHATS = {
    What.ARTICLE: _l("Articles"),
    What.PAGE: _l("Pages"),
    What.CATEGORY: _l("Categories"),
    What.PICTURE: _l("Pictures"),
    What.DOCUMENT: _l("Documents"),
}
NOTES_ON_A_PAGE = 50
LARGEST_PAGE = 20_000
MOST_NOTES = NOTES_ON_A_PAGE * LARGEST_PAGE


@dataclass(frozen=True)
class Line:
    """How many things of a kind are new, or were here before, and how many are not taken."""

    words: Any
    new: int
    done: int
    here: int
    left: int


@dataclass(frozen=True)
class Page:
    """All that the page of an import shows."""

    lines: Sequence[Line]
    notes: Sequence[ImportNote]
    count: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages of notes there are."""
        return max(1, -(-self.count // NOTES_ON_A_PAGE))

    @property
    def new(self) -> int:
        """How much an import would make."""
        return sum(line.new for line in self.lines)


def _origin(_view: Any, _context: Any, row: SiteImport, _name: str) -> str:
    return ORIGINS[row.origin]


class SiteImportView(OnesOwn):
    """One's own imports of sites, and the button that writes this one into a file."""

    kind, icon = "site_import", "world"
    details_template = "admin/site_import/details.html"
    empty_words = _l("Bring a site from WordPress, or a folder of Markdown.")

    column_list = ("filename", "origin", "state", "created_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "filename": _l("File"),
        "origin": _l("Origin"),
        "state": _l("Status"),
        "created_at": _l("Uploaded"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "origin": columns.as_cell("words", _origin),
        "state": StateWithReason(STATES),
        "created_at": columns.moment,
    }
    top_buttons = (
        TopButton(
            _l("Export this site"),
            "download",
            ".archive",
            post=True,
            shown=lambda: may(current_user, "create", "site_archive"),
        ),
        TopButton(_l("Import a site"), "upload", ".new", primary=True),
    )
    row_buttons: ClassVar[Sequence[RowButton]] = (
        VIEW,
        RowButton(_l("Stop"), "x", ".stop", post=True, shown=lambda job: job.state in MOVING),
        replace(DELETE, shown=lambda job: job.state not in MOVING),
    )
    live = Live(".status", "imports")

    @expose("/file")
    @needs("create")
    def new(self) -> str:
        """Ask for the file."""
        return self._asked()

    def _asked(self, problems: dict[str, str] | None = None) -> str:
        return self.render(
            "admin/site_import/new.html",
            problems=problems or {},
            origins=ORIGINS,
            content_languages=settings().content_languages,
            limit=settings().upload_max_mb,
        )

    @expose("/begin", methods=("POST",))
    @needs("create")
    def begin(self) -> ResponseReturnValue:
        """Take the file of the field `file`, and that of `media`, if there is one."""
        form, files = request.form, request.files
        if form.get("origin") not in {*Origin}:
            abort(400)
        try:
            job = moving.begin(
                Origin(form["origin"]),
                person(),
                files.get("file"),
                files.get("media"),
                language=form.get("language") or languages.first(),
                fetches="fetches" in form,
            )
        except UnknownLanguage as error:
            return self._asked({"language": _(error.sentence)}), 422
        except BadMedia as error:
            return self._asked({"media": _(error.sentence, **error.facts)}), 422
        except CmsError as error:
            return self._asked({"file": _(error.sentence, **error.facts)}), 422
        return redirect(self._shown(job))

    @expose("/go", methods=("POST",))
    @needs("edit")
    def go(self) -> ResponseReturnValue:
        """Let jobs make what was found, or go on with it."""
        return self._do(moving.go_on)

    @expose("/stop", methods=("POST",))
    @needs("edit")
    def stop(self) -> ResponseReturnValue:
        """Take in no more."""
        return self._do(moving.stop)

    @expose("/report")
    @needs("view")
    def report(self) -> Response:
        """Send what is to be known as a file: of what, and what."""
        job = self.get_one(request.args.get("id", ""))
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([_("Title"), _("Note")])
        for note in items.notes(job, MOST_NOTES):
            writer.writerow([harmless(note.title), harmless(self.said(note))])
        response = Response(BOM + text.getvalue(), mimetype="text/csv")
        name = _("Report of %(filename)s", filename=job.filename)
        response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
        response.cache_control.no_store = True
        return response

    @expose("/archive", methods=("POST",))
    @needs("create")
    def archive(self) -> ResponseReturnValue:
        """Let a job write the whole site into a file."""
        if not may(current_user, "create", "site_archive"):
            abort(403)
        export = moving.begin_archive(person())
        return redirect(self.get_url("export.details_view", id=export.id))

    def page_of(self, job: SiteImport) -> Page:
        """Fetch what the page of an import shows."""
        number = min(max(request.args.get("page", 0, type=int), 0), LARGEST_PAGE)
        found = items.count(job)
        return Page(
            lines=[_line(words, found[what]) for what, words in WHATS.items()],
            notes=items.notes(job, NOTES_ON_A_PAGE, number),
            count=items.count_notes(job),
            number=number,
        )

    @staticmethod
    def said(note: ImportNote) -> str:
        """Return what is to be known, in the language of the page."""
        return _(note.sentence, **note.facts)

    def standing(self, row: SiteImport) -> dict[str, Any]:
        """Return how far an import is."""
        answer = super().standing(row)
        if row.state is SiteImportState.RUNNING and row.total:
            progress = {"done": row.done, "total": row.total, "words": self.done_in_words(row)}
            answer["progress"] = progress
        return answer

    @staticmethod
    def language_name(name: str) -> str:
        """Return what a language calls itself."""
        return str(Locale.parse(name).get_display_name() or name)

    @staticmethod
    def done_in_words(job: SiteImport) -> str:
        """Return how much is made, and of how much."""
        facts = {"done": format_decimal(job.done), "total": format_decimal(job.total)}
        return _("%(done)s of %(total)s", **facts)

    def mark_of(self, row: SiteImport) -> str:
        """Tell one step from the next."""
        so_far = row.total if row.state is SiteImportState.READING else bool(row.done)
        return f"{row.state.value} {so_far} {bool(row.sentence)}"

    def _do(self, act: Callable[[SiteImport], None]) -> ResponseReturnValue:
        job = self.get_one(request.form.get("id", ""))
        try:
            act(job)
        except CmsError as error:
            self.refuse(error)
        return redirect(self._shown(job))

    def _shown(self, job: SiteImport) -> str:
        return str(self.get_url(".details_view", id=job.id))

    def _delete(self, model: SiteImport) -> None:
        moving.remove(model)


def _line(words: Any, states: Any) -> Line:
    here, left = states[ItemState.HERE], states[ItemState.LEFT]
    return Line(words, items.new(states), states[ItemState.DONE], here, left)
