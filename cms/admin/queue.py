"""The queue as a whole: what waits, how quickly it is worked off, and what is paused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from babel.lists import format_list
from babel.units import format_unit
from flask import abort, flash, jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_babel import format_datetime, format_decimal, get_locale, ngettext
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from cms import clock
from cms.accounts.policy import may
from cms.admin import columns
from cms.admin.access import Guarded
from cms.admin.base import expose, needs
from cms.admin.jobs import task_in_words
from cms.admin.palette import Act
from cms.editorial import queue
from cms.jobs import ledger, pauses, pulse, tallies
from cms.jobs.models import WAITING, JobState, JobTally, PausedTask
from cms.look import lazy as _l
from cms.tasks import huey

MINUTE = timedelta(minutes=1)
ALL = "*"
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


@dataclass(frozen=True)
class Span:
    """How far back the charts look, and how much time one bar is."""

    words: Any
    length: timedelta
    step: timedelta

    def series(self) -> list[JobTally]:
        """Return the sums of each step; the last ends with the newest minute tallied."""
        end = tallies.floor(tallies.last_closed() + self.step - MINUTE, self.step)
        return tallies.over_time(end - self.length, end, self.step)


SPANS = {
    "hour": Span(_l("Hour"), timedelta(hours=1), MINUTE),
    "day": Span(_l("Day"), timedelta(days=1), 15 * MINUTE),
    "week": Span(_l("Week"), timedelta(days=7), 120 * MINUTE),
}


@dataclass(frozen=True)
class Pause:
    """What somebody paused at once."""

    what: str
    by: str
    ago: Markup
    resumable: bool


def pulse_in_words() -> tuple[str, list[Pause]]:
    """Return what is wrong with the workers, in the reader's language, empty if nothing, and
    what is paused: for the banner on every page."""
    now = pulse.take()
    sentence, facts = now.trouble or ("", {})
    return _(sentence, **facts) if sentence else "", _pauses() if now.paused else []


def _pauses() -> list[Pause]:
    """Return what is paused; who paused it is told to those who may resume it."""
    found = pauses.listed()
    every = huey.kinds.keys() <= {paused.task for paused in found}
    told = may(current_user, "edit", "queue")
    return [
        Pause(
            _("all jobs") if every and len(group) == len(found) else _joined(group),
            str(group[0].paused_by or "") if told else "",
            columns.time_tag(since),
            told,
        )
        for (since, _by), members in groupby(found, lambda p: (p.paused_at, p.paused_by_id))
        if (group := list(members))
    ]


def _joined(paused: Iterable[PausedTask]) -> str:
    words = [task_in_words(one.task) for one in paused]
    return format_list(words, locale=get_locale())


def seconds_in_words(seconds: float) -> str:
    """Return a length of time as people say it: 0.4 sec, 12 min. `charts.js` says the same."""
    unit, size = next((u for u in _UNITS if seconds >= u[1]), _UNITS[-1])
    digits = "0.##" if unit == "second" else "0.#"
    return format_unit(
        seconds / size, f"duration-{unit}", "short", format=digits, locale=get_locale()
    )


def retries_in_words(task: str) -> str:
    """Return how often such a job is tried again, and after how long."""
    kind = huey.kinds.get(task)
    if kind is None:
        return ""
    if not (waits := kind.waits()):
        return _("No retry")
    shown = format_list([seconds_in_words(wait) for wait in waits], locale=get_locale())
    if len(waits) > 1 and len(set(waits)) == 1:
        shown = _("%(wait)s each", wait=seconds_in_words(waits[0]))
    return ngettext(
        "%(num)d retry, after %(wait)s", "%(num)d retries, after %(wait)s", len(waits), wait=shown
    )


@dataclass(frozen=True)
class Kind:
    """One kind of job: how many wait and run, and how it did over a span."""

    task: str
    counts: dict[JobState, int]
    sums: JobTally
    paused: PausedTask | None

    @property
    def words(self) -> str:
        return task_in_words(self.task)

    @property
    def retries(self) -> str:
        return retries_in_words(self.task)

    @property
    def cells(self) -> dict[str, str]:
        """What stands in the columns that change by themselves."""
        numbers = {
            "waiting": sum(self.counts.get(state, 0) for state in WAITING),
            "running": self.counts.get(JobState.RUNNING, 0),
            "succeeded": self.sums.succeeded,
            "failed": self.sums.failed,
        }
        run = self.sums.succeeded + self.sums.failed
        return {name: format_decimal(number) for name, number in numbers.items()} | {
            "ran": seconds_in_words(self.sums.ran / run) if run else "–",
            "waited": seconds_in_words(self.sums.waited / run) if run else "–",
        }


def kinds(sums: dict[str, JobTally]) -> list[Kind]:
    """Return every kind of job that this version knows, that waits, or that is paused."""
    counts = ledger.count_unended_by_task()
    paused = {one.task: one for one in pauses.listed()}
    found = [
        Kind(task, counts.get(task, {}), sums.get(task) or tallies.blank(), paused.get(task))
        for task in {*huey.kinds, *counts, *paused}
    ]
    return sorted(found, key=lambda kind: kind.words)


def figures(kinds: Sequence[Kind]) -> dict[str, tuple[int | float | None, str]]:
    """Return the numbers on top of the page, each with its words."""
    now, due = pulse.take(), pulse.count_due()
    last_hour = tallies.by_task(tallies.last_closed() - timedelta(hours=1)).values()
    counted = {
        "waiting": sum(kind.counts.get(state, 0) for kind in kinds for state in WAITING),
        "due": due,
        "running": sum(kind.counts.get(JobState.RUNNING, 0) for kind in kinds),
        "workers": now.workers,
        "ended": sum(t.succeeded + t.failed + t.other for t in last_hour),
        "failed": sum(t.failed for t in last_hour),
    }
    waited = now.waited.total_seconds()
    return {name: (number, format_decimal(number)) for name, number in counted.items()} | {
        "oldest": (waited, seconds_in_words(waited) if due else "–")
    }


def points(series: Sequence[JobTally]) -> list[dict[str, Any]]:
    """Return the charts' numbers: each step's begin, ends and waits, `null` where none ended."""
    return [
        {
            "at": step.begins_at.isoformat(),
            "succeeded": step.succeeded,
            "failed": step.failed,
            "waited": round(step.waited / run, 3) if run else None,
            "waited_longest": round(step.waited_longest, 3) if run else None,
        }
        for step in series
        for run in (step.succeeded + step.failed,)
    ]


class QueueView(Guarded, BaseView):
    """Figures, charts, and a row for each kind of job, which can be paused there."""

    kind, icon = "queue", "chart-bar"
    palette_acts = (
        Act(_l("Pause all jobs"), "player-pause", ".pause", {"task": ALL}),
        Act(_l("Resume all jobs"), "player-play", ".resume", {"task": ALL}),
    )

    @expose("/")
    @needs("view")
    def index(self) -> str:
        """Show the page; `?span=` is `hour`, `day` or `week`."""
        name, span = _asked_span()
        series = span.series()
        listed = kinds(tallies.by_task(series[0].begins_at))
        return self.render(
            "admin/queue/index.html",
            span=name,
            spans=SPANS,
            figures=figures(listed),
            points=points(series),
            kinds=listed,
            all_name=ALL,
        )

    @expose("/figures")
    @needs("view")
    def figures(self) -> ResponseReturnValue:
        """Answer what changes on the page, as numbers and in the reader's words."""
        name, span = _asked_span()
        series = span.series()
        listed = kinds(tallies.by_task(series[0].begins_at))
        found = figures(listed)
        return jsonify(
            span=name,
            at=clock.now().isoformat(),
            figures={name: number for name, (number, _words) in found.items()},
            words={name: words for name, (_number, words) in found.items()},
            kinds={kind.task: kind.cells for kind in listed},
            series=points(series),
        )

    @expose("/pause", methods=("POST",))
    @needs("edit")
    def pause(self) -> ResponseReturnValue:
        """Let no more jobs of one kind begin, or, for `*`, of any."""
        if queue.pause(_asked_tasks(huey.kinds.keys()), current_user):
            flash(_("Paused. What runs ends; what waits is kept until you resume."), "success")
        return self.back()

    @expose("/resume", methods=("POST",))
    @needs("edit")
    def resume(self) -> ResponseReturnValue:
        """Let jobs of one kind begin again, or, for `*`, of all."""
        if queue.resume(_asked_tasks(pauses.names())):
            flash(_("Resumed. What waited is begun now."), "success")
        return self.back()

    @staticmethod
    def begin(point: dict[str, Any]) -> str:
        """Draw when a step began."""
        return format_datetime(datetime.fromisoformat(point["at"]), "short")

    wait_in_words = staticmethod(seconds_in_words)
    moment = staticmethod(columns.time_tag)


def _asked_span() -> tuple[str, Span]:
    name = request.args.get("span", "hour")
    return (name, SPANS[name]) if name in SPANS else abort(404)


def _asked_tasks(known: Iterable[str]) -> list[str]:
    task = request.form.get("task", "")
    if task == ALL:
        return [*known]
    return [task] if task in {*huey.kinds, *known} else abort(404)
