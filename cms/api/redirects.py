"""Redirects: addresses of the site where nothing is any more, and where they lead now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from cms.api.access import person, there
from cms.api.lists import NEXT, Listed, any_holds, fields_of, page_of
from cms.api.part import Part, nothing, one
from cms.api.texts import SHELVES, line
from cms.api.words import told, when
from cms.content.models import LONGEST_ADDRESS, Redirect
from cms.content.redirects import ends
from cms.editorial import shelves

redirects = Part(
    "redirects", "redirect", "Where addresses lead at which nothing is now.", scope="content"
)


class RedirectSchema(Schema):
    """A redirect. One that a move has left leads to a thing, wherever that is by now."""

    id = told("Its number.", fields.Integer, example=7)
    source = told("The address that leads on.", fields.String, example="/en/old")
    target = told(
        "Where it leads; null while that is in the trash.",
        fields.String,
        attribute="leads_to",
        allow_none=True,
        example="/en/new",
    )
    kind = told("The kind of thing it leads to, if a move has left it.", fields.String,
                allow_none=True, example="article")  # fmt: skip
    thing_id = told("The number of that thing.", fields.Integer, allow_none=True)
    made_at = when("When it was made.")


def _lead(rows: Sequence[Redirect], _names: Collection[str]) -> None:
    """Find out where redirects lead: a query for each kind of thing."""
    found = ends(rows)
    for row in rows:
        end = found.get(row.id)
        row.leads_to = end.address if end else None  # type: ignore[attr-defined]


LIST = Listed(
    Redirect,
    RedirectSchema,
    sorts={"id": Redirect.id, "source": Redirect.source},
    usual="-id",
    filters={
        "source": (
            line(LONGEST_ADDRESS, "The address that leads on."),
            lambda it: Redirect.source == it,
        )
    },
    search=any_holds(Redirect, "source"),
    prepare=_lead,
)


@redirects.offer(
    "GET", "", may="view", answers=page_of(RedirectSchema), query=LIST.query, headers=NEXT
)
def list_redirects(asked: Any) -> Response:
    """List redirects."""
    return LIST.page(asked)


@redirects.offer(
    "GET", "/<int:id>", may="view", answers=RedirectSchema, query=fields_of(RedirectSchema)
)
def read_redirect(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
    """Tell of one redirect."""
    redirect = there(Redirect, id)
    _lead([redirect], ())
    return one(RedirectSchema, redirect, only=asked.get("fields"))


class TargetSchema(Schema):
    """Where an address leads from now on."""

    target = line(LONGEST_ADDRESS, "An address of this site, or of another.", required=True)


class NewRedirectSchema(TargetSchema):
    """An address of this site that is to lead elsewhere."""

    source = line(LONGEST_ADDRESS, "The address, such as `/en/old`.", required=True)


@redirects.offer(
    "POST",
    "",
    may="create",
    answers=RedirectSchema,
    code=201,
    body=NewRedirectSchema,
    scope=SHELVES,
)
def add_redirect(given: Any) -> Response:
    """Let an address lead elsewhere."""
    answer = _told(shelves.add_redirect(person(), given["source"], given["target"]))
    answer.status_code = 201
    return answer


@redirects.offer(
    "PATCH", "/<int:id>", may="edit", answers=RedirectSchema, body=TargetSchema, scope=SHELVES
)
def turn_redirect(given: Any, id: int) -> Response:  # noqa: A002
    """Let the address of a redirect lead elsewhere."""
    redirect = there(Redirect, id)
    shelves.turn_redirect(redirect, person(), given["target"])
    return _told(redirect)


@redirects.offer("DELETE", "/<int:id>", may="delete", answers=None, code=204, scope=SHELVES)
def delete_redirect(id: int) -> Response:  # noqa: A002
    """Let an address lead nowhere any more."""
    shelves.remove_redirect(there(Redirect, id), person())
    return nothing()


def _told(redirect: Redirect) -> Response:
    _lead([redirect], ())
    return one(RedirectSchema, redirect)
