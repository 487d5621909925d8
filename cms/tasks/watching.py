"""Looking for what is wrong: the worker on duty does, and the web servers do, since
nobody else notices that no worker lives."""

from __future__ import annotations

import logging
from contextvars import Context
from datetime import timedelta
from threading import Lock, Thread

from flask import Flask, current_app

from cms import clock
from cms.extensions import db
from cms.jobs.queue import LedgerHuey
from cms.mail import services as mail
from cms.notifications import alarms
from cms.tasks.queue import huey
from cms.tasks.telling import tell

logger = logging.getLogger(__name__)

PAUSE = timedelta(minutes=1)
_NEXT = "cms.next_look"
_turns = Lock()


@huey.duty
def watch(_huey: LedgerHuey) -> None:
    """Raise what is wrong and close what is over, and mail what is news."""
    for group in alarms.look():
        tell(group)
    db.session.commit()


def look_in() -> None:
    """Do the same from a web server, once a minute for each process. Never raises.

    In a transaction of its own, which no answer undoes, and without the person
    who happens to ask: nobody has raised or closed an alarm.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    if _is_turn(app):
        Context().run(_look_guarded, app)


def _is_turn(app: Flask) -> bool:
    now = clock.now()
    with _turns:
        if now < app.extensions.get(_NEXT, now):
            return False
        app.extensions[_NEXT] = now + PAUSE
        return True


def _look_guarded(app: Flask) -> None:
    try:
        with app.app_context():
            unsent = _look()
    except Exception:  # whoever asked wanted to know something else
        logger.exception("could not look for what is wrong")
        return
    if unsent:
        Thread(target=_send, args=(app, unsent), name="send-alarm", daemon=True).start()


def _look() -> list[int]:
    """Return the mails about a missing worker, which no worker is there to send."""
    unsent = []
    for group in alarms.look():
        messages = tell(group)
        if group.job_data["alarm"] == alarms.NO_WORKER:
            unsent += [message.id for message in messages]
    db.session.commit()
    return unsent


def _send(app: Flask, message_ids: list[int]) -> None:
    """Hand mail over without a job, and besides the answer, which must not wait for it.

    What cannot be sent now is left to its job, which waits for a worker; what
    was sent is moot for it.
    """
    for message_id in message_ids:
        try:
            with app.app_context():
                message = mail.waiting(message_id)
                if message is not None:
                    mail.deliver(message)
                    db.session.commit()
        except Exception:
            logger.exception("mail %s about a missing worker was not sent", message_id)
