"""The public face."""

from flask import Flask

from cms.site import health, media, metrics, pictures


def init_app(app: Flask) -> None:
    app.jinja_env.globals["picture"] = pictures.picture
    app.register_blueprint(media.site)  # that of `pages`, with both their addresses
    app.register_blueprint(health.health)
    app.register_blueprint(metrics.metrics)
