"""Articles: what is live for everybody, and with a token what its person sees and writes."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate
from sqlalchemy import false, or_, select
from sqlalchemy.orm import joinedload, selectinload

from cms.api import changes as waits
from cms.api import life, revisions, texts
from cms.api.access import person
from cms.api.lists import NEXT, Listed, Text, fields_of, page_of, told_of
from cms.api.part import Part
from cms.api.shown import ShownSchema
from cms.api.words import Said, told
from cms.content import addresses
from cms.content.models import LONGEST_SLUG, Article, Category, Tag
from cms.content.tags import LONGEST as LONGEST_TAG
from cms.content.waiting import ChangesWait
from cms.editorial import content
from cms.extensions import db

articles = Part("articles", "article", "What is told once, and has a date.", scope="content")


class ShelfSchema(Schema):
    """A category or a tag of an article."""

    id = told("Its number.", fields.Integer)
    title = told("Its name.", fields.String, example="Sea")
    slug = told("Its part of the address.", fields.String, example="sea")
    address = told("Where on the site it is.", Said, say=addresses.of)


class ArticleSchema(texts.TextSchema):
    """An article."""

    cover_id = told("The number of its cover.", fields.Integer, allow_none=True)
    cover = told(
        "Its cover.",
        fields.Nested,
        nested=ShownSchema,
        attribute="told_cover",
        allow_none=True,
    )
    category_id = told("The number of its category.", fields.Integer, allow_none=True)
    category = fields.Nested(ShelfSchema, allow_none=True)
    tags = fields.List(fields.Nested(ShelfSchema))


class ArticleChangeSchema(texts.TextChangeSchema):
    """What of an article is changed; the rest stays."""

    cover_id = texts.number("A picture of the library.", allow_none=True)
    category_id = texts.number("A category of its language.", allow_none=True)
    tags = fields.List(
        Text(validate=validate.Length(1, LONGEST_TAG)),
        validate=validate.Length(0, 50),
        metadata={"description": "The names of its tags; those that are new are added."},
    )


class NewArticleSchema(ArticleChangeSchema):
    """An article to begin: a draft. Without a slug it gets one of its title."""

    title = texts.title(required=True)
    language = texts.line(20, "Such as `zh_Hans_CN`; the first of the site, unless told.")
    translation_of = texts.number("The article that says the same in another language.")


def _stands_in(key: int) -> Any:
    """Return what an article fulfils in a category, or in one below it."""
    category = db.session.get(Category, key)
    if category is None:
        return false()
    below = Category.path.startswith(f"{category.path}/", autoescape=True)
    inside = (Category.language == category.language, or_(Category.id == key, below))
    return Article.category_id.in_(select(Category.id).where(*inside))


LIST = Listed(
    Article,
    ArticleSchema,
    sorts=texts.sorts(Article),
    usual="-id",
    filters=texts.filters(Article)
    | {
        "category": (
            texts.number("It stands in this category, or below it.", asked=True),
            _stands_in,
        ),
        "tag": (
            texts.line(LONGEST_SLUG, "The slug of a tag that it has."),
            lambda it: Article.tags.any(Tag.slug == it),
        ),
    },
    search=texts.search(Article),
    loads=(
        joinedload(Article.category),
        selectinload(Article.tags),
        selectinload(Article.owner),
    ),
    expands=texts.IN_LISTS,
    prepare=texts.prepare,
)


@articles.offer(
    "GET",
    "",
    may="read",
    answers=page_of(ArticleSchema),
    query=LIST.query,
    headers=NEXT,
    public=True,
)
def list_articles(asked: Any) -> Response:
    """List articles.

    Without a token those that are live; with one, all that its person may see.
    """
    return LIST.page(asked, texts.seen(Article))


@articles.offer(
    "GET",
    "/<int:id>",
    may="read",
    answers=ArticleSchema,
    query=fields_of(ArticleSchema, texts.OF_ONE),
    tagged=True,
    public=True,
)
def read_article(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
    """Tell of one article."""
    names = told_of(ArticleSchema, asked, texts.OF_ONE)
    return texts.tell(articles, ArticleSchema, texts.find(Article, id), names)


@articles.offer(
    "POST",
    "",
    may="create",
    answers=ArticleSchema,
    code=201,
    body=NewArticleSchema,
    tagged=True,
    headers=life.PLACE,
)
def begin_article(given: Any) -> Response:
    """Begin an article, as a draft of one's own."""
    return texts.begin(articles, Article, ArticleSchema, given)


@articles.offer(
    "PATCH",
    "/<int:id>",
    may="edit",
    answers=ArticleSchema,
    body=ArticleChangeSchema,
    tagged=True,
    conflicts=[ChangesWait],
)
def change_article(changes: Any, id: int) -> Response:  # noqa: A002
    """Change an article, and keep a revision.

    `If-Match` says which state is changed, so that nobody's change is lost; `*` is any.
    """
    article = texts.find(Article, id, lock=True)
    texts.check(articles, ArticleSchema, article)
    content.save(article, person(), **changes)
    return texts.tell(articles, ArticleSchema, article)


@articles.offer("DELETE", "/<int:id>", may="delete", answers=None, code=204)
def delete_article(id: int) -> Response:  # noqa: A002
    """Move an article to the trash; the site shows it no more."""
    return texts.delete(Article, id)


life.offer(articles, Article, ArticleSchema)
revisions.offer(articles, Article, ArticleSchema)
waits.offer(articles, Article, ArticleSchema, ArticleChangeSchema)
