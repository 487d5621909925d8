"""What load balancers and operators ask: does it live, is it ready."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from flask import Blueprint, current_app, jsonify
from sqlalchemy import text

from cms import clock
from cms.edge import public
from cms.extensions import db
from cms.jobs import pulse
from cms.media import files
from cms.storage.keys import new_key
from cms.tasks import huey, watching

logger = logging.getLogger(__name__)

health = Blueprint("health", __name__)

# Strangers may ask, and a storage that hangs must not hold a thread for each of them.
FRESH = timedelta(seconds=1)
PATIENCE = timedelta(seconds=5)
ROUNDS = "cms.ready"
_turns = Lock()


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
    parts = _parts()
    if parts["database"]:
        watching.look_in()
    return jsonify({n: "ok" if ok else "away" for n, ok in parts.items()}), (
        200 if all(parts.values()) else 503
    )


@dataclass
class Round:
    """One look at all parts, and what it has found so far."""

    began: datetime
    found: dict[str, bool] = field(default_factory=dict)

    def go(self) -> None:
        for name, check in _CHECKS.items():
            self.found[name] = _works(name, check)

    @property
    def is_over(self) -> bool:
        return len(self.found) == len(_CHECKS)

    def is_fresh(self, now: datetime) -> bool:
        return self.began <= now < self.began + FRESH


def _parts() -> dict[str, bool]:
    """Return which parts work, by a look that is fresh.

    One request looks at a time. While it waits, others are told what the look before has
    found, and when it has waited for long, that what did not answer yet is away.
    """
    now = clock.now()
    with _turns:
        before, latest = current_app.extensions.get(ROUNDS, (None, None))
        is_mine = latest is None or (latest.is_over and not latest.is_fresh(now))
        if is_mine:
            before, latest = latest, Round(now)
            current_app.extensions[ROUNDS] = before, latest
    if is_mine:
        latest.go()
    if not latest.is_over and before and now < latest.began + PATIENCE:
        latest = before
    return {name: latest.found.get(name, False) for name in _CHECKS}


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
