"""The door: Flask-Security's pages by which people come in, with our limits, letters and words.

After the password, whoever has a second factor, or must have one, is nobody yet: only the
name of their account is in the session, until a code or a passkey is right.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, redirect, session
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_security import Security, auth_required, url_for_security
from flask_security.recovery_codes import mf_recovery
from flask_security.tf_plugin import tf_clean_session, tf_select
from flask_security.utils import do_flash, get_message
from flask_security.views import (
    change_password,
    forgot_password,
    login,
    reset_password,
    two_factor_setup,
    two_factor_token_validation,
    verify,
)
from flask_security.webauthn import (
    webauthn_register_response,
    webauthn_signin,
    webauthn_signin_response,
)

from cms import edge
from cms.accounts import factors, sessions
from cms.accounts.factors import APP, SETTING_UP, WAITS, OneTimeCodes, tagged
from cms.accounts.passwords import Passwords
from cms.accounts.policy import ROLES
from cms.accounts.services import datastore
from cms.clock import now
from cms.config import Settings, settings
from cms.editorial import account_letters, logins
from cms.editorial.factors import (
    Challenges,
    NewPasskey,
    PasskeyAnswer,
    PasskeyRemoval,
    RecoveryCodes,
)
from cms.errors import BadSetting
from cms.extensions import limiter

# How often a code may be tried for one account, from wherever: of a million codes three are
# good at a time, so that guessing for a year is in vain.
_TRIES = "10 per 10 minutes;50 per day"

_MINUTES = 30  # for which a password that was given is good to change who may come in

_NO_LINK = _l(
    "This link was used already, or is older than an hour. Ask for another one, if you need it."
)
_WORDS = {
    "API_ERROR": (_l("This did not work. Please try again."), "error"),
    # The same words whatever was wrong, so that nobody learns who has an account.
    "GENERIC_AUTHN_FAILED": (_l("Wrong email address or password."), "error"),
    "INVALID_INPUT_LENGTH": (_l("Write no more than %(length)s characters."), "error"),
    "INVALID_RECOVERY_CODE": (_l("This code is wrong, or was used already."), "error"),
    "INVALID_RESET_PASSWORD_TOKEN": (_NO_LINK, "error"),
    "PASSWORD_RESET_EXPIRED": (_NO_LINK, "error"),
    "PASSWORD_RESET_NO_LOGIN": (_l("Your new password is set. Log in with it."), "success"),
    "PASSWORD_RESET_REQUEST": (
        _l("If somebody has an account with this address, a link is on its way there."),
        "success",
    ),
    "REAUTHENTICATION_SUCCESSFUL": (_l("Thank you. Go on now."), "success"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (_l("The authenticator app is set up."), "success"),
    "TWO_FACTOR_DISABLED": (_l("The authenticator app is removed."), "success"),
    "TWO_FACTOR_INVALID_TOKEN": (
        _l("This code is wrong or too old, or was used already. Wait for the next one."),
        "error",
    ),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (
        _l("Your role must have a second factor. Set up another one first."),
        "error",
    ),
    "TWO_FACTOR_PERMISSION_DENIED": (_l("Please log in again."), "info"),
    "TWO_FACTOR_SETUP_EXPIRED": (_l("This took too long. Please start again."), "error"),
    "WEBAUTHN_CREDENTIAL_DELETED": (_l("The passkey “%(name)s” is removed."), "success"),
    "WEBAUTHN_CREDENTIAL_ID_INUSE": (_l("This passkey is set up already."), "error"),
    "WEBAUTHN_EXPIRED": (_l("This took too long. Please start again."), "error"),
    "WEBAUTHN_NAME_DISALLOWED_CHARACTERS": (
        _l("A name has letters, digits, spaces, hyphens and low lines."),
        "error",
    ),
    "WEBAUTHN_NAME_INUSE": (_l("You have a passkey called “%(name)s” already."), "error"),
    "WEBAUTHN_NAME_NOT_FOUND": (_l("You have no passkey called “%(name)s”."), "error"),
    "WEBAUTHN_NAME_REQUIRED": (_l("Give the passkey a name."), "error"),
    "WEBAUTHN_REGISTER_SUCCESSFUL": (_l("The passkey “%(name)s” is set up."), "success"),
    # What exactly was wrong helps nobody who may come in.
    **dict.fromkeys(
        (
            "WEBAUTHN_CREDENTIAL_WRONG_USAGE",
            "WEBAUTHN_MISMATCH_USER_HANDLE",
            "WEBAUTHN_NO_VERIFY",
            "WEBAUTHN_ORPHAN_CREDENTIAL_ID",
            "WEBAUTHN_UNKNOWN_CREDENTIAL_ID",
        ),
        (_l("This passkey was not accepted."), "error"),
    ),
}

# Not with the other extensions: these are not to be given to it later.
security = Security(
    mail_util_cls=account_letters.Letters,
    password_util_cls=Passwords,
    totp_cls=OneTimeCodes,
    mf_recovery_codes_util_cls=RecoveryCodes,
    wan_delete_form=PasskeyRemoval,
    wan_register_response_form=NewPasskey,
    wan_signin_response_form=PasskeyAnswer,
    webauthn_util_cls=Challenges,
)


def init_app(app: Flask) -> None:
    """Hang the door. Raises `BadSetting` for a role that there is not."""
    security.init_app(
        app,
        datastore,
        change_password_form=logins.ChangeForm,
        forgot_password_form=logins.ForgotForm,
    )
    security.reauthn_handler(lambda _within, _grace: edge.ask_again())
    app.login_manager.user_loader(sessions.load)  # type: ignore[attr-defined]
    # Its own would read the body of whoever sends JSON, to look for a token that we hand to nobody.
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    app.view_functions.update(_VIEWS)


def config(settings: Settings) -> dict[str, Any]:
    """Return what Flask-Security is to be told, and what cookies of a log-in are called."""
    if unknown := set(settings.second_factor_for) - set(ROLES):
        problem = f"{min(unknown)!r} is none of {', '.join(ROLES)}"
        raise BadSetting(name="CMS_SECOND_FACTOR_FOR", problem=problem)
    name = urlsplit(settings.site_url).hostname or "QsCMS"
    keys = [key.get_secret_value() for key in settings.second_factor_keys]
    given = {
        "API_ENABLED_METHODS": ["session"],
        "AUTO_LOGIN_AFTER_RESET": False,  # who found a mail must still pass the log-in
        "CHANGEABLE": True,
        "DATETIME_FACTORY": now,
        # The letters are ours: see `cms.editorial.account_letters`.
        "EMAIL_HTML": False,
        "EMAIL_PLAINTEXT": False,
        "EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": account_letters.CHANGED,
        "EMAIL_TEMPLATE_PASSWORD_RESET": account_letters.RESET,
        "EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE": account_letters.CHANGED,
        "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "test_environment": True},
        "FRESHNESS": timedelta(minutes=_MINUTES),
        "FRESHNESS_GRACE_PERIOD": timedelta(0),
        "MULTI_FACTOR_RECOVERY_CODES": True,
        "MULTI_FACTOR_RECOVERY_CODES_N": 10,
        "MULTI_FACTOR_RECOVERY_CODES_URL": "/second-factor/recovery-codes",
        "MULTI_FACTOR_RECOVERY_URL": "/login/recovery-code",
        "PASSWORD_LENGTH_MIN": 10,
        "PASSWORD_SINGLE_HASH": ["argon2"],  # argon2id salts by itself
        "POST_CHANGE_VIEW": "/admin/",
        "POST_LOGIN_VIEW": "/admin/",
        "POST_VERIFY_VIEW": "/admin/",
        "RECOVERABLE": True,
        "RESET_PASSWORD_WITHIN": timedelta(hours=1),
        "RETURN_GENERIC_RESPONSES": True,
        "STATIC_FOLDER": None,  # scripts that no page of ours uses
        "TOTP_ISSUER": name,
        "TOTP_SECRETS": tagged(keys or [settings.secret_key.get_secret_value()]),
        "TWO_FACTOR": True,
        "TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,  # seconds that clocks may differ
        "TWO_FACTOR_ENABLED_METHODS": [APP],
        "TWO_FACTOR_RESCUE_EMAIL": False,
        "TWO_FACTOR_RESCUE_URL": "/login/rescue",
        "TWO_FACTOR_SELECT_URL": "/login/choose",
        "TWO_FACTOR_SETUP_URL": "/second-factor",
        "TWO_FACTOR_TOKEN_VALIDATION_URL": "/login/code",
        # Only after the password: Flask-Security has passkeys for the one or the other, so that
        # one to come in by would leave somebody without a second factor.
        "WAN_ALLOW_AS_FIRST_FACTOR": False,
        "WAN_ALLOW_AS_VERIFY": None,
        "WAN_DELETE_URL": "/second-factor/remove-passkey",
        "WAN_POST_REGISTER_VIEW": ".two_factor_setup",
        "WAN_REGISTER_URL": "/second-factor/passkey",
        "WAN_RP_NAME": name,
        "WAN_SIGNIN_URL": "/login/passkey",
        "WEBAUTHN": True,
    }
    words = {f"MSG_{key}": said for key, said in _WORDS.items()}
    return {f"SECURITY_{key}": value for key, value in (given | words).items()} | {
        "SESSION_COOKIE_NAME": edge.cookie("session", settings),
        "SESSION_COOKIE_PATH": "/",
        "REMEMBER_COOKIE_NAME": edge.cookie("remember_token", settings),
    }


def _after_code(view: Callable[[], Any]) -> Callable[[], Any]:
    """Return the view of the code so that whoever has just set up their app is led to recovery
    codes, and whoever is in already is not put out."""

    @wraps(view)
    def answer() -> Any:
        setting_up = session.get("tf_state") == SETTING_UP
        if current_user.is_authenticated:
            return view() if setting_up else redirect(url_for_security("two_factor_setup"))
        answered = view()
        if not current_user.is_authenticated:
            return answered
        session.pop("_flashes", None)  # that the code was right is seen by being in
        return redirect(url_for_security("mf_recovery_codes")) if setting_up else answered

    return answer


def _in_time(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view of the second step that leads back to the first when that was too long ago."""

    @wraps(view)
    def answer(**given: Any) -> Any:
        if not current_user.is_authenticated and factors.waits_too_long():
            tf_clean_session()
            do_flash(*get_message("TWO_FACTOR_SETUP_EXPIRED", within=""))
            return redirect(url_for_security("login"))
        return view(**given)

    return answer


