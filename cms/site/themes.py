"""Themes: a folder whose templates win over those of `templates/`.

my-theme/theme.toml               the templates that pages may choose, in words
my-theme/templates/site/….html    in place of the one of the same name
my-theme/static/…                 at /theme/<mark>/…
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from flask import Blueprint, Flask, Response, send_from_directory
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader

from cms.content import pages
from cms.edge import public
from cms.errors import BadSetting


def init_app(app: Flask, folder: Path | None) -> None:
    """Let an application wear a theme. Raises `BadSetting` for a `theme.toml` that is none."""
    if folder is None:
        return
    for name, words in _declared(folder).items():
        pages.declare_template(name, words)
    shipped = app.jinja_loader or FileSystemLoader(app.root_path)
    own = FileSystemLoader(folder / "templates")
    # By this name a template that stands in the place of another can still extend it.
    app.jinja_loader = ChoiceLoader([own, shipped, PrefixLoader({"shipped": shipped})])
    files = Blueprint("theme", __name__)

    @files.get("/theme/<mark>/<path:filename>")
    @public
    def static(filename: str) -> Response:
        return send_from_directory(folder / "static", filename)

    app.register_blueprint(files)


def _declared(folder: Path) -> dict[str, str]:
    file = folder / "theme.toml"
    if not file.exists():
        return {}
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8")).get("templates", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(name="CMS_THEME", problem=f"{file}: {error}") from None
    return {str(name): str(words) for name, words in given.items()}
