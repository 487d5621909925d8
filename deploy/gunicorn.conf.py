"""How Gunicorn writes its lines: as all others. The rest is on its command line."""

import os
from typing import Any

from gunicorn import glogging

from cms import logs

# Without the page that led here, and the time, which each line has anyway.
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s bytes %(M)s ms "%(a)s"'


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
