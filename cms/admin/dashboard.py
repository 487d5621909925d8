"""The first page: what waits, what runs, what went wrong."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from cms.accounts.policy import may
from cms.admin import palette
from cms.admin.base import QsIndexView, expose, needs
from cms.admin.images import STATES
from cms.admin.listing import MOST_COUNTED, in_words
from cms.jobs import ledger
from cms.jobs.models import JobState
from cms.media import services as media
from cms.notifications import services as notifications
from cms.tasks import watching


class Dashboard(QsIndexView):
    """Counts with a way to each list; people see only what they may open."""

    icon = "home"

    def __init__(self) -> None:
        super().__init__(name=_l("Dashboard"), url="/admin")

    @expose("/pulse")
    @needs("enter")
    def pulse(self) -> str:
        """Answer the banner about the workers, for pages that stay open."""
        watching.look_in()
        return self.render("admin/pulse.html")

    @expose("/palette")
    @needs("enter")
    def palette(self) -> ResponseReturnValue:
        """Answer the command palette: what there is for the words `q`."""
        return jsonify(entries=palette.entries(self.admin, request.args.get("q", "")))

    @expose("/")
    @needs("enter")
    def index(self) -> str:
        """Show the counts, and the newest pictures."""
        jobs = ledger.count_by_state(MOST_COUNTED + 1)
        return self.render(
            "admin/dashboard.html",
            pictures=media.count_by_status(),
            jobs_waiting=jobs[JobState.QUEUED] + jobs[JobState.RETRYING],
            jobs_running=jobs[JobState.RUNNING],
            jobs_failed=jobs[JobState.FAILED],
            notifications_open=notifications.count_open(),
            newest=media.newest_ready(6),
            states=STATES,
            in_words=in_words,
            may_see_jobs=may(current_user, "view", "job"),
            may_see_notifications=may(current_user, "view", "notification"),
        )
