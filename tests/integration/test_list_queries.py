"""How many queries each list screen takes, with ten rows and with a hundred: as many, and few.

`pytest -s` prints the figures.
"""

import sys
from itertools import count, product

import pytest
import sqlalchemy as sa
from flask import current_app

from cms import clock
from cms.admin.lists import QsListView
from cms.database import UtcDateTime
from cms.extensions import db
from cms.jobs.models import Schedule
from cms.media.models import Image, Rendition
from tests.queries import statements

_numbers = count(1)
# Declared in the program, not written by anybody.
FIXED = {Schedule}
MOST = 12
PER_ROW = {Image: [Rendition]}
# What makes a row one of those that a screen shows.
OF_SCREEN = {
    "image_trash": lambda _me: {"deleted_at": clock.now()},
    "article_trash": lambda _me: {"deleted_at": clock.now()},
    "page_trash": lambda _me: {"deleted_at": clock.now()},
    "category": lambda _me: {"language": "en"},
    "tag": lambda _me: {"language": "en"},
    "document_trash": lambda _me: {"deleted_at": clock.now()},
    "export": lambda me: {"user_id": me},
    "import": lambda me: {"user_id": me},
    "site_import": lambda me: {"user_id": me},
    "login_session": lambda me: {"user_id": me},
    "api_token": lambda me: {"user_id": me, "scopes": ["pictures:read"]},
}


def make(model, **given):
    """A row of any table, with all that it belongs to; each of its own."""
    number = next(_numbers)
    for column in model.__table__.columns:
        if column.name in given or (column.primary_key and not is_text(column)):
            continue
        if column.foreign_keys:
            given[column.name] = parent(column)
        elif not column.nullable and column.default is None and column.server_default is None:
            given[column.name] = value(column, number)
    row = model(**given)
    db.session.add(row)
    db.session.flush()
    for child in PER_ROW.get(model, ()):
        make(child, image_id=row.id)
    return row


def is_text(column):
    return isinstance(column.type, sa.String)


def parent(column):
    (key,) = column.foreign_keys
    if key.column.table is column.table:  # of its own kind: for one step only
        return None
    model = next(
        it.class_ for it in db.Model.registry.mappers if it.local_table is key.column.table
    )
    return getattr(make(model), key.column.name)


def value(column, number):
    if isinstance(column.type, sa.Enum):
        return next(iter(column.type.enum_class))
    if isinstance(column.type, UtcDateTime):
        return clock.now()
    if isinstance(column.type, sa.JSON):
        return {"args": [], "events": ["picture.ready"], "formats": ["jpeg"]}.get(column.name, {})
    if isinstance(column.type, sa.Boolean):
        return True
    text = f"{column.name[:8]}-{number}" if column.name != "url" else f"https://{number}.example/"
    return text if is_text(column) else number


@pytest.fixture
def queries(ctx):
    """Count what one page asks: `queries(client, address)`; with the number of its rows."""

    def ask(client, address):
        client.get(address)  # what is asked once a process is asked now
        db.session.remove()
        with statements() as seen:
            answer = client.get(address)
        assert answer.status_code == 200
        return len(seen), answer.text.count("<tr ") - 1

    return ask


def tell(line):
    sys.stdout.write(f"{line}\n")


def views():
    (admin,) = current_app.extensions["admin"]
    return [view for view in admin._views if isinstance(view, QsListView)]


def test_no_list_asks_more_for_more_rows(client, log_in, queries):
    me = log_in("administrator").id
    for view in views():
        tab = "?tab=all&page_size=100" if view.tabs else "?page_size=100"
        address = view.url.rstrip("/") + "/" + tab
        found = []
        for rows in (10, 90):
            for _number in range(rows if view.model not in FIXED else 0):
                make(view.model, **OF_SCREEN.get(view.endpoint, lambda _me: {})(me))
            db.session.commit()
            found.append(queries(client, address))
        (few, shown), (many, all_shown) = found
        tell(f"{view.endpoint:18} {few:3} queries for {shown:3} rows, {many:3} for {all_shown:3}")
        assert few == many <= MOST, view.endpoint
        if view.model not in FIXED:
            assert shown >= 10, view.endpoint
            assert all_shown >= 100, view.endpoint  # presets come on one page


def test_turning_pages_and_searching_take_a_few_more_whatever_is_found(client, log_in, queries):
    log_in("administrator")
    for rows in (30, 90):
        for _number in range(rows):
            make(Image)
        db.session.commit()
        taken = {
            words: queries(client, f"/admin/image/?{words}")[0]
            for words in ("", "page=1", "page=-1", "search=title", "search=zzzzz", "sort=1")
        }
        tell(f"{rows} pictures more: {taken}")
        assert max(taken.values()) <= taken[""] + 2


OF_PICTURES = ("", "?tab=alike", "?sort=1", "?sort=4&desc=1", "?sort=6", "?page=-1")
OF_ARTICLES = ("", "?tab=draft", "?sort=1", "?sort=6&desc=1", "?sort=8", "?page=-1")


@pytest.mark.parametrize(
    ("kind", "shown", "few"),
    [
        *product(["image"], OF_PICTURES, [["look_id"]]),
        *product(["article"], OF_ARTICLES, [["held_at", "waiting"]]),
    ],
)
def test_what_is_not_in_the_trash_is_found_by_the_index_of_what_is_asked(
    client, log_in, kind, shown, few
):
    """At a million pictures, looking for them by "not in the trash" takes 15 times as long."""
    log_in("administrator")
    plans = []

    def note(connection, _cursor, sql, parameters, *_rest):
        if f"FROM {kind}" in sql and not sql.startswith("EXPLAIN"):
            plans.extend(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    assert client.get(f"/admin/{kind}/{shown}").status_code == 200
    sa.event.remove(db.engine, "before_cursor_execute", note)
    steps = [plan[-1] for plan in plans]
    assert [step for step in steps if "TEMP B-TREE" in step or "deleted_at=?" in step] == []
    for column in few:  # the counts of the last tabs
        assert any("COVERING INDEX" in step and f"({column}>?)" in step for step in steps)
