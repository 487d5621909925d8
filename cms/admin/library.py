"""The library of pictures as a whole: how much there is, and what could be better."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import abort, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import Markup

from cms.admin import columns, jobs
from cms.admin.access import Guarded, person
from cms.admin.base import expose, needs
from cms.admin.listing import MOST_COUNTED, in_words
from cms.admin.palette import Act
from cms.editorial import library
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import ENDED, Job
from cms.look import lazy as _l
from cms.media import health, survey
from cms.media.models import Image, LibrarySurvey
from cms.media.survey import Figures

MOST_NAMED = 10
_FACT = re.compile(r"%\(\w+\)[sd]")

MENDS: dict[str, Callable[[Any], Any]] = {
    "failed": library.retry_failed,
    "incomplete": library.render_incomplete,
    "lost": library.render_lost,
}


@dataclass(frozen=True)
class Line:
    """One thing that could be better: how many, what it means, and what can be done.

    `address` leads to those that it is about. `mend` names what the button `button`
    posts, after asking `question` if there is one; `way` leads to where it is mended
    by hand. `more` are lines below it.
    """

    name: str
    title: str
    meaning: str
    count: int
    drawing: str = "alert-triangle"
    address: str = ""
    mend: str = ""
    way: str = ""
    button: str = ""
    question: str = ""
    more: Sequence[Any] = field(default_factory=list)
    capped: bool = True

    @property
    def number(self) -> str:
        """The count as it is shown."""
        return in_words(self.count) if self.capped else format_decimal(self.count)


def live_lines(counts: dict[str, int]) -> list[Line]:
    """Return what is counted while one waits."""

    def listed(**where: Any) -> str:
        return url_for("image.index_view", **where)

    return [
        Line(
            "failed",
            _("Failed"),
            _("These pictures cannot be shown. The uploaded files are kept."),
            counts["failed"],
            address=listed(tab="failed"),
            mend="failed",
            button=_("Retry all"),
            more=_reasons() if counts["failed"] else [],
        ),
        Line(
            "textless",
            _("Without alternative text"),
            _("People who cannot see these pictures do not learn what they show."),
            counts["textless"],
            drawing="eye",
            address=listed(tab="no-text"),
            way=url_for("alt_text.index"),
            button=_("Write them"),
        ),
        Line(
            "alike",
            _("Look alike"),
            _("The same picture may be here several times, in other sizes or files."),
            counts["alike"],
            drawing="photo",
            address=listed(tab="alike"),
        ),
        Line(
            "unused",
            _("Unused"),
            _("No page shows these pictures. Perhaps nobody needs them any more."),
            counts["unused"],
            drawing="photo-off",
            address=listed(flt0_use_is="no"),
        ),
    ]


def surveyed_lines(found: Figures) -> list[Line]:
    """Return what the last survey has found."""
    return [
        Line(
            "incomplete",
            _("Renditions missing or out of date"),
            _("Pages show these pictures in older files, or in fewer sizes than they could."),
            found.incomplete,
            more=_links(found.incomplete_ids),
            mend="incomplete",
            button=_("Make the renditions"),
            capped=False,
        ),
        Line(
            "lost_renditions",
            _("Renditions whose file is lost"),
            _("Pages show a gap where these pictures are. They can be made again."),
            len(found.lost_renditions),
            mend="lost",
            button=_("Make them again"),
            more=_links(found.lost_renditions),
            capped=False,
        ),
        Line(
            "lost_originals",
            _("Originals whose file is lost"),
            _("Nothing can be made of these pictures any more. Restore the files from a backup,"
              " or upload the pictures again."),
            len(found.lost_originals),
            more=_links(found.lost_originals),
            capped=False,
        ),
        Line(
            "strays",
            _("Files that belong to no picture"),
            _("They fill the disk: %(size)s. Files of the last day are not counted.",
              size=columns.size_in_words(found.strays_size)),
            found.strays,
            drawing="trash",
            mend="strays",
            button=_("Remove"),
            question=_("Remove %(count)s files that belong to no picture? This cannot be undone.",
                       count=format_decimal(found.strays)),
            capped=False,
        ),
    ]  # fmt: skip


def _reasons() -> list[Markup]:
    """Draw why pictures failed; what differs from one to the next is left out."""
    return [
        Markup("{} <span class='text-secondary'>{}</span>").format(
            _FACT.sub("…", _(sentence)) if sentence else _("Unknown"), in_words(count)
        )
        for sentence, count in health.reasons(MOST_COUNTED + 1)
    ]


def _links(ids: Sequence[int]) -> list[Markup]:
    """Link to the first of some pictures."""
    found = (db.session.get(Image, image_id) for image_id in ids[:MOST_NAMED])
    return [
        Markup('<a href="{}">{}</a>').format(url_for("image.details_view", id=it.id), it.title)
        for it in found
        if it is not None
    ]


class LibraryView(Guarded, BaseView):
    """Figures, what could be better, and buttons that mend it by a job."""

    kind, icon = "library", "list-check"
    palette_acts = (
        Act(_l("Retry every failed picture"), "refresh", ".mend", {"what": "failed"}),
        Act(_l("Make missing files of pictures"), "photo", ".mend", {"what": "incomplete"}),
        Act(_l("Count the library"), "list-check", ".survey", {}),
    )

    @expose("/")
    @needs("view")
    def index(self) -> str:
        """Show the page."""
        counts, last = health.counts(MOST_COUNTED + 1), survey.newest()
        found = survey.figures_of(last)
        lines = live_lines(counts) + (surveyed_lines(found) if found else [])
        work = self.work()
        return self.render(
            "admin/library/index.html",
            pictures=format_decimal(found.pictures) if found else in_words(counts["pictures"]),
            found=found,
            counted_at=last.ended_at if last else None,
            wrong=[line for line in lines if line.count],
            well=[line for line in lines if not line.count],
            work=work,
            mark=self.mark(last, work),
        )

    @expose("/status")
    @needs("view")
    def status(self) -> ResponseReturnValue:
        """Answer how far the job is that counts or removes."""
        work = self.work()
        shown: dict[str, Any] = {"status": work.state.value if work else "idle"}
        if work and work.progress_total is not None:
            shown["progress"] = {
                "done": work.progress_done or 0,
                "total": work.progress_total,
                "words": jobs.progress_of(work),
            }
        mark = self.mark(survey.newest(), work)
        return jsonify(library=[shown], marks={"library": mark})

    @expose("/survey", methods=("POST",))
    @needs("edit")
    def survey(self) -> ResponseReturnValue:
        """Count everything again, by a job."""
        library.count_again()
        flash(_("Everything is being counted."), "success")
        return self.back()

    @expose("/mend", methods=("POST",))
    @needs("edit")
    def mend(self) -> ResponseReturnValue:
        """Mend one kind of thing, by a job that works through a selection."""
        begin = MENDS.get(request.form.get("what", "")) or abort(404)
        try:
            selection, _count = begin(person())
        except CmsError as error:
            self.refuse(error)
            return self.back()
        return redirect(url_for("selection.details_view", id=selection.id))

    @expose("/clear", methods=("POST",))
    @needs("delete")
    def clear(self) -> ResponseReturnValue:
        """Remove the files that belong to no picture, by a job."""
        try:
            library.clear_strays()
            flash(_("The files are being removed."), "success")
        except CmsError as error:
            self.refuse(error)
        return self.back()

    def offers_mend(self, line: Line) -> bool:
        """Tell whether the person may press the button of a line."""
        return bool(line.mend) and self.offers("clear" if line.mend == "strays" else "mend")

    @staticmethod
    def work() -> Job | None:
        """Return the job that counts or removes now, if there is one."""
        newest = (ledger.newest_of(task) for task in ("survey_library", "remove_strays"))
        return next((job for job in newest if job and job.state not in ENDED), None)

    @staticmethod
    def mark(last: LibrarySurvey | None, work: Job | None) -> str:
        """Return what must differ for the page to be drawn anew."""
        parts = [last.id if last else 0, work.id if work else "", work.state.value if work else ""]
        return " ".join(map(str, [*parts, bool(work and work.progress_total is not None)]))

    task_in_words = staticmethod(jobs.task_in_words)
    progress_of = staticmethod(jobs.progress_of)
    size_in_words = staticmethod(columns.size_in_words)
    moment = staticmethod(columns.time_tag)
