"""How the library is now: what an index can count while somebody waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from cms.extensions import db
from cms.media import usage
from cms.media.models import NO_TEXT, Image, ImageStatus

MOST_REASONS = 5

FAILED = Image.status == ImageStatus.FAILED
TEXTLESS = Image.alt_text == NO_TEXT
ALIKE = Image.look_id.is_not(None)


def counts(at_most: int) -> dict[str, int]:
    """Count what is there and what could be better, each to `at_most`."""
    parts: dict[str, ColumnElement[bool] | None] = {
        "pictures": None,
        "failed": FAILED,
        "textless": TEXTLESS,
        "alike": ALIKE,
        "unused": ~usage.is_used(),
    }
    cells = [_capped(criterion, at_most) for criterion in parts.values()]
    return dict(zip(parts, db.session.execute(select(*cells)).one(), strict=True))


def reasons(at_most: int) -> Sequence[tuple[str | None, int]]:
    """Return why pictures failed, the commonest sentence first, each with how many; of the
    first `at_most`."""
    failed = select(Image.sentence).where(FAILED).limit(at_most).subquery()
    count = func.count()
    query = select(failed.c.sentence, count).group_by(failed.c.sentence)
    found = db.session.execute(query.order_by(count.desc()).limit(MOST_REASONS)).all()
    return [(sentence, number) for sentence, number in found]


def _capped(criterion: ColumnElement[bool] | None, at_most: int) -> Any:
    ones: Select[Any] = select(literal_column("1")).select_from(Image)
    ones = ones if criterion is None else ones.where(criterion)
    return select(func.count()).select_from(ones.limit(at_most).subquery()).scalar_subquery()
