"""How long each kind of page takes to be drawn with very many articles: of the site, and of
the lists in the admin."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import flask_migrate
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks.sites.filling import DRAFTS, fill
from cms.accounts.services import create_user
from cms.app import create_app
from cms.extensions import db
from cms.site import answers
from tests import services

MOST = 60.0  # ms
WHO = {"email": "editor@example.com", "password": "correct horse battery"}


def addresses(rows: int) -> dict[str, str]:
    """Return the pages by what they are."""
    last = (rows - rows // DRAFTS) // 12
    return {
        "home": "/en/",
        "article": f"/en/articles/article-{rows // 2}",
        "list, page 2": "/en/articles?page=2",
        "list, last page": f"/en/articles?page={last}",
        "category": "/en/categories/all/shelf-1",
        "category, of all below": "/en/categories/all",
        "category, page 300": "/en/categories/all/shelf-1?page=300",
        "tag of all": "/en/tags/common",
        "tag of all, page 300": "/en/tags/common?page=300",
        "tag of few": "/en/tags/rare",
        "search, a rare word": f"/en/search?q=zebra{rows // 3:06}",
        "search, a word in all": "/en/search?q=kettle",
        "search, two signs": "/en/search?q=qz",
        "search, nothing": "/en/search?q=xylophone",
        "feed": "/en/feed",
        "sitemap": "/sitemap.xml",
        "a part of the sitemap": "/sitemap/articles-1.xml",
        "nothing there": "/en/nothing",
    }


def lists(rows: int) -> dict[str, str]:
    """Return the lists of the admin by what they are."""
    articles = "/admin/article/"
    return {
        "articles": articles,
        "articles, 100 of them": f"{articles}?page_size=100",
        "articles, page 500": f"{articles}?page=500",
        "articles, last page": f"{articles}?page={rows // 25 - 1}",
        "drafts": f"{articles}?tab=draft",
        "articles, by title": f"{articles}?sort=1",
        "articles, a rare word": f"{articles}?search=zebra{rows // 3:06}",
        "articles, a word in all": f"{articles}?search=kettle",
        "articles, nothing": f"{articles}?search=xylophone",
        "trash": "/admin/article/trash/",
        "categories": "/admin/category/",
        "tags": "/admin/tag/",
        "pictures": "/admin/image/",
    }


def measure(kinds: list[str], rows: int, rounds: int) -> None:
    """Print the medians on each kind of database."""
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder, _filled(kind, Path(folder), rows) as app:
            print(f"\n{kind}, {rows:,} articles: ms to draw each page, by the clock")
            for name, address in addresses(rows).items():
                took, known = _timed(app, address, rounds)
                print(f"{name:26}{took:10.1f}{known:10.1f} as 304{_slow(took)}")
            client = _administrator(app)
            for name, address in lists(rows).items():
                took = _asked(client, address, rounds)
                print(f"{name:26}{took:10.1f}{_slow(took)}")


def _slow(took: float) -> str:
    return "  over 60 ms" if took > MOST else ""


def _administrator(app: Flask) -> FlaskClient:
    with app.app_context():
        create_user(**WHO, roles=["administrator"])
        db.session.commit()
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/login", data=WHO)
    return client


def _asked(client: FlaskClient, address: str, rounds: int) -> float:
    """Return the median of drawing a list."""
    took = []
    for _round in range(rounds + 1):
        begin = time.perf_counter()
        answer = client.get(address)
        took.append(time.perf_counter() - begin)
        assert answer.status_code == HTTPStatus.OK, (address, answer.status)
    return statistics.median(took[1:]) * 1000


def _timed(app: Flask, address: str, rounds: int) -> tuple[float, float]:
    """Return the medians of drawing a page, and of saying that it is the same."""
    client, took, known = app.test_client(), [], []
    client.get(address)
    for _round in range(rounds):
        answers.forget(app)
        begin = time.perf_counter()
        answer = client.get(address)
        took.append(time.perf_counter() - begin)
        assert answer.status_code in (HTTPStatus.OK, HTTPStatus.NOT_FOUND), answer.status
        headers = {"If-None-Match": answer.headers.get("ETag", "")}
        begin = time.perf_counter()
        client.get(address, headers=headers)
        known.append(time.perf_counter() - begin)
    return statistics.median(took) * 1000, statistics.median(known) * 1000


@contextmanager
def _filled(kind: str, folder: Path, rows: int) -> Iterator[Flask]:
    if kind == "sqlite":
        yield _made(folder, rows, {})
        return
    with services.PostgreSQL() as server:
        yield _made(folder, rows, {"CMS_DATABASE_URL": server.url, "CMS_QUEUE_URL": server.url})


def _made(folder: Path, rows: int, settings: dict[str, str]) -> Flask:
    often = {"CMS_SEARCH_LIMIT": "1000000 per minute"}
    app = create_app({"CMS_ENV": "testing", "CMS_DATA_DIR": folder, **often, **settings})
    begin = time.perf_counter()
    with app.app_context():
        flask_migrate.upgrade()
        fill(rows)
        if settings:  # as the database does by itself, some time after so much was written
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
    print(f"filled in {time.perf_counter() - begin:.0f} s")
    return app
