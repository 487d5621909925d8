"""Where mail goes: to an SMTP server, or, in development, to a folder.

Every way in which a server can refuse is told in words. What may pass is tried
again by the job; what cannot is `hopeless`. That a log-in fails, or that there
is no encryption, is the settings' fault, not the message's: it is tried again,
so that mail waits while somebody mends them.
"""

from __future__ import annotations

import smtplib
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTPUTF8
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from cms.errors import N_, BadSetting, CmsError

SETTING = "CMS_MAIL_URL"
TIMEOUT = 30
LONGEST_ANSWER = 200
_PORTS = {"smtp": 587, "smtps": 465}
_PERMANENT = range(500, 600)


class ServerAway(CmsError):
    """No connection, or one that broke off."""

    sentence = N_("The mail server %(host)s does not answer.")


class ServerNotTrusted(CmsError):
    """Its certificate is not valid for its name."""

    sentence = N_("The mail server %(host)s could not prove that it is the right one.")


class NotEncrypted(CmsError):
    """The server offers no STARTTLS, and nobody has allowed to go without."""

    sentence = N_("The mail server %(host)s offers no encryption, so nothing was sent.")


class LoginRefused(CmsError):
    """User or password is wrong; the server's answer is not kept, it may repeat them."""

    sentence = N_("The mail server %(host)s does not accept the user and password it was given.")


class RefusedForNow(CmsError):
    """A code 4xx: the server asks to be tried later."""

    sentence = N_("The mail server %(host)s will not take this for now: %(answer)s")


class Refused(CmsError):
    """A code 5xx: the server will never take this message."""

    sentence = N_("The mail server %(host)s will not take this: %(answer)s")
    hopeless = True


class AddressNotSupported(CmsError):
    """The address is not plain ASCII, and the server knows no other."""

    sentence = N_("The mail server %(host)s cannot write to an address with such characters.")
    hopeless = True


class Transport(Protocol):
    """Takes a finished mail."""

    def send(self, mail: EmailMessage) -> None:
        """Hand the mail over, or raise one of the errors above."""

    def check(self) -> None:
        """Connect and log in, and send nothing; raise one of the errors above."""


def from_url(url: str) -> Transport:
    """Return the transport at `url`: `smtp://`, `smtps://` or `file:///a/folder`.

    Raises `BadSetting` for an address that names none.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "file":
        folder = Path(unquote(rest))
        if not folder.is_absolute():
            raise BadSetting(name=SETTING, problem="a folder is written file:///absolute/path")
        return FolderTransport(folder)
    if scheme not in _PORTS:
        raise BadSetting(name=SETTING, problem="it must begin with smtp://, smtps:// or file:///")
    return _smtp_from(url)


@dataclass(frozen=True)
class FolderTransport:
    """Writes each mail to a file that mail programs open. A second attempt overwrites."""

    folder: Path

    def send(self, mail: EmailMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".", delete=False) as file:
            file.write(mail.as_bytes(policy=SMTPUTF8))
        Path(file.name).replace(self.folder / f"{name}.eml")

    def check(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.folder):
            """The folder takes files."""


@cache
def _trust(_authorities: ssl.DefaultVerifyPaths) -> ssl.SSLContext:
    """Return whom to trust; to read all the authorities of the system takes long."""
    return ssl.create_default_context()


@dataclass(frozen=True)
class SmtpTransport:
    """Talks to an SMTP server, encrypted: from the first byte on with `implicit_tls`,
    else by STARTTLS, unless `plain` allows to go without."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    implicit_tls: bool = False
    plain: bool = False

    def send(self, mail: EmailMessage) -> None:
        with self._told_in_words(), self._session() as session:
            session.send_message(mail)

    def check(self) -> None:
        with self._told_in_words(), self._session():
            """It answers, and knows us."""

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        trust = _trust(ssl.get_default_verify_paths())
        if self.implicit_tls:
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT, context=trust
            )
        else:
            session = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        try:
            self._introduce(session, trust)
            yield session
            # The mail is taken by now: a bad farewell must not send it a second time.
            with suppress(smtplib.SMTPException, OSError):
                session.quit()
        finally:
            session.close()

    def _introduce(self, session: smtplib.SMTP, trust: ssl.SSLContext) -> None:
        session.ehlo_or_helo_if_needed()
        if not self.implicit_tls:
            if session.has_extn("starttls"):
                session.starttls(context=trust)
            elif not self.plain:
                raise NotEncrypted(host=self.host)
        if self.user:
            self._log_in(session)

    def _log_in(self, session: smtplib.SMTP) -> None:
        try:
            session.login(self.user, self.password)
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException:  # refused, or of a kind that one of the two does not know
            raise LoginRefused(host=self.host) from None

    @contextmanager
    def _told_in_words(self) -> Iterator[None]:
        # `from None`: the library's own errors quote addresses and answers at length.
        try:
            yield
        except smtplib.SMTPRecipientsRefused as error:
            ((code, answer),) = error.recipients.values()
            raise self._refusal(code, answer) from None
        except smtplib.SMTPResponseException as error:
            raise self._refusal(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError:
            raise AddressNotSupported(host=self.host) from None
        except ssl.SSLCertVerificationError:
            raise ServerNotTrusted(host=self.host) from None
        except (smtplib.SMTPException, OSError):
            raise ServerAway(host=self.host) from None

    def _refusal(self, code: int, answer: bytes | str) -> CmsError:
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        words = " ".join(text.split())[:LONGEST_ANSWER]
        kind = Refused if code in _PERMANENT else RefusedForNow
        return kind(host=self.host, answer=f"{code} {words}")


def _smtp_from(url: str) -> SmtpTransport:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise BadSetting(name=SETTING, problem=str(error)) from None
    options = parse_qs(parts.query, keep_blank_values=True)
    plain = options.pop("starttls", None) == ["no"]
    if not unquote(f"{parts.username}{parts.password}").isascii():
        raise BadSetting(name=SETTING, problem="user and password must be ASCII, as SMTP has it")
    if not parts.hostname or options or parts.path.strip("/"):
        raise BadSetting(name=SETTING, problem="it is not such as smtp://user:password@host:587")
    return SmtpTransport(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        implicit_tls=parts.scheme == "smtps",
        plain=plain,
    )
