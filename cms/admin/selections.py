"""What was begun with everything that a list showed: how far it is, what refused and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.orm import Query

from cms.accounts.policy import may
from cms.admin import columns, subjects
from cms.admin.access import this_page
from cms.admin.base import expose, needs
from cms.admin.jobs import JobView, in_words
from cms.admin.lists import VIEW, Live, RowButton
from cms.admin.worked_on import WorkedOn
from cms.editorial import bulk
from cms.jobs import pauses, selections
from cms.jobs.models import ENDED, Job, SelectedThing, Selection
from cms.jobs.selections import Standing
from cms.look import labelled
from cms.tasks.selections import regenerate_images

REFUSALS_SHOWN = 100


@dataclass(frozen=True)
class Page:
    """All that the page of a selection shows."""

    standing: Standing
    slow: bool
    paused: bool
    refused: Sequence[SelectedThing]
    jobs: Sequence[Job]

    @property
    def moves(self) -> bool:
        """Whether a job still works on it."""
        return any(job.state not in ENDED for job in self.jobs)


def act_in_words(selection: Selection) -> str:
    """Return what is done with the things of a selection."""
    act = selections.find(selection.kind, selection.act)
    return _(act.words) if act else selection.act


class SelectionView(WorkedOn):
    """Reached from where it was begun, and from the job that deals with it."""

    kind, icon, whence = "selection", "list-check", "job"
    can_create = can_edit = can_delete = False
    can_view_details = True
    details_template = "admin/selection.html"
    state_column = None
    name_column = "act"

    column_list = ("act", "user.email", "created_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "act": _l("What is done"),
        "user.email": _l("By"),
        "created_at": _l("Begun"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "act": lambda _v, _c, selection, _n: act_in_words(selection),
        "created_at": columns.moment,
    }
    column_sortable_list = ()
    column_default_sort = ("id", True)
    row_buttons: ClassVar[Sequence[RowButton]] = (VIEW,)
    live = Live(".status", "selections")

    def is_visible(self) -> bool:
        """Tell that the menu does not offer it."""
        return False

    def get_query(self) -> Query[Any]:
        """Return one's own; everybody's for those who may see them."""
        query = super().get_query()
        everybodys = self.allowed("view", Selection())
        return query if everybodys else query.filter(Selection.user_id == current_user.id)

    @expose("/status")
    @needs("view")
    def status(self) -> ResponseReturnValue:
        """Answer how far a selection is: `?ids=1`, one at a time."""
        selection = self.get_one(request.args.get("ids", ""))
        standing = selections.standing(selection)
        return self.news(
            [selection],
            lambda _row: {
                "id": selection.id,
                "total": standing.total,
                "done": standing.done,
                "refused": standing.refused,
                "left": standing.left,
            },
        )

    @expose("/stop", methods=("POST",))
    @needs("stop")
    def stop(self) -> ResponseReturnValue:
        """Leave alone what is still to be done."""
        return self.do_to_posted(bulk.stop, _("Stopped. What was done stays."))

    def page_of(self, selection: Selection) -> Page:
        """Fetch what the page of a selection shows."""
        refused = selections.refused(selection, REFUSALS_SHOWN)
        subjects.look_up((selection.kind, it.thing_id) for it in refused)
        act = selections.find(selection.kind, selection.act)
        return Page(
            selections.standing(selection),
            act is not None and act.slow,
            regenerate_images.name in pauses.names(),
            refused,
            self.jobs_of(selection),
        )

    def mark_of(self, row: Selection) -> str:
        """Tell one step from the next. The list, which does not change by itself, needs none:
        it would cost queries for each row."""
        if this_page() == "index_view":
            return ""
        standing = selections.standing(row)
        jobs = " ".join(job.state.value for job in self.jobs_of(row))
        return f"{standing.left} {standing.refused} {jobs}"

    def name_of(self, row: Selection) -> str:
        """Return what is done."""
        return act_in_words(row)

    def in_one_line(self, selection: Selection, total: int) -> str:
        """Return what is done with how many rows of which list: `Edit: Pictures, 300 rows`."""
        names = (it.name for it in self.admin._views if it.endpoint == selection.kind)  # noqa: SLF001 - it has no other way
        rows = ngettext("one row", "%(count)s rows", total, count=format_decimal(total))
        what = _("%(first)s, %(then)s", first=next(names, selection.kind), then=rows)
        return labelled(act_in_words(selection), what)

    slow_task = regenerate_images.name

    @staticmethod
    def may_pause() -> bool:
        """Tell whether the person may pause kinds of job."""
        return may(current_user, "edit", "queue")

    @staticmethod
    def thing(selection: Selection, chosen: SelectedThing) -> Any:
        """Draw one of the things."""
        if selection.kind == JobView.kind:
            address = url_for("job.details_view", id=chosen.thing_id)
            words = _("Job %(number)s", number=Job(id=chosen.thing_id).number)
            return Markup('<a href="{}">{}</a>').format(address, words)
        return subjects.link(selection.kind, chosen.thing_id)

    @staticmethod
    def reason(chosen: SelectedThing) -> Markup | str:
        """Return why a thing refused."""
        return in_words(chosen)
