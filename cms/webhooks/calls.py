"""One call to an address that somebody typed in: whatever it is, and whatever answers.

`requests-hardened` looks the name up once, refuses addresses of this machine and
of private networks, and connects to the very address that it has looked at.
Redirects are not followed, proxies and `.netrc` of the environment not used, and
the length of the answer and of the whole call are limited.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import HTTPError

from cms.errors import N_, CmsError
from cms.webhooks.deadline import Deadline

CONNECT_SECONDS = 5
LONGEST_ANSWER = 64_000
LONGEST_EXCERPT = 1_000


@dataclass(frozen=True)
class Answer:
    """What came back, as far as it did, and how long that took."""

    code: int | None
    excerpt: str
    milliseconds: int


class CallFailed(CmsError):
    """The call did not succeed. `answer` is what came back all the same."""

    answer: Answer | None = None


class UnusableUrl(CallFailed):
    """The address cannot be called at all."""

    sentence = N_("This is no address that can be called: it must be such as https://host/path.")
    hopeless = True


class PrivateAddress(CallFailed):
    """The name leads to this machine or to a private network."""

    sentence = N_(
        "%(host)s is on this machine or in a private network, which webhooks may not call."
    )
    hopeless = True


class NoAnswer(CallFailed):
    """No connection, or one that broke off."""

    sentence = N_("%(host)s does not answer.")


class NotTrusted(CallFailed):
    """Its certificate is not valid for its name."""

    sentence = N_(
        "%(host)s could not prove that it is the right one: its certificate is not valid."
    )


class TooSlow(CallFailed):
    """The whole call took too long."""

    sentence = N_("%(host)s did not finish its answer within %(seconds)s seconds.")


class EndlessAnswer(CallFailed):
    """The answer was longer than anybody reads."""

    sentence = N_("%(host)s answered more than %(limit)s kB, and was cut off.")


class Redirected(CallFailed):
    """The answer leads elsewhere, perhaps to a place that was refused above."""

    sentence = N_("%(host)s redirects to another address (%(code)s), which is not followed.")


class Gone(CallFailed):
    """The receiver says that it will never want this again."""

    sentence = N_("%(host)s wants no more calls (410), and was switched off.")
    hopeless = True


class Refused(CallFailed):
    """Any other answer that is not a yes."""

    sentence = N_("%(host)s answered with an error (%(code)s).")


@dataclass(frozen=True)
class Caller:
    """Calls addresses within limits. `allowed` names private hosts, as `host` or `host:port`."""

    seconds: float
    allowed: tuple[str, ...] = ()

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send `body` and return the answer, which is a yes. Raises `CallFailed`."""
        request = prepared(url, body, headers)
        host = urlsplit(request.url or "").hostname or ""
        started = time.monotonic()
        code, content = None, b""
        with Deadline(self.seconds) as deadline:
            try:
                with self._told_in_words(host, deadline):
                    code, content = self._exchange(request, deadline)
                    raise_for(code, content, host)
            except CallFailed as error:
                error.answer = Answer(code, _excerpt(content), _since(started))
                raise
        return Answer(code, _excerpt(content), _since(started))

    def look(self, method: str, url: str, headers: dict[str, str]) -> tuple[int, str | None]:
        """Ask for an address, and return the code of the answer and where that leads on, if
        it does. What it says is not read. Raises `CallFailed`."""
        request = prepared(url, headers=headers, method=method)
        host = urlsplit(request.url or "").hostname or ""
        with (
            Deadline(self.seconds) as deadline,
            self._told_in_words(host, deadline),
            self._sent(request, deadline) as response,
        ):
            leads_on = response.headers.get("Location") if response.is_redirect else None
            return response.status_code, leads_on

    def _exchange(self, request: PreparedRequest, deadline: Deadline) -> tuple[int, bytes]:
        with self._sent(request, deadline) as response:
            content = response.raw.read(LONGEST_ANSWER + 1, decode_content=False)
            if deadline.passed:  # what was cut off looks like the end
                raise requests.Timeout
            return response.status_code, content

    @contextmanager
    def _sent(self, request: PreparedRequest, deadline: Deadline) -> Iterator[requests.Response]:
        """Send a request within all limits, and give the answer, of which nothing is read yet."""
        with self._session(request) as session:
            session.trust_env = False
            deadline.watch_all_of(cast("HTTPAdapter", session.get_adapter(request.url or "")))
            with session.send(request, stream=True, timeout=self._timeouts) as response:
                yield response

    def _session(self, request: PreparedRequest) -> requests.Session:
        parts = urlsplit((request.url or "").lower())
        by_name = {parts.hostname or "", parts.netloc} & set(self.allowed)
        limits = Config(
            ip_filter_enable=not by_name,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=self._timeouts,
        )
        session: requests.Session = Manager(limits).get_session()
        return session

    @property
    def _timeouts(self) -> tuple[float, float]:
        return min(CONNECT_SECONDS, self.seconds), self.seconds

    @contextmanager
    def _told_in_words(self, host: str, deadline: Deadline) -> Iterator[None]:
        # `from None`: the library's own errors quote the address, which may hold a secret.
        try:
            yield
        except InvalidIPAddress:
            raise PrivateAddress(host=host) from None
        except requests.exceptions.SSLError:
            raise self._late(host, deadline) or NotTrusted(host=host) from None
        except requests.ReadTimeout:
            raise TooSlow(host=host, seconds=round(self.seconds)) from None
        except (requests.exceptions.InvalidURL, ValueError):
            raise UnusableUrl from None
        except (requests.RequestException, HTTPError, OSError):
            raise self._late(host, deadline) or NoAnswer(host=host) from None

    def _late(self, host: str, deadline: Deadline) -> CallFailed | None:
        return TooSlow(host=host, seconds=round(self.seconds)) if deadline.passed else None


def prepared(
    url: str, body: bytes = b"", headers: dict[str, str] | None = None, method: str = "POST"
) -> PreparedRequest:
    """Return the request as it will be sent. Raises `UnusableUrl`.

    A name or password in the address is refused: lists and errors show addresses.
    """
    try:
        request = requests.Request(method, url, data=body, headers=headers).prepare()
        urlsplit(url)  # which is kept, and shown, as somebody has typed it
        parts = urlsplit(request.url or "")
        usable = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    except (requests.RequestException, ValueError):
        usable = None
    if not usable:
        raise UnusableUrl
    return request


def raise_for(code: int, content: bytes, host: str) -> None:
    """Raise what an answer means, unless it is a yes."""
    if len(content) > LONGEST_ANSWER:
        raise EndlessAnswer(host=host, limit=LONGEST_ANSWER // 1000)
    if code == HTTPStatus.GONE:
        raise Gone(host=host)
    if code in range(300, 400):
        raise Redirected(host=host, code=code)
    if code not in range(200, 300):
        raise Refused(host=host, code=code)


def _excerpt(content: bytes) -> str:
    return content[:LONGEST_EXCERPT].decode("utf-8", "replace").replace("\x00", "\ufffd")


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
