"""What a notification says, in the reader's language: on its page and in mail."""

from __future__ import annotations

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from cms.notifications.alarms import ALARMS, Alarm
from cms.notifications.models import AdminNotification
from cms.notifications.services import ALARM
from cms.tasks.queue import huey


def task_in_words(name: str) -> str:
    """Return what jobs of this name do; the bare name if this version knows it no more."""
    kind = huey.kinds.get(name)
    return _(kind.words) if kind else name


def title(group: AdminNotification) -> str:
    """Return what is wrong, in a few words."""
    if group.type == ALARM:
        alarm = alarm_of(group)
        return _(alarm.title) if alarm else group.job_data["alarm"]
    return _("Failed: %(what)s", what=task_in_words(group.job_data.get("task", "")))


def why(group: AdminNotification) -> str:
    """Return what happened: of failures, why the last one failed."""
    sentence = group.job_data.get("sentence")
    return _(sentence, **group.job_data["facts"]) if sentence else group.message


def meaning(group: AdminNotification) -> str:
    """Return what it means for those who use the site."""
    kind = alarm_of(group) or huey.kinds.get(group.job_data.get("task", ""))
    return _(kind.meaning) if kind else ""


def what_to_do(group: AdminNotification) -> str:
    """Return what to do about an alarm; empty for a failure, which has buttons."""
    alarm = alarm_of(group)
    return _(alarm.todo) if alarm else ""


def how_often(group: AdminNotification) -> str:
    """Return how often it happened."""
    return ngettext(
        "It happened once.",
        "It happened %(count)s times.",
        group.count,
        count=format_decimal(group.count),
    )


def alarm_of(group: AdminNotification) -> Alarm | None:
    """Return of which kind an alarm is; None for a failure, or one of another version."""
    return ALARMS.get(group.job_data.get("alarm", ""))
