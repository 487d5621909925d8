"""The first page: what waits, what runs, what went wrong, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from cms.accounts import hints
from cms.accounts.policy import may
from cms.admin import columns, counting, palette
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.images import STATES
from cms.admin.listing import MOST_COUNTED, in_words
from cms.admin.presence import OpenPages
from cms.admin.writing import tabs_of
from cms.audit.services import record
from cms.config import settings
from cms.content.models import Article
from cms.editorial import content
from cms.extensions import db
from cms.jobs import ledger, pulse
from cms.jobs.models import JobState
from cms.look import lazy as _l
from cms.media import health
from cms.media import services as media
from cms.notifications import alarms
from cms.notifications import services as notifications
from cms.tasks import watching

MOST_TILES = 6


@dataclass(frozen=True)
class Card:
    """A number with its words, and the list that it counts."""

    words: str
    number: str
    address: str
    drawing: str
    tone: str = ""


@dataclass(frozen=True)
class Step:
    """Something that one does first, and whether it is done."""

    words: str
    meaning: str
    address: str
    done: bool


class Dashboard(OpenPages):
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

    @expose("/dismiss-hint", methods=("POST",))
    @needs("enter")
    def dismiss_hint(self) -> ResponseReturnValue:
        """Do not show the first steps again."""
        hints.dismiss(person(), hints.FIRST_STEPS)
        record("dismiss_hint", person(), hint=hints.FIRST_STEPS)
        return redirect(self.get_url(".index"))

    @expose("/")
    @needs("enter")
    def index(self) -> str:
        """Show the counts, the first steps, and the newest pictures."""
        counts = health.counts(MOST_COUNTED + 1)
        return self.render(
            "admin/dashboard.html",
            pictures=list(picture_cards(counts)),
            texts=list(article_cards()),
            work=list(work_cards()),
            steps=list(steps(counts)) if hints.wants(person(), hints.FIRST_STEPS) else [],
            mine=media.newest_of(current_user.id, MOST_TILES),
            mine_address=url_for("image.index_view", flt0_owner_of=current_user.id),
            newest=media.newest_ready(MOST_TILES),
            may_upload=may(current_user, "create", "image"),
        )


def picture_cards(counts: dict[str, int]) -> Iterator[Card]:
    """Yield how many pictures are in each state, and how many lack words."""

    def card(words: Any, count: int, tab: str, drawing: str, tone: str) -> Card:
        address = url_for("image.index_view", tab=tab)
        return Card(str(words), in_words(count), address, drawing, tone if count else "")

    for status, count in media.count_by_status().items():
        state = STATES[status]
        yield card(state.words, count, status.value, state.drawing, state.tone)
    yield card(_("Without alternative text"), counts["textless"], "no-text", "eye", "wait")


def article_cards() -> Iterator[Card]:
    """Yield how many articles, of those that the person may see, wait for somebody."""
    if not may(current_user, "view", "article"):
        return
    tabs = [tab for tab in tabs_of(Article) if tab.key in _ARTICLE_LOOKS]
    seen = db.session.query(Article).filter(content.visible(Article, person()))
    counts = db.session.execute(counting.of_each(seen, tabs)).one()
    for tab, count in zip(tabs, counts, strict=True):
        address = url_for("article.index_view", tab=tab.key)
        drawing, tone = _ARTICLE_LOOKS[tab.key]
        yield Card(str(tab.label), in_words(count), address, drawing, tone if count else "")


_ARTICLE_LOOKS = {
    "draft": ("pencil", ""),
    "review": ("eye", "wait"),
    "scheduled": ("clock", "busy"),
    "held": ("alert-triangle", "bad"),
    "waiting": ("git-branch", "wait"),
}


def work_cards() -> Iterator[Card]:
    """Yield how the work in the background stands, as far as the person may know."""
    if may(current_user, "view", "job"):
        jobs = ledger.count_by_state(MOST_COUNTED + 1)
        waiting = jobs[JobState.QUEUED] + jobs[JobState.RETRYING]
        for words, count, tab, drawing, tone in (
            (_("Waiting"), waiting, "waiting", "clock", "wait"),
            (_("Running"), jobs[JobState.RUNNING], "running", "loader-2", "busy"),
            (_("Failed"), jobs[JobState.FAILED], "failed", "alert-triangle", "bad"),
        ):
            address = url_for("job.index_view", tab=tab)
            yield Card(words, in_words(count), address, drawing, tone if count else "")
    if may(current_user, "view", "notification"):
        count = notifications.count_open()
        address = url_for("notification.index_view")
        yield Card(
            _("Open notifications"), in_words(count), address, "bell", "bad" if count else ""
        )
    if may(current_user, "view", "library"):
        yield disk_card()


def disk_card() -> Card:
    """Return how much room is left where QsCMS keeps what is its own."""
    free = alarms.free_mb(settings().data_dir)
    words = columns.size_in_words(free * 1_000_000)
    tone = "bad" if free < settings().disk_free_mb else "ok"
    return Card(_("Free on the disk"), words, url_for("library.index"), "device-desktop", tone)


def steps(counts: dict[str, int]) -> Iterator[Step]:
    """Yield what the person does first here."""
    if may(current_user, "create", "image"):
        yield Step(
            _("Upload pictures"),
            _("Drop them anywhere on the list of pictures. All sizes are made for you."),
            url_for("image.index_view", _anchor="upload"),
            counts["pictures"] > 0,
        )
        yield Step(
            _("Say what they show"),
            _("Write an alternative text for each: for people who cannot see it, and for search."),
            url_for("alt_text.index"),
            counts["pictures"] > 0 and not counts["textless"],
        )
    if may(current_user, "view", "worker"):
        yield Step(
            _("See that a worker runs"),
            _("It makes the sizes, sends mail and calls other systems while nobody waits."),
            url_for("worker.index_view"),
            pulse.take().workers > 0,
        )
        yield Step(
            _("Let other systems know"),
            _("A webhook tells them when a picture is ready or a job has failed."),
            url_for("webhook.index_view"),
            done=False,
        )
