"""Finding rows by a piece of their text, however many there are: one index per database.

An index only tells which rows may hold a word. Whoever asks still compares each of them,
so that an index that finds too much is merely slow, and a database without one gives the
same answers.

- SQLite: FTS5 with trigrams, a table `<table>_text` kept in step by triggers.
- PostgreSQL: an index of trigrams (`pg_trgm`) on the text itself.
- MariaDB splits text into words, and knows no parts of them: it has none.

`install` makes what is missing, and is called after every migration: where SQLite copies
a table to alter it, the triggers are lost with the old one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Enum, String, cast, inspect, text
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

# What is indexed: the columns of each table, none of them nullable.
TEXTS = {
    "image": ("title", "alt_text", "filename"),
    "mail_message": ("subject", "recipient"),
    "article": ("title", "summary", "plain"),
    "page": ("title", "summary", "plain"),
}
SHORTEST_WORD = 3
LONGEST_SEARCH = 200
MOST_SEARCH_WORDS = 8

_known: WeakKeyDictionary[Engine, set[str]] = WeakKeyDictionary()


def words_of(search: str) -> list[str]:
    """Return the words of a search, at most `MOST_SEARCH_WORDS`."""
    return search[:LONGEST_SEARCH].split()[:MOST_SEARCH_WORDS]


def holds(model: Any, path: Any, word: str) -> Any:
    """Return what a row fulfils if its column holds `word`. `path` leads over relations."""
    *relations, column = str(getattr(path, "key", path)).split(".")
    steps = []
    for name in relations:
        steps.append(getattr(model, name))
        model = steps[-1].property.mapper.class_
    held = getattr(model, column)
    if not isinstance(held.type, String) or isinstance(held.type, Enum):
        held = cast(held, String)
    found = held.icontains(word, autoescape=True)
    for step in reversed(steps):
        found = step.any(found) if step.property.uselist else step.has(found)
    return found


def keys(session: Any, table: str, words: Sequence[str], most: int) -> list[Any] | None:
    """Return the keys of rows of `table` that may hold all `words`, at most `most` of them.

    None if no index can tell: then any row may. What is asked of PostgreSQL until the
    transaction ends is planned for its very words: see `_plan_anew`.
    """
    long = [word for word in words if len(word) >= SHORTEST_WORD]
    connection = session.connection()
    _plan_anew(connection)
    if not long or table not in TEXTS or not _is_there(connection, table):
        return None
    if connection.dialect.name == "sqlite":
        phrases = " AND ".join('"{}"'.format(word.replace('"', '""')) for word in long)
        name = name_of(table)
        found = f"SELECT rowid FROM {name} WHERE {name} MATCH :phrases LIMIT :most"  # noqa: S608 - our own names
        return list(connection.scalars(text(found), {"phrases": phrases, "most": most}))
    likes = {f"like{number}": f"%{_escaped(word)}%" for number, word in enumerate(long)}
    each = " AND ".join(f"{_joined(table)} LIKE lower(:{name}) ESCAPE '/'" for name in likes)
    found = f"SELECT id FROM {table} WHERE {each} LIMIT :most"  # noqa: S608 - our own names
    return list(connection.scalars(text(found), {**likes, "most": most}))


def _plan_anew(connection: Connection) -> None:
    """Of a statement that it has seen ten times PostgreSQL keeps one plan for all words, by which
    it looks for two letters in the index of three: 250 ms instead of 22, of 100,000 articles."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def install(connection: Connection) -> None:
    """Make the indexes that are missing. Callers commit."""
    make = {"sqlite": _install_sqlite, "postgresql": _install_postgresql}
    if found := make.get(connection.dialect.name):
        for table in TEXTS:
            found(connection, table)


