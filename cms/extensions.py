"""Flask extensions, not yet bound to an application; `create_app` binds them."""

from __future__ import annotations

from babel import Locale
from flask import g
from flask_babel import Babel, get_locale
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

from cms.database import Base

db = SQLAlchemy(model_class=Base)
migrate = Migrate()
babel = Babel()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address)
talisman = Talisman()


def locale() -> Locale | None:
    """Return the language of this page. Flask-Babel's `get_locale` takes three times as long to
    find it again, and a page asks five hundred times."""
    try:
        known: Locale | None = g._flask_babel.babel_locale  # noqa: SLF001
    except (RuntimeError, AttributeError):
        known = None
    return known or get_locale()
