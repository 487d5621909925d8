"""What becomes of somebody's second factor, and what the audit trail is told of it."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, current_app, request, session
from flask_login import current_user
from flask_security import (
    MfRecoveryCodesUtil,
    WebAuthnDeleteForm,
    WebAuthnRegisterResponseForm,
    WebAuthnSigninResponseForm,
    WebauthnUtil,
    tf_disabled,
    tf_profile_changed,
    user_failed_authn,
    wan_deleted,
    wan_registered,
)
from flask_security.utils import get_message

from cms import clock
from cms.accounts import factors, sessions, tokens
from cms.accounts.models import User
from cms.audit.services import record

_CHALLENGE = "passkey_challenge"  # in the session


class RecoveryCodes(MfRecoveryCodesUtil):
    """Codes that are shown once, and of which a digest is kept."""

    def create_recovery_codes(self, user: Any) -> list[str]:
        """Make codes in place of those that there are, and return them."""
        codes: list[str] = _codes().generate_recovery_codes(
            current_app.config["SECURITY_MULTI_FACTOR_RECOVERY_CODES_N"]
        )
        user.mf_recovery_codes = [factors.digest(code) for code in codes]
        record("make recovery codes", user, email=user.email)
        return codes

    def get_recovery_codes(self, *_whose: Any) -> list[str]:
        """Return none: nobody knows them any more."""
        return []

    def check_recovery_code(self, user: Any, code: str) -> bool:
        """Tell whether a code is good, and use it up."""
        good = factors.use_up(user, code)
        action = "use recovery code" if good else "second factor refused"
        record(action, user, email=user.email, by="recovery code")
        return good

    def delete_recovery_code(self, *_which: Any) -> bool:
        """Leave it: it was used up when it was looked at."""
        return True


class Challenges(WebauthnUtil):
    """What passkeys are to sign: each once, soon, and for the browser that asked."""

    def generate_challenge(self, nbytes: int | None = None) -> str:
        """Make one, and note in the session that it was asked here, and when."""
        challenge: str = super().generate_challenge(nbytes)
        session[_CHALLENGE] = [tokens.digest(challenge), clock.now().timestamp()]
        return challenge


def _asked_at(form: Any) -> float | None:
    """Return when the challenge that is answered was asked in this session, which it was only
    once; None if it was not."""
    asked, at = session.pop(_CHALLENGE, (None, 0.0))
    if asked == tokens.digest(form.challenge):
        return float(at)
    form.form_errors.append(get_message("WEBAUTHN_EXPIRED", within="")[0])
    return None


class PasskeyAnswer(WebAuthnSigninResponseForm):
    """What a passkey says, on the way in; it must be one of whoever gave the password."""

    def validate(self, **more: Any) -> bool:
        """Tell whether it is right, and was not said before."""
        asked_at = _asked_at(self)
        if asked_at is None or not super().validate(**more):
            return False
        owner = cast("User", self.user)
        # A cookie can be copied from before the challenge was taken out of it.
        answered = cast("Any", self.cred).lastuse_datetime.timestamp() > asked_at
        if answered or owner.fs_uniquifier != session.get(factors.WAITS):
            owner.track_failed_authn("passkey", tfa=True)
            cast("list[str]", self.credential.errors).append(get_message("WEBAUTHN_NO_VERIFY")[0])
            return False
        return True


class NewPasskey(WebAuthnRegisterResponseForm):
    """What a passkey says that is set up."""

    def validate(self, **more: Any) -> bool:
        """Tell whether it is right, and was asked for here."""
        return _asked_at(self) is not None and super().validate(**more)


class PasskeyRemoval(WebAuthnDeleteForm):
    """Removes a passkey, unless somebody who must have a second factor had none left."""

    def validate(self, **more: Any) -> bool:
        """Tell whether it may go."""
        if not super().validate(**more):
            return False
        if current_user.must_have_second_factor and _none_left(current_user, self.clean_name):
            said = get_message("TWO_FACTOR_METHOD_NOT_AVAILABLE")[0]
            cast("list[str]", self.name.errors).append(said)
            return False
        return True


def reset_second_factor(user: User) -> None:
    """Take from an account its app, passkeys and recovery codes, and end its log-ins and
    tokens: who has lost one device may have lost another. The caller commits."""
    factors.forget(user)
    sessions.end_all(user)
    tokens.revoke_all(user)
    record("reset second factor", user, email=user.email)


def rewrap_second_factors() -> int:
    """Encrypt what older keys hold by the newest, and return how many accounts that was; the
    caller commits.

    Raises `KeyError` for what a key holds that is not there any more.
    """
    return sum(map(_codes().rewrap, factors.with_app()))


@user_failed_authn.connect
def _refused(_app: Flask, user: User, auth_type: str, *, tfa: bool, **_more: Any) -> None:
    if tfa or auth_type == "passkey":
        by = "passkey" if auth_type == "passkey" else "app"
        record("second factor refused", user, email=user.email, by=by)
    elif request.endpoint == "security.verify":  # at the log-in it is noted by that
        record("password refused", user, email=user.email, page=request.endpoint)


@tf_profile_changed.connect
def _app_set_up(_app: Flask, user: User, **_more: Any) -> None:
    record("set up second factor", user, email=user.email, by="app")


@tf_disabled.connect
def _app_removed(_app: Flask, user: User, **_more: Any) -> None:
    record("remove second factor", user, email=user.email, by="app")
    if not user.has_second_factor:
        user.recovery_codes.clear()


@wan_registered.connect
def _passkey_added(_app: Flask, user: User, name: str, **_more: Any) -> None:
    record("set up second factor", user, email=user.email, by="passkey", name=name)


@wan_deleted.connect
def _passkey_removed(_app: Flask, user: User, name: str, **_more: Any) -> None:
    record("remove second factor", user, email=user.email, by="passkey", name=name)
    if _none_left(user, name):
        user.recovery_codes.clear()


def _none_left(user: Any, without: str | None) -> bool:
    """Tell whether an account would have no second factor without this passkey."""
    return user.tf_totp_secret is None and all(it.name == without for it in user.webauthn)


def _codes() -> Any:
    return current_app.extensions["security"].totp_factory
