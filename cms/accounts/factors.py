"""The second factor: codes of an authenticator app, and what is kept of recovery codes.

Flask-Security has the pages and the order of steps. What it leaves to us is that a code is
good once, and what the secrets of the apps are encrypted with.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from flask import session
from flask_login import current_user
from flask_security import Totp
from passlib.exc import TokenError
from passlib.totp import TOTP, AppWallet
from sqlalchemy import CursorResult, delete, or_, select, update

from cms import clock
from cms.accounts.models import RecoveryCode, User
from cms.extensions import db

logger = logging.getLogger(__name__)

# As Flask-Security has them, in the session of somebody whose password was right but is not
# enough: which account waits, and that its app is just being set up.
WAITS, SETTING_UP = "tf_user_id", "validating_profile"
APP = "authenticator"
_GIVEN_AT, _GOOD_FOR = "password_given_at", timedelta(minutes=10)
_RECOVERY_BYTES, _SHOWN_BY = 10, 4


class OneTimeCodes(Totp):
    """Codes of authenticator apps, each of which lets somebody in once."""

    def __init__(self, keys: dict[str, str], issuer: str) -> None:
        """Take the keys that secrets are encrypted with: the first is the one for new ones."""
        wallet = AppWallet(keys, default_tag=next(iter(keys)))
        self._totp = TOTP.using(issuer=issuer, wallet=wallet, now=lambda: clock.now().timestamp())

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        """Tell whether a code is right and was not used yet, and use it up."""
        new = totp_secret != user.tf_totp_secret
        if new and user.has_second_factor and not current_user.is_authenticated:
            return False  # it was set up elsewhere, after the password was given here
        try:
            match = self._totp.verify(
                _typed(token),
                totp_secret,
                window=window,
                last_counter=None if new else user.tf_last_counter,
            )
        except TokenError:
            return False
        except KeyError:
            logger.error("the key is gone that a second factor was encrypted with")  # noqa: TRY400 - no trace holds more
            return False
        return _is_first(user, match.counter, new=new)

    def generate_recovery_codes(self, number: int) -> list[str]:
        """Make codes that are long enough for a plain digest, and can be read aloud."""
        return [_in_groups(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(number)]

    def rewrap(self, user: User) -> bool:
        """Encrypt the secret of an app by the newest key; tell whether it was by another."""
        totp = self._totp.from_source(user.tf_totp_secret)
        if totp.changed:
            user.tf_totp_secret = totp.to_json(encrypt=True)
        return bool(totp.changed)

    def knows_key_of(self, user: User) -> bool:
        """Tell whether the key is here that the secret of an app was encrypted with. Asks the
        key's name alone, since decrypting is slow on purpose."""
        try:
            self._totp.wallet.get_secret(json.loads(user.tf_totp_secret or "")["enckey"]["t"])
        except (ValueError, LookupError, TypeError):
            return False
        return True


def begin_to_wait() -> None:
    """Note when the password was given, if a second factor is wanted now."""
    if WAITS in session:
        session[_GIVEN_AT] = clock.now().timestamp()


def waits_too_long() -> bool:
    """Tell whether the password was given too long ago for the second factor to be enough."""
    if WAITS not in session:
        return False
    # One from before this was noted counts from now on.
    given_at = session.setdefault(_GIVEN_AT, clock.now().timestamp())
    return bool(clock.now().timestamp() - given_at > _GOOD_FOR.total_seconds())


def tagged(keys: Sequence[str]) -> dict[str, str]:
    """Return keys by what a secret names the one by that it is encrypted with."""
    return {hashlib.sha256(key.encode()).hexdigest()[:8]: key for key in keys}


def digest(code: str) -> str:
    """Return what is kept of a recovery code, however it was typed."""
    plain = "".join(filter(str.isalnum, _typed(code).upper()))
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def use_up(user: User, code: str) -> bool:
    """Tell whether a recovery code is good, which it then is no more. By one statement, so
    that of two who send it at once only one comes in."""
    theirs = delete(RecoveryCode).where(RecoveryCode.user_id == user.id)
    used = db.session.execute(theirs.where(RecoveryCode.digest == digest(code)))
    db.session.expire(db.session.get_one(User, user.id), ["recovery_codes"])
    return cast("CursorResult[Any]", used).rowcount == 1


def forget(user: User) -> None:
    """Take every second factor from an account; the caller commits."""
    user.tf_primary_method = user.tf_totp_secret = user.tf_last_counter = None
    user.webauthn.clear()
    user.recovery_codes.clear()
    db.session.flush()


def with_app() -> Sequence[User]:
    """Return the accounts that have an authenticator app."""
    return db.session.scalars(select(User).where(User.tf_totp_secret.is_not(None))).all()


def _is_first(user: User, counter: int, *, new: bool) -> bool:
    """Note that the code of a half minute was used, unless another did so meanwhile."""
    noted = update(User).where(User.id == user.id).values(tf_last_counter=counter)
    if not new:
        earlier = or_(User.tf_last_counter.is_(None), User.tf_last_counter < counter)
        noted = noted.where(earlier)
    return cast("CursorResult[Any]", db.session.execute(noted)).rowcount == 1


def _typed(code: str) -> str:
    """Return a code as its keyboard may not have had it: full-width digits, for one."""
    return unicodedata.normalize("NFKC", code).encode("ascii", "replace").decode()


def _in_groups(secret: bytes) -> str:
    text = base64.b32encode(secret).decode()
    return "-".join(text[at : at + _SHOWN_BY] for at in range(0, len(text), _SHOWN_BY))
