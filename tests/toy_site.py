"""The application with the toy tasks, for consumers that tests start."""

import tests.toy_tasks  # noqa: F401 - declares its tasks
from wsgi import app

__all__ = ["app"]
