"""Pictures as texts show them: with all that a `<picture>` needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import url_for
from marshmallow import Schema, fields
from sqlalchemy import select

from cms.api.pictures import RenditionSchema
from cms.api.words import told
from cms.extensions import db
from cms.media.sources import by_kind, family

PRESET = "width"


class SourceSchema(Schema):
    """The files of one kind, each with its width."""

    mime = told("Their kind; the last is for every browser.", fields.String, example="image/avif")
    srcset = told("For the attribute of the same name.", fields.String)


class Sources(fields.List):
    """What a `<source>` each is made of, the smallest kind first."""

    def __init__(self, **options: Any) -> None:
        super().__init__(fields.Nested(SourceSchema), dump_only=True, **options)

    def get_value(self, obj: Any, *_args: Any, **_kwargs: Any) -> Any:
        """Return the files of a picture, kind by kind."""
        return [
            {
                "mime": kind or files[0].mime,
                "srcset": ", ".join(
                    f"{url_for('site.media', key=file.key)} {file.width}w" for file in files
                ),
            }
            for kind, files in by_kind(family(obj, PRESET))
        ]


class ShownSchema(Schema):
    """A picture, ready to be shown."""

    id = told("Its number.", fields.Integer, example=7)
    alt_text = told("What it shows, where the text says nothing else.", fields.String)
    width = told("In pixels.", fields.Integer)
    height = told("In pixels.", fields.Integer)
    focal_x = told("What matters in it, from the left, 0 to 1.", fields.Float)
    focal_y = told("What matters in it, from the top, 0 to 1.", fields.Float)
    sources = told("For a `<picture>`: widths of each kind of file.", Sources)
    renditions = fields.List(fields.Nested(RenditionSchema))


def in_bodies(things: Sequence[Any]) -> Mapping[int, list[int]]:
    """Return the ids of the pictures in the bodies of texts of one kind, by theirs."""
    found: dict[int, list[int]] = {thing.id: [] for thing in things}
    if things:
        table = type(things[0]).pictures
        mine = table.c[f"{things[0].kind}_id"]
        rows: Iterable[Any] = db.session.execute(
            select(mine, table.c.image_id).where(mine.in_(found)).order_by(table.c.image_id)
        )
        for thing_id, image_id in rows:
            found[thing_id].append(image_id)
    return found
