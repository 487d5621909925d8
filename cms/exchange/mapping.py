"""Which column of a list a column of a file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import force_locale
from sqlalchemy import select

from cms.accounts.models import User
from cms.exchange.models import Import, ImportState
from cms.exchange.sources import Column, Source
from cms.extensions import babel, db


def guessed(source: Source, by: User | None, headings: Sequence[str]) -> dict[str, str]:
    """Return what the person chose last for such headings, else what they are called, in any
    language, as `Import.mapping` has it. No column is taken twice."""
    known = {**_names(source), **_chosen_before(source, by)}
    found: dict[str, str] = {}
    for place, heading in enumerate(headings):
        name = known.get(_simple(heading), "")
        if name and name not in found.values():
            found[str(place)] = name
    return found


def key_column(source: Source) -> Column:
    """Return the column that says which row is meant."""
    return Column(source.key_name, "ID" if source.key_name == "id" else source.key_name)


def _names(source: Source) -> dict[str, str]:
    columns = [key_column(source), *source.columns_in()]
    names = {_simple(column.name): column.name for column in columns}
    for locale in babel.list_translations():
        with force_locale(str(locale)):
            names |= {_simple(str(column.label)): column.name for column in columns}
    return names


def _chosen_before(source: Source, by: User | None) -> Mapping[str, str]:
    query = (
        select(Import)
        .where(
            Import.source == source.endpoint,
            Import.user_id == (by.id if by else None),
            Import.state != ImportState.UPLOADED,
        )
        .order_by(Import.id.desc())
        .limit(1)
    )
    last = db.session.scalar(query)
    if last is None:
        return {}
    known = {source.key_name, *(column.name for column in source.columns_in())}
    return {
        _simple(heading): name
        for place, heading in enumerate(last.headings)
        if (name := last.mapping.get(str(place))) in known
    }


def _simple(heading: str) -> str:
    return " ".join(heading.replace("_", " ").split()).casefold()
