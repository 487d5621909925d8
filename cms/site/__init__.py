"""The public face."""

from flask import Flask

from cms.site import health, metrics, pages


def init_app(app: Flask) -> None:
    app.register_blueprint(pages.site)
    app.register_blueprint(health.health)
    app.register_blueprint(metrics.metrics)
