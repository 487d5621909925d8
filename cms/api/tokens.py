"""One's own tokens. None is made here: who has found a token cannot make it last."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from cms.accounts.tokens import SCOPES, ApiToken
from cms.api.access import find, person
from cms.api.lists import NEXT, Listed, fields_of, page_of
from cms.api.part import Part, nothing, one
from cms.api.words import told, when
from cms.editorial.tokens import revoke

KIND = "api_token"
tokens = Part("tokens", KIND, "The tokens of the account. They are made in the administration.")


class TokenSchema(Schema):
    """A token, without its text, which is told once only."""

    id = told("Its number.", fields.Integer, example=1)
    name = told("What it is for.", fields.String, example="Newsletter")
    hint = told("How its text ends.", fields.String, example="x9_A")
    scopes = told(
        "What it is good for.",
        fields.List,
        cls_or_instance=fields.String(metadata={"enum": list(SCOPES)}),
    )
    state = told("`active`, `expired` or `revoked`.", fields.String, example="active")
    created_at = when("When it was made.")
    expires_at = when("When it ends.", allow_none=True)
    last_used_at = when("When it was last used, to the minute.", allow_none=True)
    revoked_at = when("When it was revoked.", allow_none=True)


LIST = Listed(
    ApiToken,
    TokenSchema,
    sorts={"id": ApiToken.id, "name": ApiToken.name},
    usual="-id",
    filters={},
)


@tokens.offer("GET", "", may="view", answers=page_of(TokenSchema), query=LIST.query, headers=NEXT)
def list_tokens(asked: Any) -> Response:
    """List one's own tokens."""
    return LIST.page(asked, ApiToken.user_id == person().id)


@tokens.offer("GET", "/<int:id>", may="view", answers=TokenSchema, query=fields_of(TokenSchema))
def read_token(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
    """Tell of one of one's own tokens."""
    token = find(ApiToken, id, "view", KIND)
    return one(TokenSchema, token, only=asked.get("fields"))


@tokens.offer("DELETE", "/<int:id>", may="delete", answers=None, code=204)
def revoke_token(id: int) -> Response:  # noqa: A002
    """Make one of one's own tokens useless, for good."""
    revoke(find(ApiToken, id, "delete", KIND))
    return nothing()
