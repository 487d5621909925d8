"""Categories: the shelves that articles stand in, a tree for each language."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from cms.api.access import person, there
from cms.api.lists import NEXT, Listed, any_holds, fields_of, page_of
from cms.api.part import Part, nothing, one
from cms.api.texts import SHELVES, line, number, position, title
from cms.api.words import Said, told
from cms.content import addresses
from cms.content.models import LONGEST_PATH, LONGEST_SLUG, Category
from cms.content.trees import HasChildren
from cms.editorial import shelves

categories = Part("categories", "category", "The shelves that articles stand in.", scope="content")


class CategorySchema(Schema):
    """A category. `path` are the slugs from the root of the tree down to it."""

    id = told("Its number.", fields.Integer, example=7)
    title = told("Its name.", fields.String, example="Travel")
    slug = told("Its part of the address.", fields.String, example="travel")
    language = told("Its language.", fields.String, example="en")
    address = told("Where on the site it is.", Said, say=addresses.of)
    parent_id = told("The number of what it stands below.", fields.Integer, allow_none=True)
    position = told("Its place among those of the same parent, from 1.", fields.Integer)
    path = told("Its place in the tree.", fields.String, example="travel/asia")


LIST = Listed(
    Category,
    CategorySchema,
    sorts={
        "path": Category.path,
        "position": Category.position,
        "title": Category.title,
        "id": Category.id,
    },
    usual="path",
    filters={
        "language": (line(20, "Such as `zh_Hans_CN`."), lambda it: Category.language == it),
        "parent": (
            number("What it stands right below.", asked=True),
            lambda it: Category.parent_id == it,
        ),
        "path": (line(LONGEST_PATH, "Its place in the tree."), lambda it: Category.path == it),
    },
    search=any_holds(Category, "title"),
)


@categories.offer(
    "GET",
    "",
    may="view",
    answers=page_of(CategorySchema),
    query=LIST.query,
    headers=NEXT,
    public=True,
)
def list_categories(asked: Any) -> Response:
    """List categories."""
    return LIST.page(asked)


@categories.offer(
    "GET",
    "/<int:id>",
    may="view",
    answers=CategorySchema,
    query=fields_of(CategorySchema),
    public=True,
)
def read_category(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
    """Tell of one category."""
    return one(CategorySchema, there(Category, id), only=asked.get("fields"))


class CategoryChangeSchema(Schema):
    """What of a category is changed; the rest stays. One that moves takes along what stands
    below it, and its old address leads on."""

    title = title()
    slug = line(LONGEST_SLUG, "Its part of the address.")
    parent_id = number("What it is to stand below; null is the root.", allow_none=True)
    position = position()


class NewCategorySchema(CategoryChangeSchema):
    """A category to add. Without a slug it gets one of its title."""

    title = title(required=True)
    language = line(20, "Such as `zh_Hans_CN`; the first of the site, unless told.")


@categories.offer(
    "POST",
    "",
    may="create",
    answers=CategorySchema,
    code=201,
    body=NewCategorySchema,
    scope=SHELVES,
)
def add_category(given: Any) -> Response:
    """Add a category."""
    answer = one(CategorySchema, shelves.create_category(person(), **given))
    answer.status_code = 201
    return answer


@categories.offer(
    "PATCH",
    "/<int:id>",
    may="edit",
    answers=CategorySchema,
    body=CategoryChangeSchema,
    scope=SHELVES,
)
def change_category(changes: Any, id: int) -> Response:  # noqa: A002
    """Rename or move a category."""
    category = there(Category, id)
    shelves.save_category(category, person(), **changes)
    return one(CategorySchema, category)


@categories.offer(
    "DELETE",
    "/<int:id>",
    may="delete",
    answers=None,
    code=204,
    conflicts=[HasChildren],
    scope=SHELVES,
)
def delete_category(id: int) -> Response:  # noqa: A002
    """Delete a category; its articles stay, in none."""
    shelves.remove_category(there(Category, id), person())
    return nothing()
