"""Mail to administrators: at once of what is new, once a day of what went on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, or_, select, update

from cms import clock
from cms.accounts.models import User
from cms.accounts.policy import may
from cms.config import settings
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.mail.models import MailMessage
from cms.notifications import services as notifications
from cms.notifications.models import NEEDS_ATTENTION, AdminNotification
from cms.tasks import wording
from cms.tasks.mail import post, send_email
from cms.tasks.queue import huey

logger = logging.getLogger(__name__)

PAUSE = timedelta(minutes=5)
PAGES = "/admin/notification/"


@dataclass(frozen=True)
class Since:
    """A notification, and how often it has happened since it was told of."""

    group: AdminNotification
    times: int


def tell(group: AdminNotification) -> list[MailMessage]:
    """Write to everybody who may see a notification, in the caller's transaction.

    At most once in five minutes, of several workers too. A failure to send mail
    is never told by mail: that would be one more.
    """
    readers = _readers()
    if not readers or _is_about_mail(group) or not _take_turn(group):
        return []
    page = f"{PAGES}details/?id={group.id}"
    return list(_write(readers, "notification", page, group=group))


@huey.task(
    retries=3,
    retry_delay=60,
    name="send_digest",
    schedule="0 8 * * *",
    words=N_("Send the daily digest of notifications"),
    meaning=N_("Administrators have not been told what else has happened since the day before."),
)
def send_digest() -> None:
    """Write what has happened since it was last told, and how much is open in all.

    Nothing to say is no mail. Twice in a row, the second has nothing to say.
    """
    readers = _readers()
    if not readers:
        return
    news = [told for group in _gone_on() if (told := _take_account(group))]
    if news:
        list(_write(readers, "digest", PAGES, news=news, open=notifications.count_open()))


def _write(
    readers: Sequence[User], template: str, page: str, **context: Any
) -> Iterator[MailMessage]:
    site = settings().site_url
    for reader in readers:
        try:
            yield post(
                reader.email,
                template,
                locale=reader.locale,
                words=wording,
                link=site and site + page,
                **context,
            )
        except CmsError:  # one address that cannot be used keeps nobody else from being told
            logger.exception("account %s cannot be told by mail", reader.id)


def _readers() -> list[User]:
    users = db.session.scalars(select(User).where(User.active).order_by(User.id))
    return [user for user in users if may(user, "view", "notification")]


def _take_turn(group: AdminNotification) -> bool:
    now = clock.now()
    return _note(
        AdminNotification.id == group.id,
        or_(AdminNotification.told_at.is_(None), AdminNotification.told_at <= now - PAUSE),
        told_at=now,
        told_count=AdminNotification.count,
    )


def _gone_on() -> Sequence[AdminNotification]:
    query = (
        select(AdminNotification)
        .where(NEEDS_ATTENTION, AdminNotification.count > AdminNotification.told_count)
        .order_by(AdminNotification.last_seen_at.desc())
    )
    return [group for group in db.session.scalars(query).all() if not _is_about_mail(group)]


def _take_account(group: AdminNotification) -> Since | None:
    """Say that a notification is being told of, as far as it has come; None if another does."""
    count, told = group.count, group.told_count
    taken = _note(
        AdminNotification.id == group.id,
        AdminNotification.told_count == told,
        told_at=clock.now(),
        told_count=count,
    )
    return Since(group, count - told) if taken else None


def _note(*conditions: Any, **values: Any) -> bool:
    statement = update(AdminNotification).where(*conditions).values(**values)
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount == 1


def _is_about_mail(group: AdminNotification) -> bool:
    return bool(group.job_data.get("task") == send_email.name)
