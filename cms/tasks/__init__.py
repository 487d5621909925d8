"""The jobs. `huey_consumer cms.tasks.huey` finds them all through this import."""

from cms.tasks import images, mail, notifications, signals, tallies, webhooks
from cms.tasks.queue import huey

__all__ = ["huey", "images", "mail", "notifications", "signals", "tallies", "webhooks"]
