"""The factory. It wires what lies below and holds no logic of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l
from flask_security.views import login
from werkzeug.middleware.proxy_fix import ProxyFix

from cms import admin, api, cli, edge, look, site, storage
from cms.accounts.services import datastore
from cms.config import PREFIX, TOP, Settings, load
from cms.config import settings as current_settings
from cms.database import AT_ONCE, engine_options, with_driver, writing_at_once
from cms.extensions import babel, csrf, db, limiter, migrate, security, talisman
from cms.jobs.queue import REDIS_TIMEOUTS
from cms.mail import transport
from cms.media.incoming import UploadRequest
from cms.tasks import huey

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

# Limited once, here: a limit set again for each application would be counted again.
_limited_login = limiter.limit(lambda: current_settings().login_limit, methods=["POST"])(login)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Make the application from the environment and `config`, which wins.

    Names beginning with `CMS_` are settings, as in the environment; others go
    to Flask as they are. Raises `BadSetting` for a setting that is wrong.
    """
    given = dict(config or {})
    settings = load(given)
    app = Flask("cms", root_path=str(TOP), template_folder="templates", static_folder="static")
    app.request_class = UploadRequest
    app.config.update(_flask_config(settings))
    app.config.update({k: v for k, v in given.items() if not k.startswith(PREFIX)})
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    _bind_extensions(app, settings)
    look.init_app(app)
    cli.init_app(app)
    site.init_app(app)
    admin.init_app(app)
    api.init_app(app)
    return app


def _bind_extensions(app: Flask, settings: Settings) -> None:
    secure = settings.env == "production"
    huey.init_app(app)  # first, since it names a wrong CMS_QUEUE_URL, which the limiter shares
    edge.init_app(app)
    talisman.init_app(
        app,
        force_https=secure,
        session_cookie_secure=secure,
        content_security_policy=_CONTENT_SECURITY_POLICY,
        content_security_policy_nonce_in=["script-src", "style-src"],
        referrer_policy="same-origin",
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(TOP / "cms" / "migrations"))
    babel.init_app(app, locale_selector=edge.select_locale)
    csrf.init_app(app)
    limiter.init_app(app)
    security.init_app(app, datastore)
    # Its own would read the body of whoever sends JSON, to look for a token that we hand to nobody.
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    app.view_functions["security.login"] = _limited_login
    app.extensions["cms.storage"] = storage.from_url(settings.storage_url)
    app.extensions["cms.mail"] = transport.from_url(settings.mail_url)


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
        "SECURITY_CHANGEABLE": True,
        "SECURITY_FRESHNESS": timedelta(-1),  # no page asks for the password again, yet
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "test_environment": True},
        # The same words whatever was wrong, so that nobody learns who has an account.
        "SECURITY_MSG_GENERIC_AUTHN_FAILED": (_l("Wrong email address or password."), "error"),
        "SECURITY_PASSWORD_LENGTH_MIN": 10,
        "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],  # argon2id salts by itself
        "SECURITY_POST_CHANGE_VIEW": "/admin/",
        "SECURITY_POST_LOGIN_VIEW": "/admin/",
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_STATIC_FOLDER": None,  # scripts that no page of ours uses
        "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": False,
    }
