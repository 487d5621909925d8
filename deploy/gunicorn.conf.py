"""What Gunicorn is told, whoever starts it; its command line wins. Its lines are written as all
others are."""

import importlib
import os
from typing import Any

from gunicorn import glogging
from gunicorn.errors import HaltServer

from cms import logs

importlib.reload(logs)  # a reload reads this file again, but not what it imports

bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 8
graceful_timeout = 55  # seconds for open requests, inside the 60 that whoever stops it allows
limit_request_line = 8190
control_socket_disable = True

# Without the page that led here, and the time, which each line has anyway.
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s bytes %(M)s ms "%(a)s"'


def on_starting(server: Any) -> None:
    """Let several workers that cannot start end Gunicorn as one does: while it halts for the first,
    it took the second for a fault of its own, and ended with a trace and another code."""
    stop = server.stop

    def stop_all(*graceful: bool) -> None:
        try:
            stop(*graceful)
        except HaltServer:
            stop_all(*graceful)

    server.stop = stop_all


class logger_class(glogging.Logger):  # noqa: N801 - Gunicorn's name for the setting
    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        # Its first process never loads the application, which sets this up elsewhere.
        form = logs.lines(os.environ.get("CMS_LOG_FORMAT", "text"))
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(form)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        with logs.bind(**environ.get("cms.ids", {})):
            super().access(resp, req, environ, request_time)
