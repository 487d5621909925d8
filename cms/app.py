"""The factory. It wires what lies below and holds no logic of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from cms import admin, api, assets, cli, door, edge, look, refusals, site, storage
from cms.config import PREFIX, TOP, Settings, load
from cms.database import AT_ONCE, engine_options, with_driver, writing_at_once
from cms.extensions import babel, csrf, db, limiter, migrate, talisman
from cms.jobs.queue import REDIS_TIMEOUTS
from cms.mail import transport
from cms.media.incoming import UploadRequest
from cms.tasks import huey
from cms.templates import InLanguages

_CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}

# No page of ours asks for any of these; nor may what is put into one.
_PERMISSIONS_POLICY = dict.fromkeys(
    ("browsing-topics", "camera", "display-capture", "geolocation", "microphone", "payment", "usb"),
    "()",
)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Make the application from the environment and `config`, which wins.

    Names beginning with `CMS_` are settings, as in the environment; others go
    to Flask as they are. Raises `BadSetting` for a setting that is wrong.
    """
    given = dict(config or {})
    settings = load(given)
    app = Flask("cms", root_path=str(TOP), static_url_path="/static/<mark>")
    app.request_class = UploadRequest
    app.jinja_environment = InLanguages
    app.config.update(_flask_config(settings))
    app.config.update({k: v for k, v in given.items() if not k.startswith(PREFIX)})
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    _bind_extensions(app, settings)
    assets.init_app(app, settings.theme)
    look.init_app(app)
    cli.init_app(app)
    site.init_app(app)
    admin.init_app(app)
    api.init_app(app)
    return app


def _bind_extensions(app: Flask, settings: Settings) -> None:
    secure = settings.env == "production"
    huey.init_app(app)  # first, since it names a wrong CMS_QUEUE_URL, which the limiter shares
    talisman.init_app(
        app,
        force_https=secure,
        session_cookie_secure=secure,
        strict_transport_security_include_subdomains=False,  # those are somebody else's
        content_security_policy=_content_security_policy(settings),
        content_security_policy_nonce_in=["script-src", "style-src"],
        referrer_policy="same-origin",
        permissions_policy=_PERMISSIONS_POLICY,
    )
    refusals.init_app(app)
    edge.init_app(app)  # after what gives each page its nonce, a page that refuses too
    db.init_app(app)
    migrate.init_app(app, db, directory=str(TOP / "cms" / "migrations"))
    babel.init_app(app, locale_selector=edge.select_locale, timezone_selector=edge.select_zone)
    csrf.init_app(app)
    limiter.init_app(app)
    door.init_app(app)
    app.extensions["cms.storage"] = storage.from_url(
        settings.storage_url, settings.data_dir / "incoming", settings.storage_address
    )
    app.extensions["cms.mail"] = transport.from_url(settings.mail_url)


def _content_security_policy(settings: Settings) -> dict[str, str]:
    """Return the policy, with the host that pictures come from if it is another."""
    pictures = f"{_CONTENT_SECURITY_POLICY['img-src']} {settings.storage_address}".strip()
    return _CONTENT_SECURITY_POLICY | {"img-src": pictures}


def _flask_config(settings: Settings) -> dict[str, Any]:
    url = with_driver(settings.database_url)
    on_redis = settings.queue_url.startswith("redis")
    return {
        "CMS_SETTINGS": settings,
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "TESTING": settings.env == "testing",
        "MAX_CONTENT_LENGTH": settings.request_max_bytes,
        "TRUSTED_HOSTS": list(settings.trusted_hosts) or None,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": settings.env == "production",
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(url),
        "SQLALCHEMY_BINDS": {AT_ONCE: writing_at_once(url)},
        "BABEL_DEFAULT_LOCALE": settings.locale,
        "BABEL_TRANSLATION_DIRECTORIES": str(TOP / "cms" / "translations"),
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a form left open all day still saves
        "RATELIMIT_STORAGE_URI": settings.queue_url if on_redis else "memory://",
        "RATELIMIT_STORAGE_OPTIONS": REDIS_TIMEOUTS if on_redis else {},
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,  # Redis being away locks nobody out
        **door.config(settings),
    }
