"""The public face."""

from flask import Flask

from cms.site import health, metrics, pages, pictures


def init_app(app: Flask) -> None:
    app.jinja_env.globals["picture"] = pictures.picture
    app.register_blueprint(pages.site)
    app.register_blueprint(health.health)
    app.register_blueprint(metrics.metrics)
