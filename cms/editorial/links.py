"""What a person does with the links that were found."""

from __future__ import annotations

from cms import clock
from cms.audit.services import record
from cms.content.links import Link
from cms.extensions import db


def check_again(link: Link) -> None:
    """Let a link be looked at once more, soon."""
    link.due_at = clock.now()
    record("check again", link, url=link.url[:500])
    db.session.flush()
