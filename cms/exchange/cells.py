"""Values in cells, and back: text stays the text that it is, whatever it begins with."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

# What spreadsheets take for a formula, and what was made harmless by apostrophes before it.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_HARMLESS = re.compile(r"'+[=+\-@\t\r]")


def harmless(text: str) -> str:
    """Return `text` with an apostrophe before it where it would be a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_written(text: str) -> str:
    """Return what `harmless` was given."""
    return text[1:] if _HARMLESS.match(text) else text


def begins_formula(text: str) -> bool:
    """Tell whether a spreadsheet would calculate `text`."""
    return text[:1] in {"=", "+", "-", "@", "\t", "\r"}


def plain(value: Any) -> Any:
    """Return a value as text, number, truth or moment; what has parts becomes JSON text."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int | float | datetime):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def as_text(value: Any) -> str:
    """Return a value as a cell of a text file holds it: moments in UTC, truth as a word."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return f"{moment:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_json(value: Any) -> Any:
    """Return a value that JSON has, or its text: moments by ISO 8601, in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else str(value)


def same_lines(text: str) -> str:
    """Return `text` with the line ends of Unix: browsers and spreadsheets differ in theirs."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
