"""What is wrong with an installation, in words, each with what to do about it.

English throughout, as all that operators read in a shell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from cms import clock
from cms.accounts import factors
from cms.accounts.models import User
from cms.accounts.services import FIRST_ADMIN
from cms.audit import chain, head
from cms.audit.models import AuditEntry
from cms.audit.services import INSTALLATION
from cms.config import EMBEDDED_PARTS, Settings, settings
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs import pulse, schedules, version
from cms.jobs.models import Job, JobState, PausedTask
from cms.media import files
from cms.notifications import alarms
from cms.notifications.services import count_open
from cms.storage.base import StorageAway
from cms.storage.keys import new_key
from cms.tasks import huey

MESSAGES_READ = 100
MOST_SKEW = timedelta(seconds=5)
# A lease ends, and a sweep mends it, within so long.
SWEPT_WITHIN = timedelta(minutes=1)
BACKED_UP_WITHIN = timedelta(days=8)  # a week, and a day for who is late
MOST_NAMED = 5

# The time of the database server now, not that at which the transaction began.
_DATABASE_TIME = {
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "postgresql": "SELECT clock_timestamp()",
    "mariadb": "SELECT UTC_TIMESTAMP(6)",
    "mysql": "SELECT UTC_TIMESTAMP(6)",
}


@dataclass(frozen=True)
class Finding:
    """Something to know: `wrong`, or else a `note` that may well be meant so."""

    words: str
    todo: str
    wrong: bool = True


@dataclass(frozen=True)
class Report:
    """What one check has found; nothing is well."""

    check: str
    findings: tuple[Finding, ...]


Check = Callable[[], Iterator[Finding]]


def examine() -> Iterator[Report]:
    """Check everything, one thing after the other. What cannot be checked is a finding.

    Where the database is out of reach, what only it knows is left out.
    """
    for name, check in _CHECKS.items():
        yield _examine(name, check)
    database = _examine("database", _database)
    yield database
    if not any(finding.wrong for finding in database.findings):
        for name, check in _LEDGER_CHECKS.items():
            yield _examine(name, check)


def _examine(name: str, check: Check) -> Report:
    try:
        return Report(name, tuple(check()))
    except Exception as error:  # noqa: BLE001 - a doctor who faints is of no use
        db.session.rollback()
        why = " ".join(str(error).split())[:300] or type(error).__name__
        return Report(name, (Finding(f"This could not be checked: {why}.", "Mend that first."),))


# What does not need the database


def _settings() -> Iterator[Finding]:
    found = settings()
    in_production = found.env == "production"
    if not found.site_url:
        yield Finding(
            "CMS_SITE_URL is not set, so mail has no links.",
            "Set it to the address of this site, such as https://cms.example.org.",
            wrong=in_production,
        )
    if not in_production:
        yield Finding(
            f"CMS_ENV is {found.env}.",
            "Set CMS_ENV=production where others than you use it.",
            wrong=False,
        )
        return
    if found.site_url.startswith("http://"):
        yield Finding(
            "CMS_SITE_URL is not encrypted.", "Serve the site by https://, and name that address."
        )
    for part in EMBEDDED_PARTS:
        if part in found.allow_embedded and _is_embedded(part):
            yield Finding(
                f"The {part} is the embedded one, for a single machine.",
                f"Set CMS_{part.upper()}_URL when you need more.",
                wrong=part == "mail",  # nobody reads what lies in that folder
            )
    yield from (Finding(*words, wrong=False) for words in _mattering(found))


def _mattering(found: Settings) -> Iterator[tuple[str, str]]:
    """Yield what settings of production mean that may well be meant so."""
    if found.time_zone == "UTC":
        yield (
            "CMS_TIME_ZONE is UTC, so schedules are told in that.",
            "Set it to your zone, such as Asia/Shanghai, if it is another.",
        )
    if found.proxy_hops == 0:
        yield (
            "CMS_PROXY_HOPS is 0, so behind a proxy everybody shares one limit.",
            "Set it to the number of proxies in front, if there are any.",
        )
    if not found.queue_url.startswith("redis"):
        yield (
            "The queue is not on Redis, so each web process counts limits for itself.",
            "Set CMS_QUEUE_URL to a Redis, if there are many processes.",
        )
    if not found.security_contact:
        yield (
            "CMS_SECURITY_CONTACT is not set, so nobody can tell you of a flaw.",
            "Set it, such as to mailto:security@example.org.",
        )


def _is_embedded(part: str) -> bool:
    address = str(getattr(settings(), f"{part}_url"))
    return address.startswith(("sqlite", "file:")) and str(settings().data_dir) in address


def _queue() -> Iterator[Finding]:
    try:
        messages = huey.storage.enqueued_items(MESSAGES_READ)
    except Exception as error:  # noqa: BLE001 - each kind of queue has errors of its own
        yield Finding(
            f"The queue does not answer: {error}.",
            "Start it, or mend CMS_QUEUE_URL. Jobs wait in the database meanwhile.",
        )
        return
    foreign = sum(not _is_signed(message) for message in messages)
    if foreign:
        yield Finding(
            f"{foreign} of the first {len(messages)} messages in the queue are not signed with "
            "this CMS_SECRET_KEY.",
            "Give web servers and workers the same key, and this queue to no other program.",
        )


def _is_signed(message: bytes) -> bool:
    try:
        huey.serializer.deserialize(message)
    except Exception:  # noqa: BLE001 - a stranger's bytes may be anything
        return False
    return True


def _storage() -> Iterator[Finding]:
    try:
        _keep_a_file()
    except (OSError, CmsError) as error:
        yield Finding(
            f"Files cannot be stored: {str(error.__cause__ or error).rstrip('.')}.",
            "Let the user that QsCMS runs as write to CMS_STORAGE_URL: the folder must be its"
            " own, the bucket must be there, and its key may read, write, list and delete.",
        )
    for folder in alarms.folders():
        free, limit = alarms.free_mb(folder), settings().disk_free_mb
        if free < limit:
            yield Finding(
                f"{free} MB are free for {folder}, less than CMS_DISK_FREE_MB={limit}.",
                "Make room, or give it a larger disk.",
            )


def _keep_a_file() -> None:
    """Do with one file all that is done with files."""
    storage, key, words = files.storage(), new_key("doctor", "txt"), b"doctor"
    with storage.incoming() as incoming:
        incoming.write(words)
        storage.adopt(incoming, key)
    try:
        with storage.open(key) as file:
            if file.read() != words or key not in {found.key for found in storage.walk("doctor")}:
                raise StorageAway
    finally:
        storage.delete(key)


def _mail() -> Iterator[Finding]:
    try:
        current_app.extensions["cms.mail"].check()
    except (OSError, CmsError) as error:
        yield Finding(
            f"Mail cannot be sent: {str(error).rstrip('.')}.",
            "Mend CMS_MAIL_URL or that server; then try flask cms send-test-mail.",
        )


# The database, and what only it knows


def _database() -> Iterator[Finding]:
    try:
        revision = MigrationContext.configure(db.session.connection()).get_current_revision()
    except SQLAlchemyError as error:
        yield Finding(
            f"The database does not answer: {' '.join(str(error).split())[:200]}.",
            "Start it, or mend CMS_DATABASE_URL.",
        )
        return
    config = current_app.extensions["migrate"].migrate.get_config()
    head = ScriptDirectory.from_config(config).get_current_head()
    if revision != head:
        yield Finding(
            f"The database is at revision {revision or 'none'}, this code needs {head}.",
            "Run flask db upgrade, then restart web servers and workers.",
        )


def _clocks() -> Iterator[Finding]:
    told: Any = db.session.scalar(text(_DATABASE_TIME[db.engine.dialect.name]))
    told = datetime.fromisoformat(told) if isinstance(told, str) else told
    skew = clock.now() - (told if told.tzinfo else told.replace(tzinfo=UTC))
    if abs(skew) > MOST_SKEW:
        yield Finding(
            f"The clocks of this machine and of the database differ by "
            f"{abs(skew).total_seconds():.0f} seconds.",
            "Let both follow a time server: leases and schedules go by the clock.",
        )


def _workers() -> Iterator[Finding]:
    living = pulse.living()
    if not living:
        yield Finding("No worker is running.", "Start one with ./huey_consumer.sh.")
    for worker in living:
        if worker.version != version.mark():
            yield Finding(
                f"The worker {worker} runs version {worker.version}, this code is"
                f" {version.mark()}.",
                "Restart it.",
            )


def _jobs() -> Iterator[Finding]:
    beat = pulse.take()
    if beat.waited > pulse.LONG:
        minutes = beat.waited // timedelta(minutes=1)
        yield Finding(
            f"{pulse.count_due()} jobs are due, the oldest for {minutes} minutes.",
            "See whether workers live; if they do, start more.",
        )
    lost = db.session.scalar(
        select(func.count()).where(
            Job.state == JobState.RUNNING, Job.lease_until < clock.now() - SWEPT_WITHIN
        )
    )
    if lost:
        yield Finding(
            f"{lost} jobs were lost by workers that died, and nobody has put them back.",
            "Start a worker, or run flask cms jobs sweep.",
        )
    paused = db.session.scalars(select(PausedTask.task).order_by(PausedTask.task)).all()
    if paused:
        yield Finding(
            f"Paused: {', '.join(paused)}.",
            "Resume them when what they were paused for is over.",
            wrong=False,
        )


def _schedules() -> Iterator[Finding]:
    for schedule in schedules.overdue():
        yield Finding(
            f"The schedule {schedule.name} was missed at {alarms.in_local_time(schedule.due_at)}.",
            "Start a worker; if one lives, read its log.",
        )


def _accounts() -> Iterator[Finding]:
    codes = current_app.extensions["security"].totp_factory
    locked = [user.email for user in factors.with_app() if not codes.knows_key_of(user)]
    if locked:
        yield Finding(
            f"No key of CMS_SECOND_FACTOR_KEYS decrypts the authenticator app of {_some(locked)}.",
            "Add the key that is missing, behind the others, or run flask cms"
            " reset-second-factor for each.",
        )
    if settings().env != "production":
        return
    active = db.session.scalars(select(User).where(User.active).order_by(User.id)).all()
    if any(user.email == FIRST_ADMIN for user in active):
        yield Finding(
            f"The account {FIRST_ADMIN}, which is made for trying out, is active.",
            "Give your own the role of an administrator, and switch that one off.",
        )
    bare = [user.email for user in active if _is_bare_administrator(user)]
    if bare:
        yield Finding(
            f"Administrators without a second factor: {_some(bare)}.",
            "Ask them to set one up, or set CMS_SECOND_FACTOR_FOR=administrator.",
            wrong=False,
        )


def _is_bare_administrator(user: User) -> bool:
    return not user.has_second_factor and any(it.name == "administrator" for it in user.roles)


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _trail() -> Iterator[Finding]:
    """Look at the ends of the chain alone: the whole is for flask cms audit verify."""
    waiting = chain.unsealed()
    if waiting.is_late:
        yield Finding(
            f"{waiting.count} entries of the audit trail are not sealed, the oldest for"
            f" {waiting.minutes} minutes.",
            "Start a worker; if one lives, read its log.",
        )
    newest, known = chain.newest(), head.read()
    if known is None:
        if newest.number:
            yield Finding(
                "The audit trail has no head in the storage: that its end was cut off would not"
                " show.",
                "A worker of this version makes it within seconds; if one lives, read its log.",
            )
        return
    if not chain.holds(known.newest):
        yield Finding(
            f"The audit trail lacks entry {known.newest.number}, which its head in the storage"
            " tells of, or has another there.",
            "Run flask cms audit verify. If an older database was put back, run flask cms"
            " audit accept.",
        )
    elif chain.lags(known):
        yield Finding(
            f"The head of the audit trail in the storage is at {known.newest.number}, the trail"
            f" at {newest.number}.",
            "See whether the storage takes files; read the log of the worker.",
        )


def _backups() -> Iterator[Finding]:
    if settings().env != "production":
        return
    taken = db.session.scalar(
        select(func.max(AuditEntry.at)).where(
            AuditEntry.action == "back up", AuditEntry.thing_kind == INSTALLATION
        )
    )
    if taken is None:
        yield Finding(
            "No backup was ever made by flask cms backup.",
            "Make one every day, unless you back up database and files in another way.",
            wrong=False,
        )
    elif clock.now() - taken > BACKED_UP_WITHIN:
        yield Finding(
            f"The last backup was made {(clock.now() - taken).days} days ago.",
            "See why none was made since.",
            wrong=False,
        )


def _notifications() -> Iterator[Finding]:
    if number := count_open():
        yield Finding(
            f"{number} notifications are open.", "Deal with them at /admin/notification/."
        )


_CHECKS: dict[str, Check] = {
    "settings": _settings,
    "queue": _queue,
    "storage": _storage,
    "mail": _mail,
}

_LEDGER_CHECKS: dict[str, Check] = {
    "clocks": _clocks,
    "workers": _workers,
    "jobs": _jobs,
    "schedules": _schedules,
    "accounts": _accounts,
    "trail": _trail,
    "backups": _backups,
    "notifications": _notifications,
}
