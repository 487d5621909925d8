"""Scripts, styles and icons: files of the program, or of a theme, that browsers keep for ever.

Each has a mark in its address, `/static/<mark>/js/list.js`, which is another one as soon as any
of the files is. Whatever they import by a relative address has the same.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request

A_YEAR = 31_536_000  # seconds
_ENDPOINTS = {"static", "theme.static"}
_MARK = "cms.assets.mark"


def init_app(app: Flask, theme: Path | None) -> None:
    """Mark the addresses of both, whose rules have a `<mark>`."""
    folders = (app.static_folder, theme and theme / "static")
    app.extensions[_MARK] = _marked(tuple(Path(folder) for folder in folders if folder))
    app.url_defaults(_add_mark)
    app.url_value_preprocessor(_take_mark)
    app.after_request(_keep)


def mark() -> str:
    """Return what stands for the files as they are now."""
    return str(current_app.extensions[_MARK])


@cache
def _marked(folders: tuple[Path, ...]) -> str:
    digest = sha256()
    for folder in folders:
        for path in sorted(it for it in folder.rglob("*") if it.is_file()):
            digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def _add_mark(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint in _ENDPOINTS:
        values.setdefault("mark", mark())


def _take_mark(endpoint: str | None, values: dict[str, Any] | None) -> None:
    if endpoint in _ENDPOINTS and values:
        g.asked_mark = values.pop("mark")


def _keep(response: Response) -> Response:
    """Have a file kept, unless it was asked for by the mark of another version: while one takes
    over from the other, a page of the new one may get its files from the old."""
    if request.endpoint in _ENDPOINTS and g.get("asked_mark") == mark():
        response.cache_control.no_cache = None
        response.cache_control.public = response.cache_control.immutable = True
        response.cache_control.max_age = A_YEAR
    return response
