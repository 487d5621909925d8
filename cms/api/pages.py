"""Pages: a tree for each language, of which everybody sees what is live."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields
from sqlalchemy.orm import selectinload

from cms.api import changes as waits
from cms.api import life, revisions, texts
from cms.api.access import person
from cms.api.lists import NEXT, Listed, fields_of, page_of, told_of
from cms.api.part import Part
from cms.api.words import told
from cms.content.models import LONGEST_PATH, Page
from cms.content.trees import HasChildren
from cms.content.waiting import ChangesWait
from cms.editorial import content

pages = Part("pages", "page", "What is always there, and stands in a tree.", scope="content")
IN_LISTS = ("body", "pictures", "translations")
OF_ONE = ("pictures", "translations")


class PageSchema(texts.TextSchema):
    """A page of the site. `path` are the slugs from the root of the tree down to it."""

    parent_id = told("The number of what it stands below.", fields.Integer, allow_none=True)
    position = told("Its place among those of the same parent, from 1.", fields.Integer)
    path = told("Its place in the tree.", fields.String, example="about/team")
    template = told("What of the theme shows it.", fields.String, example="page")


class PageChangeSchema(texts.TextChangeSchema):
    """What of a page is changed; the rest stays. With a new parent or slug it moves, and
    takes along what stands below it."""

    parent_id = texts.number("What it is to stand below; null is the root.", allow_none=True)
    position = texts.position()
    template = texts.line(40, "One of the templates that the theme declares.")


class NewPageSchema(PageChangeSchema):
    """A page to begin: a draft. Without a slug it gets one of its title."""

    title = texts.title(required=True)
    language = texts.line(20, "Such as `zh_Hans_CN`; the first of the site, unless told.")
    translation_of = texts.number("The page that says the same in another language.")


LIST = Listed(
    Page,
    PageSchema,
    sorts=texts.sorts(Page) | {"path": Page.path, "position": Page.position},
    usual="-id",
    filters=texts.filters(Page)
    | {
        "parent": (
            texts.number("What it stands right below.", asked=True),
            lambda it: Page.parent_id == it,
        ),
        "root": (
            fields.Boolean(metadata={"description": "Whether it stands at the root."}),
            lambda it: Page.parent_id.is_(None) if it else Page.parent_id.is_not(None),
        ),
        "path": (texts.line(LONGEST_PATH, "Its place in the tree."), lambda it: Page.path == it),
    },
    search=texts.search(Page),
    loads=(selectinload(Page.owner),),
    expands=IN_LISTS,
    prepare=texts.prepare,
)


@pages.offer(
    "GET", "", may="read", answers=page_of(PageSchema), query=LIST.query, headers=NEXT, public=True
)
def list_pages(asked: Any) -> Response:
    """List pages.

    Without a token those that are live; with one, all that its person may see. The tree is
    told by `parent_id` and `position`.
    """
    return LIST.page(asked, texts.seen(Page))


@pages.offer(
    "GET",
    "/<int:id>",
    may="read",
    answers=PageSchema,
    query=fields_of(PageSchema, OF_ONE),
    tagged=True,
    public=True,
)
def read_page(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
    """Tell of one page."""
    names = told_of(PageSchema, asked, OF_ONE)
    return texts.tell(pages, PageSchema, texts.find(Page, id), names)


@pages.offer(
    "POST",
    "",
    may="create",
    answers=PageSchema,
    code=201,
    body=NewPageSchema,
    tagged=True,
    headers=life.PLACE,
)
def begin_page(given: Any) -> Response:
    """Begin a page, as a draft of one's own."""
    return texts.begin(pages, Page, PageSchema, given)


@pages.offer(
    "PATCH",
    "/<int:id>",
    may="edit",
    answers=PageSchema,
    body=PageChangeSchema,
    tagged=True,
    conflicts=[ChangesWait],
)
def change_page(changes: Any, id: int) -> Response:  # noqa: A002
    """Change or move a page, and keep a revision.

    `If-Match` says which state is changed, so that nobody's change is lost; `*` is any.
    """
    page = texts.find(Page, id, lock=True)
    texts.check(pages, PageSchema, page)
    content.save(page, person(), **changes)
    return texts.tell(pages, PageSchema, page)


@pages.offer("DELETE", "/<int:id>", may="delete", answers=None, code=204, conflicts=[HasChildren])
def delete_page(id: int) -> Response:  # noqa: A002
    """Move a page to the trash, if no others stand below it."""
    return texts.delete(Page, id)


life.offer(pages, Page, PageSchema)
revisions.offer(pages, Page, PageSchema)
waits.offer(pages, Page, PageSchema, PageChangeSchema)