def remove(connection: Connection) -> None:
    """Remove all of them."""
    for table in TEXTS:
        if connection.dialect.name == "sqlite":
            for trigger in _triggers(table):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
            connection.execute(text(f"DROP TABLE IF EXISTS {name_of(table)}"))
        elif connection.dialect.name == "postgresql":
            connection.execute(text(f"DROP INDEX IF EXISTS {_index(table)}"))


def is_ours(name: str | None) -> bool:
    """Tell whether a table or an index belongs to this module, and to no model."""
    ours = [name_of(table) for table in TEXTS] + [_index(table) for table in TEXTS]
    return name is not None and any(name == our or name.startswith(f"{our}_") for our in ours)


def name_of(table: str) -> str:
    """Return what the index of a table is called where it is a table itself."""
    return f"{table}_text"


def _index(table: str) -> str:
    return f"ix_{table}_text"


def _is_there(connection: Connection, table: str) -> bool:
    known = _known.setdefault(connection.engine, set())
    if table not in known and _ask(connection, table):
        known.add(table)
    return table in known


def _ask(connection: Connection, table: str) -> bool:
    if connection.dialect.name == "sqlite":
        return inspect(connection).has_table(name_of(table))
    if connection.dialect.name == "postgresql":
        asked = {"name": _index(table)}
        return connection.scalar(text("SELECT to_regclass(:name)"), asked) is not None
    return False


def _escaped(word: str) -> str:
    for sign in "/%_":
        word = word.replace(sign, f"/{sign}")
    return word


# SQLite


def _triggers(table: str) -> dict[str, str]:
    """Return the triggers by name."""
    name = name_of(table)
    new, old = _words(table, "new."), _words(table, "old.")
    add = f"INSERT INTO {name}(rowid, words) VALUES (new.id, {new});"  # noqa: S608 - our own names
    drop = f"INSERT INTO {name}({name}, rowid, words) VALUES ('delete', old.id, {old});"  # noqa: S608 - our own names
    when = {
        "insert": (f"INSERT ON {table}", add),
        "delete": (f"DELETE ON {table}", drop),
        "update": (f"UPDATE OF id, {', '.join(TEXTS[table])} ON {table}", drop + add),
    }
    return {
        f"{name}_{word}": f"CREATE TRIGGER {name}_{word} AFTER {event} BEGIN {acts} END"
        for word, (event, acts) in when.items()
    }


def _words(table: str, prefix: str = "") -> str:
    return " || char(10) || ".join(prefix + column for column in TEXTS[table])


def _install_sqlite(connection: Connection, table: str) -> None:
    kept = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table AND name LIKE :ours"  # noqa: E501
    asked = {"table": table, "ours": f"{name_of(table)}\\_%"}
    if connection.scalar(text(kept + " ESCAPE '\\'"), asked) == len(_triggers(table)):
        return
    name = name_of(table)
    # What has changed without them is not known: it is made anew.
    for trigger in _triggers(table):
        connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
    connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    made = f"CREATE VIRTUAL TABLE {name} USING fts5(words, content='', tokenize='trigram')"
    connection.execute(text(made))
    fill = f"INSERT INTO {name}(rowid, words) SELECT id, {_words(table)} FROM {table}"  # noqa: S608 - our own names
    connection.execute(text(fill))
    for trigger in _triggers(table).values():
        connection.execute(text(trigger))


# PostgreSQL


def _joined(table: str) -> str:
    """Return the text of a row, as the index has it."""
    return "lower({})".format(" || E'\\n' || ".join(TEXTS[table]))


def _install_postgresql(connection: Connection, table: str) -> None:
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except DBAPIError as error:
        log.warning(
            "searching text will be slow: PostgreSQL refused to install pg_trgm (%s)."
            " Let its administrator execute CREATE EXTENSION pg_trgm in this database,"
            " then run flask db upgrade again.",
            type(error.orig).__name__,
        )
        return
    made = f"CREATE INDEX IF NOT EXISTS {_index(table)} ON {table} USING gin"
    connection.execute(text(f"{made} (({_joined(table)}) gin_trgm_ops)"))
