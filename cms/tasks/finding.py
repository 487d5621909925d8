"""Finding jobs by words, for every face that lists them."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import and_, or_, select, union_all

from cms.jobs.models import Job, JobState
from cms.tasks.queue import huey

_BEGINS_AN_ID = re.compile(r"[0-9a-f-]{1,36}", re.IGNORECASE)
_LIKE_AN_ID = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,28}", re.IGNORECASE)


def found_by(word: str) -> Any:
    """Return what a job must fulfil to be found by one word of a search.

    Each way to find it is a query of its own, so that each uses an index; so
    does the range of ids, in which no sign is beyond "f".
    """
    by_id = and_(Job.id >= word.lower(), Job.id < word.lower() + "g")
    if _LIKE_AN_ID.fullmatch(word):
        return by_id
    kinds = {kind.subject for kind in huey.kinds.values()}
    failed = [state for state in JobState if state != JobState.SUCCEEDED]
    ways = [
        and_(Job.subject_kind.in_(kinds), Job.subject_id == word),
        and_(Job.state.in_(failed), Job.sentence.icontains(word, autoescape=True)),
    ]
    if _BEGINS_AN_ID.fullmatch(word):
        ways.append(by_id)
    # A table of its own: MariaDB would ask a union anew for each row.
    ids = union_all(*(select(Job.id).where(way) for way in ways)).subquery()
    found = Job.id.in_(select(ids.c.id))
    tasks = [
        name
        for name, kind in huey.kinds.items()
        if word.lower() in name.lower() or word.lower() in _(kind.words).lower()
    ]
    return or_(Job.task.in_(tasks), found) if tasks else found
