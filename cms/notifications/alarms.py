"""What is wrong with the installation itself: raised, kept up to date, and closed when
it is over. Web servers look as well as workers, since a dead worker cannot tell of
itself. Callers commit."""

from __future__ import annotations

import hashlib
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.exc import IntegrityError

from cms import clock
from cms.audit.services import record
from cms.config import settings
from cms.errors import N_
from cms.extensions import db
from cms.jobs import pulse, schedules
from cms.jobs.models import Duty, Worker
from cms.notifications.models import AdminNotification, NotificationState, Severity
from cms.notifications.services import ALARM, DISK_FULL, count_open_occurrences, resolve
from cms.storage.local import LocalStorage

NO_WORKER = "no_worker"
WORKER_DIED = "worker_died"
MISSED_SCHEDULE = "missed_schedule"
DRILL_FAILED = "drill_failed"
DEAD_LINKS = "dead_links"
TRAIL_PARTED = "trail_parted"

# A restart must not be told of as an outage.
SILENCE = timedelta(minutes=1)
# A worker that was replaced is told of for so long, that somebody hears of it.
MOURNED = timedelta(hours=1)
GONE_AFTER = timedelta(days=1)  # since when a machine without a worker is taken for gone
SEEN_EVERY = timedelta(hours=1)  # how often an alarm that stands notes that it was seen again
# Space that comes and goes around the limit must not be told of each time.
CLEARLY_MORE = 1.1


@dataclass(frozen=True)
class Alarm:
    """What is told of all troubles of one kind: its name, what it means, what to do now."""

    title: str
    meaning: str
    todo: str
    severity: Severity = Severity.CRITICAL


ALARMS = {
    NO_WORKER: Alarm(
        N_("No worker is running"),
        N_(
            "Nothing is done in the background: no picture is processed, no mail is sent. "
            "Jobs are kept, and wait."
        ),
        N_(
            "Start a worker with ./huey_consumer.sh; the log of its supervisor says why it "
            "stopped. What waits is then done by itself."
        ),
    ),
    WORKER_DIED: Alarm(
        N_("A worker died"),
        N_(
            "What it worked on begins again at another worker. With fewer workers, jobs wait "
            "longer."
        ),
        N_(
            "Look into the log of its supervisor and of its machine: often memory ran out. This "
            "closes by itself an hour after a new worker has taken its place, or after a day."
        ),
        Severity.ERROR,
    ),
    MISSED_SCHEDULE: Alarm(
        N_("A schedule was missed"),
        N_("What it does has not been done, though a worker is running."),
        N_(
            "Look into the log of the workers, and whether all of them run this version. Once "
            "that is mended, it is caught up by itself."
        ),
        Severity.ERROR,
    ),
    DISK_FULL: Alarm(
        N_("A disk is full, or nearly so"),
        N_("Files can no longer be stored, or soon: uploads are refused, and jobs fail."),
        N_(
            "Make room, or give it a larger disk. Then retry what has failed for want of space: "
            "it is listed here."
        ),
    ),
    DRILL_FAILED: Alarm(
        N_("The drill did not arrive"),
        N_(
            "A failure could go unnoticed: somewhere the way from a job to its notification and "
            "its mail is broken."
        ),
        N_(
            "Run “flask cms doctor --drill” on the server, and see where it stops. This closes "
            "when the next weekly drill arrives."
        ),
    ),
    DEAD_LINKS: Alarm(
        N_("Links lead nowhere"),
        N_("Readers who follow them find nothing, or an error of another site."),
        N_(
            "The list of links says where each is used. Mend or remove it there; once none is "
            "dead, this closes by itself."
        ),
        Severity.ERROR,
    ),
    TRAIL_PARTED: Alarm(
        N_("The audit trail lacks entries"),
        N_(
            "Somebody has removed or altered entries in the database, or an older database was "
            "put back."
        ),
        N_(
            "Run “flask cms audit verify” on the server: it says which. If an older database was "
            "put back, “flask cms audit accept” lets the trail hold as it is; this then closes "
            "by itself."
        ),
    ),
}

