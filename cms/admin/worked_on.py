"""Lists of things that exist only to be worked on by a job: mail, webhook calls.

They are read, not edited. Each page shows the jobs that were made for its thing,
and a thing that failed can be tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Query

from cms.accounts.policy import may
from cms.admin import columns, jobs
from cms.admin.base import expose, needs
from cms.admin.lists import VIEW, Live, QsListView, RowButton, asked_ids
from cms.editorial import retries
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job, JobState

RETRY = RowButton(
    _l("Retry"), "refresh", ".retry", post=True, shown=lambda row: row.state.value == "failed"
)


class StateWithReason(columns.Status):
    """A state and, when an attempt failed, why."""

    def __call__(self, view: Any, context: Any, row: Any, name: str) -> Markup:
        """Draw the state; one that waits after a failure says that it will be retried."""
        if not row.sentence:
            return super().__call__(view, context, row, name)
        waits = str(getattr(row, name).value) in self.moving
        shown = (
            columns.badge(jobs.STATES[JobState.RETRYING])
            if waits
            else super().__call__(view, context, row, name)
        )
        return columns.with_reason(shown, jobs.in_words(row))


class WorkedOn(QsListView):
    """A list of things with a state, a `sentence` and jobs, whose pages show their jobs.

    `kind` is also what jobs call the thing: the `subject` of their task.
    """

    def mark_of(self, row: Any) -> str:
        """Tell a thing that waits for its first attempt from one that waits for the next."""
        return f"{self.state_of(row)}{' again' if row.sentence else ''}"

    def jobs_of(self, thing: Any) -> list[Job]:
        """Return the newest jobs of a thing, for its page."""
        return ledger.for_subject(self.kind, thing.id)

    @staticmethod
    def may_open_jobs() -> bool:
        """Tell whether the person may open the page of a job."""
        return may(current_user, "view", "job")

    @staticmethod
    def job_badge(job: Job) -> Markup:
        """Draw where a job stands."""
        return columns.badge(jobs.STATES[job.state])

    task_in_words = staticmethod(jobs.task_in_words)
    in_words = staticmethod(jobs.in_words)
    moment = staticmethod(columns.time_tag)


class OnesOwn(WorkedOn):
    """A list of the files that each person lets jobs write or read, for that person alone."""

    can_create = can_edit = False
    can_delete = can_view_details = True
    state_column = "state"
    name_column = "filename"
    column_sortable_list = ()
    column_default_sort = ("id", True)
    action_disallowed_list = ("delete",)

    def get_query(self) -> Query[Any]:
        """Return one's own."""
        return super().get_query().filter(self.model.user_id == current_user.id)

    @expose("/status")
    @needs("view")
    def status(self) -> ResponseReturnValue:
        """Answer where one's own stand: `?ids=1,2`, at most 200 of them."""
        ids = [self._key(given) for given in asked_ids()]
        return self.news(self.get_query().filter(self.model.id.in_(ids)).all(), self.standing)

    def standing(self, row: Any) -> dict[str, Any]:
        """Return how far a row is, for the page that follows it."""
        return {"id": row.id, "status": row.state.value}


class WorkedOnView(WorkedOn):
    """A list to be read, of what exists only to be worked on."""

    can_create = can_edit = can_delete = False
    can_view_details = True
    details_template = "admin/worked_on.html"
    state_column = "state"
    row_buttons: ClassVar[Sequence[RowButton]] = (VIEW, RETRY)
    live = Live(".status", "rows")
    column_default_sort = ("id", True)

    @expose("/status")
    @needs("view")
    def status(self) -> ResponseReturnValue:
        """Answer where things stand: `?ids=1,2`, at most 200 of them."""
        ids = [self._key(given) for given in asked_ids()]
        rows = db.session.scalars(select(self.model).where(self.model.id.in_(ids)))
        return self.news(rows, lambda row: {"id": row.id, "status": row.state.value})

    @expose("/retry", methods=("POST",))
    @needs("retry")
    def retry(self) -> ResponseReturnValue:
        """Try a thing that failed again."""
        return self.do_to_posted(
            lambda thing: retries.retry_newest(self.kind, thing.id),
            _("The job has been submitted again."),
        )


def preformatted(text: str | None) -> Markup:
    """Draw text as it is, line by line."""
    return Markup('<pre tabindex="0">{}</pre>').format(text) if text else columns.EMPTY