def _closed(**_given: Any) -> Any:
    """Answer what would write mail for whoever has a password, or set up an app by what was
    begun in another session."""
    abort(404)


# Each limited once, here: a limit set again for each application would be counted again.
_by_address = limiter.limit(lambda: settings().login_limit, methods=["POST"])
_by_account = limiter.shared_limit(
    lambda: settings().account_limit,
    scope="account",
    key_func=logins.tried_account,
    methods=["POST"],
    deduct_when=logins.was_refused,
)
_letters = limiter.limit(
    lambda: settings().link_limit, key_func=logins.asked_account, methods=["POST"]
)
_by_code = limiter.shared_limit(
    _TRIES,
    scope="second factor",
    key_func=lambda: f"account {session[WAITS]}",
    methods=["POST"],
    exempt_when=lambda: WAITS not in session,
)
_VIEWS: dict[str, Callable[..., Any]] = {
    "security.login": _by_address(_by_account(logins.with_refusals(login))),
    "security.verify": _by_address(_by_account(verify)),
    "security.change_password": _by_address(_by_account(change_password)),
    "security.forgot_password": _by_address(_letters(logins.with_askers(forgot_password))),
    "security.reset_password": _by_address(reset_password),
    "security.tf_select": _in_time(tf_select),
    "security.two_factor_setup": _in_time(_by_address(two_factor_setup)),
    "security.two_factor_token_validation": _in_time(
        _by_address(_by_code(_after_code(two_factor_token_validation)))
    ),
    "security.mf_recovery": _in_time(_by_address(_by_code(mf_recovery))),
    "security.wan_signin": _in_time(webauthn_signin),
    "security.wan_signin_response": _in_time(_by_address(_by_code(webauthn_signin_response))),
    "security.two_factor_rescue": _closed,
    "security.two_factor_setup_validate": _closed,
    # What it is sent may have been begun by another, whose log-in was fresh.
    "security.wan_register_response": auth_required("session", within=_MINUTES, grace=0)(
        webauthn_register_response
    ),
}
