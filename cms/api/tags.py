"""Tags: the words that articles are found by."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from cms.api.access import person, there
from cms.api.lists import NEXT, Listed, Text, any_holds, fields_of, page_of
from cms.api.part import Part, nothing, one
from cms.api.texts import SHELVES, line, number
from cms.api.words import Said, told
from cms.content import addresses
from cms.content.models import LONGEST_SLUG, Tag
from cms.content.tags import LONGEST
from cms.editorial import shelves

tags = Part("tags", "tag", "The words that articles are found by.", scope="content")


class TagSchema(Schema):
    """A tag."""

    id = told("Its number.", fields.Integer, example=7)
    title = told("The word.", fields.String, example="Sea")
    slug = told("Its part of the address.", fields.String, example="sea")
    language = told("Its language.", fields.String, example="en")
    address = told("Where on the site it is.", Said, say=addresses.of)


LIST = Listed(
    Tag,
    TagSchema,
    sorts={"title": Tag.title, "slug": Tag.slug, "id": Tag.id},
    usual="title",
    filters={
        "language": (line(20, "Such as `zh_Hans_CN`."), lambda it: Tag.language == it),
        "slug": (line(LONGEST_SLUG, "Its part of the address."), lambda it: Tag.slug == it),
    },
    search=any_holds(Tag, "title"),
)


@tags.offer(
    "GET", "", may="view", answers=page_of(TagSchema), query=LIST.query, headers=NEXT, public=True
)
def list_tags(asked: Any) -> Response:
    """List tags."""
    return LIST.page(asked)


@tags.offer(
    "GET", "/<int:id>", may="view", answers=TagSchema, query=fields_of(TagSchema), public=True
)
def read_tag(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
    """Tell of one tag."""
    return one(TagSchema, there(Tag, id), only=asked.get("fields"))


class TagChangeSchema(Schema):
    """What a tag is called from now on. Its old address leads on."""

    title = Text(
        required=True,
        validate=[validate.Length(1, LONGEST), validate.Regexp(r"\s*\S")],
        metadata={"description": "The word."},
    )


class MergeSchema(Schema):
    """The tag that takes the place of another."""

    into = number("Its number.", required=True)


@tags.offer(
    "PATCH", "/<int:id>", may="edit", answers=TagSchema, body=TagChangeSchema, scope=SHELVES
)
def rename_tag(given: Any, id: int) -> Response:  # noqa: A002
    """Call a tag otherwise."""
    tag = there(Tag, id)
    shelves.rename_tag(tag, person(), given["title"])
    return one(TagSchema, tag)


@tags.offer(
    "POST", "/<int:id>/merge", may="edit", answers=TagSchema, body=MergeSchema, scope=SHELVES
)
def merge_tag(given: Any, id: int) -> Response:  # noqa: A002
    """Let another tag take the place of this one, to which its address leads."""
    return one(TagSchema, shelves.merge_tag(there(Tag, id), person(), given["into"]))


@tags.offer("DELETE", "/<int:id>", may="delete", answers=None, code=204, scope=SHELVES)
def delete_tag(id: int) -> Response:  # noqa: A002
    """Take a tag off its articles, and delete it."""
    shelves.remove_tag(there(Tag, id), person())
    return nothing()