SILENT = N_(
    "No worker has given a sign of life since %(since)s. Jobs that are due: %(jobs)s. "
    "Schedules that were missed: %(schedules)s."
)
NEVER_SEEN = N_(
    "No worker has been seen yet, and jobs wait since %(since)s. Jobs that are due: %(jobs)s. "
    "Schedules that were missed: %(schedules)s."
)
DIED = N_("%(worker)s has given no sign of life since %(since)s, and has not said that it stops.")
MISSED = N_("“%(schedule)s” should have begun at %(since)s.")
FULL = N_("%(free)s MB are free for %(folder)s on %(host)s. It counts as full below %(limit)s MB.")
SPACE_AGAIN = N_(
    "There is space again: %(free)s MB are free for %(folder)s on %(host)s. What has failed for "
    "want of it waits to be retried."
)


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong now: of which kind, and with what.

    One that is not `grave` keeps an alarm open that was raised before, and raises none.
    """

    alarm: str
    about: str
    sentence: str
    facts: Mapping[str, str | int]
    grave: bool = True

    @property
    def mark(self) -> str:
        """The fingerprint of its notification."""
        return hashlib.sha256(f"{ALARM}\n{self.alarm}\n{self.about}".encode()).hexdigest()


def look() -> list[AdminNotification]:
    """Raise what is wrong, close what is over; return what is news.

    Writes only where something has changed, and once an hour what still stands.
    """
    silent = _no_worker()
    if silent is None:
        end(NO_WORKER, "")
    troubles = [*([silent] if silent else ()), *_died(), *_missed(), *_full_disks()]
    marks = {trouble.mark for trouble in troubles}
    for alarm in _not_resolved():
        if alarm.fingerprint not in marks and _is_ours_to_end(alarm):
            _end(alarm)
    return [news for trouble in troubles if (news := ring(trouble)) is not None]


def ring(trouble: Trouble) -> AdminNotification | None:
    """Raise an alarm, or say in the one that stands how things are now.

    Returns it if it is news: the first time, and when it was over before. Of
    several that raise the same at the same time one does.
    """
    group = db.session.scalars(
        select(AdminNotification).where(AdminNotification.fingerprint == trouble.mark)
    ).one_or_none()
    if group is not None and group.state != NotificationState.RESOLVED:
        if group.last_seen_at < clock.now() - SEEN_EVERY:
            group.last_seen_at = clock.now()
        _describe(group, trouble.sentence, trouble.facts)
        return None
    if not trouble.grave:
        return None
    return _begin(trouble) if group is None else _begin_again(group, trouble)


def end(alarm: str, about: str) -> None:
    """Close an alarm whose trouble is over."""
    mark = Trouble(alarm, about, "", {}).mark
    for group in _not_resolved():
        if group.fingerprint == mark:
            _end(group)


def free_mb(folder: Path) -> int:
    """Return how many MB of space are free where `folder` is, or will be made."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free // 1_000_000


def folders() -> Iterator[Path]:
    """Return the folders of this machine that files are written to."""
    data = settings().data_dir
    yield data
    storage = current_app.extensions["cms.storage"]
    if isinstance(storage, LocalStorage) and not storage.folder.is_relative_to(data):
        yield storage.folder


def in_local_time(moment: datetime) -> str:
    """Return a moment as every reader understands it, in the zone of this installation."""
    return f"{moment.astimezone(ZoneInfo(settings().time_zone)):%Y-%m-%d %H:%M %Z}"


# Looking


def _no_worker() -> Trouble | None:
    beat = pulse.take()
    if beat.workers:
        return None
    now, seen = clock.now(), _last_sign()
    since = seen or now - beat.waited
    return Trouble(
        NO_WORKER,
        "",
        SILENT if seen else NEVER_SEEN,
        {
            "since": in_local_time(since),
            "jobs": pulse.count_due(),
            "schedules": len(schedules.overdue()),
        },
        grave=now - since > (SILENCE if seen else pulse.LONG),
    )


def _last_sign() -> datetime | None:
    """Return when a worker lived last; None if none ever did.

    One that stops leaves the list of workers, but not the times of its duty.
    """
    on_duty = db.session.scalar(select(Duty.taken_until).where(Duty.name == "sweep"))
    seen = db.session.scalar(select(func.max(Worker.seen_at)))
    return max(filter(None, (on_duty, seen)), default=None)


def _died() -> Iterator[Trouble]:
    """Tell which workers fell silent, host by host.

    Not those that an outage of all has told of already.
    """
    living = pulse.living()
    silent_since = clock.now() - timedelta(seconds=settings().job_lease)
    query = (
        select(Worker).where(Worker.seen_at < silent_since).order_by(Worker.host, Worker.seen_at)
    )
    for host, workers in groupby(db.session.scalars(query), key=lambda worker: worker.host):
        dead = [worker for worker in workers if not _is_past(worker, living)]
        if dead:
            facts = {"worker": str(dead[-1]), "since": in_local_time(dead[-1].seen_at)}
            yield Trouble(WORKER_DIED, host, DIED, facts, grave=bool(living))


