"""What load balancers and operators ask: does it live, is it ready."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify
from sqlalchemy import text

from cms.edge import public
from cms.extensions import db
from cms.jobs import pulse
from cms.media import files
from cms.storage.keys import new_key
from cms.tasks import huey, watching

logger = logging.getLogger(__name__)

health = Blueprint("health", __name__)


@health.get("/healthz")
@public
def healthz() -> str:
    """Answer that the process lives. It asks nobody else."""
    return "ok"


@health.get("/readyz")
@public
def readyz() -> Any:
    """Answer whether database, queue, storage and a worker are there; 503 if one is not.

    What is wrong is in the log, not in the answer.
    """
    parts = {name: _works(name, check) for name, check in _CHECKS.items()}
    if parts["database"]:
        watching.look_in()
    return jsonify({n: "ok" if ok else "away" for n, ok in parts.items()}), (
        200 if all(parts.values()) else 503
    )


def _works(name: str, check: Callable[[], Any]) -> bool:
    try:
        return bool(check())
    except Exception:
        logger.exception("not ready: %s", name)
        return False


_CHECKS: dict[str, Callable[[], Any]] = {
    "database": lambda: db.session.execute(text("SELECT 1")),
    "queue": lambda: huey.pending_count() >= 0,
    "storage": lambda: not files.storage().exists(new_key("ready", "txt")),
    "worker": lambda: bool(pulse.living()),
}
