"""The consumers that live, and the banner when none does."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import g

from cms.admin import columns
from cms.admin.lists import QsListView
from cms.jobs import pulse
from cms.look import lazy as _l


def running(_view: Any, _context: Any, worker: Any, _name: str) -> int:
    """Draw how many jobs a consumer runs now; counted once for the whole page."""
    if "running_by_worker" not in g:
        g.running_by_worker = pulse.running_by_worker()
    count: int = g.running_by_worker.get(worker.id, 0)
    return count


class WorkerView(QsListView):
    """Each consumer process, as its heartbeat describes it."""

    kind, icon = "worker", "activity"
    can_create = can_edit = can_delete = False
    state_column = None
    name_column = "host"

    column_list = ("host", "pid", "threads", "running", "version", "started_at", "seen_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "host": _l("Host"),
        "pid": _l("Process"),
        "threads": _l("Threads"),
        "running": _l("Running now"),
        "version": _l("Version"),
        "started_at": _l("Since"),
        "seen_at": _l("Last heartbeat"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "running": columns.as_cell("number", running),
        "started_at": columns.moment,
        "seen_at": columns.moment,
    }
    column_sortable_list = ("host", "started_at", "seen_at")
    column_default_sort = ("started_at", True)
    empty_words = _l("No worker is running. Start one with ./huey_consumer.sh.")