def _is_past(dead: Worker, living: Sequence[Worker]) -> bool:
    """Tell whether another has taken its place, and that was noted."""
    heirs = [
        worker.started_at
        for worker in living
        if worker.host == dead.host and worker.started_at > dead.seen_at
    ]
    if not heirs:
        return False
    outage_end = db.session.scalar(
        select(AdminNotification.resolved_at).where(
            AdminNotification.fingerprint == Trouble(NO_WORKER, "", "", {}).mark
        )
    )
    was_told = outage_end is not None and dead.seen_at < outage_end
    return was_told or clock.now() - min(heirs) > MOURNED


def _missed() -> Iterator[Trouble]:
    """Tell which schedules nobody has seen to, though a worker has had the time for it."""
    begun = min((worker.started_at for worker in pulse.living()), default=clock.now())
    had_time = clock.now() - begun > schedules.TOLERANCE
    for schedule in schedules.overdue():
        facts = {"schedule": schedule.name, "since": in_local_time(schedule.due_at)}
        yield Trouble(MISSED_SCHEDULE, schedule.name, MISSED, facts, grave=had_time)


def _full_disks() -> Iterator[Trouble]:
    host, limit = socket.gethostname(), settings().disk_free_mb
    for folder in folders():
        free = free_mb(folder)
        if free < limit * CLEARLY_MORE:
            facts: dict[str, str | int] = {
                "host": host,
                "folder": str(folder),
                "free": free,
                "limit": limit,
            }
            yield Trouble(DISK_FULL, f"{host}\n{folder}", FULL, facts, grave=free < limit)


# Raising and closing


def _begin(trouble: Trouble) -> AdminNotification | None:
    try:
        with db.session.begin_nested():
            group = AdminNotification(
                type=ALARM,
                fingerprint=trouble.mark,
                severity=ALARMS[trouble.alarm].severity,
                message=trouble.sentence % trouble.facts,
                job_data=_told(trouble.alarm, trouble.sentence, trouble.facts),
            )
            db.session.add(group)
    except IntegrityError:  # another has raised it at the same time
        return None
    return group


def _begin_again(group: AdminNotification, trouble: Trouble) -> AdminNotification | None:
    statement = (
        update(AdminNotification)
        .where(
            AdminNotification.id == group.id,
            AdminNotification.state == NotificationState.RESOLVED,
        )
        .values(
            state=NotificationState.REGRESSED,
            count=AdminNotification.count + 1,
            last_seen_at=clock.now(),
            resolved_at=None,
            resolved_by_id=None,
            canary_id=None,
        )
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", db.session.execute(statement)).rowcount == 0:
        return None
    db.session.refresh(group)
    _describe(group, trouble.sentence, trouble.facts)
    record(
        "regress",
        group,
        state=[NotificationState.RESOLVED.value, NotificationState.REGRESSED.value],
    )
    return group


def _end(group: AdminNotification) -> None:
    """Close an alarm, unless somebody wanted it quiet, or jobs wait in it for a retry."""
    db.session.refresh(group, with_for_update=True)
    if group.standing in (NotificationState.RESOLVED, NotificationState.ARCHIVED):
        return
    if not count_open_occurrences(group):
        resolve(group)
        return
    facts = group.job_data["facts"]
    if facts["host"] == socket.gethostname():  # nobody knows another's disk
        _describe(group, SPACE_AGAIN, facts | {"free": free_mb(Path(facts["folder"]))})


def _describe(group: AdminNotification, sentence: str, facts: Mapping[str, str | int]) -> None:
    told = _told(group.job_data["alarm"], sentence, facts)
    if group.job_data != told:
        group.job_data, group.message = told, sentence % facts
        db.session.flush()


def _told(alarm: str, sentence: str, facts: Mapping[str, str | int]) -> dict[str, Any]:
    return {"alarm": alarm, "sentence": sentence, "facts": dict(facts)}


def _not_resolved() -> Sequence[AdminNotification]:
    return db.session.scalars(
        select(AdminNotification).where(
            AdminNotification.type == ALARM,
            AdminNotification.state != NotificationState.RESOLVED,
        )
    ).all()


def _is_ours_to_end(group: AdminNotification) -> bool:
    """Tell whether this look has seen that it is over: each machine knows its own disks, and of
    one that is gone nobody does."""
    alarm = group.job_data["alarm"]
    if alarm == DISK_FULL:
        host = group.job_data["facts"]["host"]
        return bool(host == socket.gethostname()) or (
            group.last_seen_at < clock.now() - GONE_AFTER and not pulse.knows(host)
        )
    return alarm not in (DRILL_FAILED, DEAD_LINKS, TRAIL_PARTED)
