"""Doing one thing to everything that somebody chose at once."""

from __future__ import annotations

import logging
from typing import Any

from huey.exceptions import RetryTask
from sqlalchemy.exc import SQLAlchemyError

from cms.accounts.models import User
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import pauses, selections
from cms.jobs.models import SelectedThing, Selection
from cms.jobs.task import Moot, report_progress
from cms.tasks.queue import huey

logger = logging.getLogger(__name__)

AT_ONCE = 100
MOST_ERRORS = 20


class UnknownAct(CmsError):
    """The selection was made by another version."""

    sentence = N_("This version does not know what was to be done.")
    hopeless = True


@huey.task(
    retries=3,
    retry_delay=60,
    name="act_on_selection",
    subject="selection",
    words=N_("Do one thing to everything that was selected"),
    meaning=N_("Not everything that was selected has been dealt with."),
)
def act_on_selection(selection_id: int) -> None:
    """Deal with each thing of a selection that was not dealt with yet, batch by batch.

    A thing that refuses keeps its reason. One that breaks unforeseen is left,
    and when the others are dealt with fails the attempt, so that it is tried
    again and told to administrators.
    """
    _work_through(selection_id)


@huey.task(
    retries=3,
    retry_delay=60,
    name="regenerate_images",
    subject="selection",
    words=N_("Make the files of pictures again"),
    meaning=N_("Not all pictures have their new files. The old ones are shown meanwhile."),
)
def regenerate_images(selection_id: int) -> None:
    """Do a slow act to each picture of a selection, one by one, each committed.

    When this kind of job is paused, or the consumer stopped, it stops after the picture at
    hand, and goes on from there later.
    """
    _work_through(selection_id)


def _work_through(selection_id: int) -> None:
    selection = db.session.get(Selection, selection_id)
    if selection is None:
        raise Moot
    act = selections.find(selection.kind, selection.act)
    if act is None:
        raise UnknownAct
    standing = selections.standing(selection)
    dealt_with, last, errors = standing.dealt_with, 0, list[Exception]()
    report_progress(dealt_with, standing.total)
    while batch := selections.left_after(selection, last, 1 if act.slow else AT_ONCE):
        last = batch[-1].id
        before = len(errors)
        by = db.session.get(User, selection.user_id) if selection.user_id else None
        for chosen in batch:
            errors += _deal_with(chosen, act, by, selection.options)
        dealt_with += len(batch) - (len(errors) - before)
        report_progress(dealt_with, standing.total)
        if len(errors) >= MOST_ERRORS:
            break
        if act.slow and (huey.stopping() or regenerate_images.name in pauses.names()):
            raise RetryTask(delay=0)  # goes on with the next consumer, or when it is resumed
    if errors:
        raise errors[0]


def _deal_with(
    chosen: SelectedThing, act: selections.Act, by: User | None, options: dict[str, Any]
) -> list[Exception]:
    try:
        selections.deal_with(chosen, act, by, options)
    except SQLAlchemyError:
        raise
    except Exception as error:
        if act.slow:
            db.session.rollback()
        logger.exception("%s %s: %s broke", act.kind, chosen.thing_id, act.name)
        return [error]
    return []
