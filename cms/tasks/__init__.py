"""The jobs. `huey_consumer cms.tasks.huey` finds them all through this import."""

from cms.tasks import (
    content,
    drill,
    exports,
    images,
    imports,
    library,
    mail,
    notifications,
    selections,
    signals,
    tallies,
    telling,
    trash,
    upkeep,
    watching,
    webhooks,
)
from cms.tasks.queue import huey

__all__ = [
    "content",
    "drill",
    "exports",
    "huey",
    "images",
    "imports",
    "library",
    "mail",
    "notifications",
    "selections",
    "signals",
    "tallies",
    "telling",
    "trash",
    "upkeep",
    "watching",
    "webhooks",
]
