"""The public face."""

from flask import Flask

from cms.config import Settings
from cms.site import (
    answers,
    documents,  # noqa: F401 - brings its addresses along, as those below do
    drawing,
    feeds,  # noqa: F401
    furniture,
    heads,
    health,
    media,  # noqa: F401
    metrics,
    pictures,
    previews,  # noqa: F401
    reading,
    themes,
    uses,
)
from cms.site.pages import site


def init_app(app: Flask) -> None:
    settings: Settings = app.config["CMS_SETTINGS"]
    app.jinja_env.globals["picture"] = pictures.picture
    app.jinja_env.filters.update(
        absolute=heads.absolute, day=drawing.day, href=heads.href, shortened=heads.shortened
    )
    themes.init_app(app, settings.theme)
    answers.init_app(app)
    furniture.init_app(app)
    reading.init_app(app, settings.content_languages)
    uses.init_app(app)
    app.register_blueprint(site)
    app.register_blueprint(health.health)
    app.register_blueprint(metrics.metrics)
