"""The site as a whole: what everybody may know of its settings."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from cms.api.access import person
from cms.api.lists import Text
from cms.api.mistakes import IN_RANGE
from cms.api.part import Part, one
from cms.api.words import told
from cms.config import settings
from cms.content import site_settings
from cms.editorial import content

site = Part("settings", "site_setting", "The site as a whole.", scope="content")


_BY_LANGUAGE = {"title", "tagline"}


class SiteSchema(Schema):
    """What everybody may know of the settings of the site."""

    title = told(
        "Its name, in each language.",
        fields.Dict,
        keys=fields.String(),
        values=fields.String(),
        example={"en": "Harbour news"},
    )
    tagline = told(
        "What it is about, in each language.",
        fields.Dict,
        keys=fields.String(),
        values=fields.String(),
    )
    languages = told(
        "The languages of its texts, the first one first.",
        fields.List,
        cls_or_instance=fields.String(metadata={"examples": ["en"]}),
    )
    articles_per_page = told("Articles on one page of a list.", fields.Integer, example=12)


def _in_languages() -> fields.Dict:
    return fields.Dict(
        keys=Text(validate=validate.Length(1, 20)),
        values=Text(validate=validate.Length(0, 255)),
    )


class SiteChangeSchema(Schema):
    """What of the settings is changed; the rest stays, other languages too. An empty text
    takes one away."""

    title = _in_languages()
    tagline = _in_languages()
    articles_per_page = fields.Integer(strict=True, validate=validate.Range(1, 100, error=IN_RANGE))


@site.offer("GET", "", may="view", answers=SiteSchema, public=True)
def read_site() -> Response:
    """Tell of the site."""
    known = site_settings.read().model_dump()
    return one(SiteSchema, known | {"languages": settings().content_languages})


@site.offer(
    "PATCH",
    "",
    may="edit",
    answers=SiteSchema,
    body=SiteChangeSchema,
    scope="settings:write",
)
def change_site(changes: Any) -> Response:
    """Change settings of the site."""
    known = site_settings.read()
    for name in _BY_LANGUAGE & changes.keys():
        merged = getattr(known, name) | changes[name]
        changes[name] = {language: words for language, words in merged.items() if words}
    content.set_site(person(), **changes)
    return read_site()
