"""What the lines of the log have in common: a time, a grade, who speaks, what it says,
and which request or job it is about."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import click
from pythonjsonlogger.json import JsonFormatter

IDS = "cms.ids"  # the place in a WSGI environment where the access log finds them

_FIELDS = {"asctime": "time", "levelname": "level", "name": "logger", "message": "message"}

# What would end a line, move the cursor, or turn the direction of writing.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# Replaced, never changed: a thread keeps its own.
_ids: ContextVar[Mapping[str, object]] = ContextVar("ids", default={})  # noqa: B039


@contextmanager
def bind(**ids: object) -> Iterator[None]:
    """Put these ids into each line that is written within."""
    bound = _ids.set({**_ids.get(), **ids})
    try:
        yield
    finally:
        _ids.reset(bound)


def ids() -> Mapping[str, object]:
    """Return what is bound here."""
    return _ids.get()


def note(**ids: object) -> None:
    """Add ids that have become known since the innermost `bind` began, until it ends."""
    _ids.set({**_ids.get(), **ids})


class PlainLines(logging.Formatter):
    """The message alone, for somebody who has just typed a command."""

    def format(self, record: logging.LogRecord) -> str:
        lines = [self.first_line(record)]
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            lines += [f"    {_in_one_line(line)}" for line in trace.split("\n")]
        return "\n".join(lines)

    def first_line(self, record: logging.LogRecord) -> str:
        """Return what is said, in one line whatever is in it."""
        return _in_one_line(record.getMessage())


class TextLines(PlainLines):
    """`time LEVEL logger: message [request=… user=…]`. What belongs to a line is indented."""

    def first_line(self, record: logging.LogRecord) -> str:
        ids = " ".join(f"{name}={value}" for name, value in _ids.get().items())
        what = super().first_line(record) + (f" [{ids}]" if ids else "")
        return f"{_when(record)} {record.levelname} {record.name}: {what}"


class JsonLines(JsonFormatter):
    """One object a line, with the ids as fields of it."""

    def __init__(self) -> None:
        super().__init__(tuple(_FIELDS), rename_fields={**_FIELDS, "exc_info": "exception"})

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        del datefmt
        return _when(record)

    def add_fields(self, log_data: dict[str, Any], *about: Any) -> None:
        super().add_fields(log_data, *about)
        log_data.update(_ids.get())


def lines(form: str) -> logging.Formatter:
    """Return what writes lines in the form `text` or `json`."""
    return JsonLines() if form == "json" else TextLines()


def set_up(form: str) -> None:
    """Give every line of this process that form, and write it to the standard error.

    A consumer's or Gunicorn's own settings stand: where its lines go, and how much is
    said. Commands are plain, and say no more than warnings.
    """
    if click.get_current_context(silent=True):
        _write_with([logging.StreamHandler()], PlainLines())
        return
    huey, gunicorn = logging.getLogger("huey"), logging.getLogger("gunicorn.error")
    _write_with(huey.handlers or [logging.StreamHandler()], lines(form))
    huey.handlers = []  # or each of its lines would be written twice
    logging.getLogger("cms").setLevel(huey.level or gunicorn.level or logging.INFO)
    for logger in (gunicorn, logging.getLogger("gunicorn.access")):
        for handler in logger.handlers:
            handler.setFormatter(lines(form))


def _write_with(handlers: list[logging.Handler], formatter: logging.Formatter) -> None:
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.getLogger().handlers = handlers


def _when(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _in_one_line(text: str) -> str:
    return _UNFIT.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)
