"""Pages that are drawn once and sent often.

What a page shows is known by its marks (`cms.content.stamps`). They make its ETag, so that
a browser that has the page is told so before anything is loaded or drawn; and it is by its
ETag that a process keeps what it has drawn. Nothing has to be told when something changes:
the marks are other ones then, in every process at once.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Lock

from flask import Flask, Response, current_app, request

from cms import assets
from cms.config import TOP, Settings, settings
from cms.content import stamps

_KEPT = "cms.site.kept"
MOST_KEPT = 500
LARGEST_KEPT = 100_000  # signs, so that all of them take no more than some dozen MB

# No nonces: there is no script in a page, so that one drawing of it is for all.
_POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# What a page is made by, beside its data.
_MADE_BY = (
    "cms/site/*.py",
    "cms/content/bodies.py",
    "templates/site/**/*",
    "cms/translations/*/LC_MESSAGES/*.po",
)


@dataclass(frozen=True)
class Drawn:
    """A page as it is sent. `frames` are the origins of what a reader can open in it."""

    body: str
    frames: frozenset[str] = frozenset()
    language: str | None = None
    mimetype: str = "text/html"

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.body.encode(), mtime=0)


class Kept:
    """The pages that this process has drawn last."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, Drawn] = OrderedDict()
        self._lock = Lock()

    def get(self, etag: str) -> Drawn | None:
        with self._lock:
            if etag in self._pages:
                self._pages.move_to_end(etag)
            return self._pages.get(etag)

    def put(self, etag: str, drawn: Drawn) -> None:
        if len(drawn.body) > LARGEST_KEPT:
            return
        with self._lock:
            self._pages[etag] = drawn
            while len(self._pages) > MOST_KEPT:
                self._pages.popitem(last=False)


def init_app(app: Flask) -> None:
    forget(app)


def forget(app: Flask) -> None:
    """Forget the pages that were drawn."""
    app.extensions[_KEPT] = Kept()


def give(address: str, names: Collection[str], draw: Callable[[], Drawn]) -> Response:
    """Answer with what is at `address`, a page that the marks of `names` change with.

    `draw` is called only if the page is not kept, and must load what it shows itself: what
    was loaded before the marks were read may be older than they are.
    """
    etag = _etag(address, stamps.read(names))
    if request.if_none_match.contains_weak(etag):
        # Without a policy: browsers would put it in the place of that of the page.
        return _to_be_asked_again(Response(status=304), etag)
    kept: Kept = current_app.extensions[_KEPT]
    drawn = kept.get(etag)
    if drawn is None:
        drawn = draw()
        kept.put(etag, drawn)
    return _to_be_asked_again(_compressed(drawn), etag)


def answer(drawn: Drawn, status: int = 200) -> Response:
    """Return a page with its policy, and without a word on how long it holds."""
    response = Response(drawn.body, status, mimetype=drawn.mimetype)
    response.headers["Content-Security-Policy"] = policy(drawn.frames)
    if drawn.language:
        response.content_language.add(drawn.language)
    return response


def _compressed(drawn: Drawn) -> Response:
    """Return a page as small as the reader's browser takes it. There is nothing secret in it
    that somebody could guess by its size."""
    response = answer(drawn)
    if request.accept_encodings["gzip"]:
        response.set_data(drawn.compressed)
        response.content_encoding = "gzip"
    return response


def policy(frames: Iterable[str] = ()) -> str:
    """Return what browsers may load for a page."""
    parts = {**_POLICY, "frame-src": " ".join(sorted(frames)) or "'none'"}
    if elsewhere := settings().storage_address:
        parts["img-src"] += f" {elsewhere}"
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def _to_be_asked_again(response: Response, etag: str) -> Response:
    response.set_etag(etag, weak=True)  # the same, compressed or not
    response.vary.add("Accept-Encoding")
    response.cache_control.public = True
    response.cache_control.no_cache = True
    return response


def _etag(address: str, marks: Iterable[str]) -> str:
    parts = (build(settings()), assets.mark(), request.host_url, address, *marks)
    return sha256("\0".join(parts).encode()).hexdigest()[:32]


@lru_cache(maxsize=8)
def build(settings: Settings) -> str:
    """Return a mark of the program, the theme and the settings."""
    digest = sha256(repr(settings).encode())
    theme = sorted(settings.theme.rglob("*")) if settings.theme else []
    for path in (*_files(), *theme):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _files() -> Iterable[Path]:
    return [path for pattern in _MADE_BY for path in sorted(TOP.glob(pattern))]
