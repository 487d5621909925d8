"""Pictures of a site: from a ZIP that came with it, or from where they are on the web.

What is fetched is fetched as webhooks call, with the same limits: see `cms.webhooks.calls`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests import PreparedRequest

from cms.config import settings
from cms.errors import N_, CmsError
from cms.media import files
from cms.media.incoming import IncomingFile
from cms.moving.packs import Pack
from cms.moving.things import parts_of
from cms.webhooks.calls import (
    Caller,
    CallFailed,
    NoAnswer,
    PrivateAddress,
    Redirected,
    UnusableUrl,
    prepared,
)
from cms.webhooks.deadline import Deadline

SECONDS = 60
MOST_STEPS = 4
AT_ONCE = 65_536
_TRIES, _PATIENCE = 2, 3


class NotInPack(CmsError):
    """The ZIP lacks it, and it is not to be fetched, or cannot be."""

    sentence = N_("Its file is missing.")


class OnlyPrivate(CmsError):
    """It is where only this machine can reach it."""

    sentence = N_("%(host)s is on this machine or in a private network: nothing is fetched there.")


class FileTooLarge(CmsError):
    """One file is over `CMS_UPLOAD_MAX_MB`."""

    sentence = N_("The file is larger than %(limit)s MB, the most that is accepted.")


class Fetcher(Caller):
    """Fetches files, by as many steps as sites commonly take."""

    def fetch(self, url: str, into: IncomingFile) -> None:
        """Write what is at an address into a file. Raises `CallFailed` or `OnlyPrivate`."""
        for _step in range(MOST_STEPS):
            further = self._get(prepared(url, method="GET"), into)
            if further is None:
                return
            url = urljoin(url, further)
        raise Redirected(host=urlsplit(url).hostname or "", code=HTTPStatus.FOUND)

    def _get(self, request: PreparedRequest, into: IncomingFile) -> str | None:
        host = urlsplit(request.url or "").hostname or ""
        try:
            with (
                Deadline(self.seconds) as deadline,
                self._told_in_words(host, deadline),
                self._sent(request, deadline) as answer,
            ):
                if answer.is_redirect:
                    return answer.headers["Location"]
                if answer.status_code != HTTPStatus.OK:
                    raise _Answered(host=host, code=answer.status_code)
                for block in answer.iter_content(AT_ONCE):
                    into.write(block)
                    if into.too_large:
                        return None
                if deadline.passed:  # what was cut off looks like the end
                    raise requests.Timeout
        except PrivateAddress:
            raise OnlyPrivate(host=host) from None
        return None


class _Answered(CallFailed):
    """Not there, more likely."""

    sentence = N_("%(host)s does not give this file (%(code)s).")


class Media:
    """Where the files of pictures come from: the ZIP of Markdown itself, or one of uploads, of
    the site on `host`. `opened` gives it, and is called for the first file."""

    def __init__(self, opened: Callable[[], Pack | None], host: str, *, fetches: bool) -> None:
        self._opened, self._host, self._fetches = opened, host, fetches
        self._fetcher = Fetcher(SECONDS, settings().webhook_allow)
        self._silent: Counter[str] = Counter()

    @cached_property
    def _pack(self) -> Pack | None:
        return self._opened()

    @cached_property
    def _by_end(self) -> dict[str, str | None]:
        return _ends(self._pack.names()) if self._pack else {}

    def take(self, path: str | None, url: str | None) -> IncomingFile:
        """Return the file of a picture, to be closed. Raises what says why there is none."""
        file = IncomingFile(files.storage(), settings().upload_max_bytes)
        try:
            self._fill(file, path or self._by_url(url or ""), url)
        except BaseException:
            file.close()
            raise
        return file

    def _fill(self, file: IncomingFile, name: str | None, url: str | None) -> None:
        if self._pack is not None and name in self._pack:
            for block in self._pack.blocks(name or "", settings().upload_max_bytes):
                file.write(block)
        elif url and self._fetches:
            self._fetch(url, file)
        else:
            raise NotInPack
        if file.too_large:
            raise FileTooLarge(limit=settings().upload_max_mb)

    def _fetch(self, url: str, file: IncomingFile) -> None:
        host = parts_of(url).hostname or ""
        if self._silent[host] >= _PATIENCE:  # or a thousand pictures would wait a minute each
            raise NoAnswer(host=host)
        for tried in range(1, _TRIES + 1):
            try:
                self._fetcher.fetch(url, file)
            except (_Answered, UnusableUrl):
                raise
            except CallFailed:
                if tried == _TRIES or file.size:
                    self._silent[host] += 1
                    raise
                time.sleep(1)
            else:
                return

    def _by_url(self, url: str) -> str | None:
        """Return the file of the ZIP whose path ends most like an address does. The name alone
        says enough only on the host of the site: any has a logo.png."""
        address = parts_of(url)
        parts = PurePosixPath(unquote(address.path)).parts
        fewest = 1 if address.hostname == self._host else 2
        for start in range(len(parts) - fewest + 1):
            found = self._by_end.get("/".join(parts[start:]))
            if found:
                return found
        return None


def _ends(names: Iterable[str]) -> dict[str, str | None]:
    """Return each end of a path with the one file that it may be; None if it may be several."""
    found: dict[str, str | None] = {}
    for name in names:
        parts = PurePosixPath(name).parts
        for start in range(len(parts)):
            end = "/".join(parts[start:])
            found[end] = None if end in found else name
    return found
