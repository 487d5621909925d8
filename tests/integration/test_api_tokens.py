"""Tokens of the API: what they are, what they open, and the session that opens it too."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from cms import clock
from cms.accounts.policy import ROLES
from cms.accounts.tokens import SCOPES, ApiToken, offered_to
from cms.audit.models import AuditEntry
from cms.editorial.tokens import UnusableEnd, UnusableName, UnusableScopes, make, revoke
from cms.extensions import db
from cms.media.models import Image
from tests.factories import make_picture, make_user
from tests.processes import PASSWORD

V, A, E, D = ROLES
PROBLEM = "application/problem+json"
OPEN = {("GET", "list_"), ("GET", "read_")}


def only(kind):
    db.session.expire_all()
    return db.session.scalars(select(kind)).one()


# Tokens


def test_a_token_is_told_once_and_kept_as_a_digest(ctx):
    token, text = make(make_user(E), " Newsletter ", ["pictures:read"], None)
    db.session.commit()
    assert re.fullmatch(r"qscms_[\w-]{43}", text)
    assert (token.name, token.scopes, token.state) == ("Newsletter", ["pictures:read"], "active")
    assert text.endswith(token.hint)
    kept = repr(db.session.execute(ApiToken.__table__.select()).one())
    assert text not in kept
    assert text not in repr([entry.changes for entry in db.session.scalars(select(AuditEntry))])


@pytest.mark.parametrize(
    ("name", "scopes", "ends", "error"),
    [
        (" ", ["pictures:read"], None, UnusableName),
        ("x" * 81, ["pictures:read"], None, UnusableName),
        ("a\x00b", ["pictures:read"], None, UnusableName),
        ("x", [], None, UnusableScopes),
        ("x", ["notifications:read"], None, UnusableScopes),
        ("x", ["everything"], None, UnusableScopes),
        ("x", ["pictures:read"], timedelta(0), UnusableEnd),
    ],
)
def test_what_no_token_can_be_is_refused(ctx, name, scopes, ends, error):
    with pytest.raises(error):
        make(make_user(E), name, scopes, None if ends is None else clock.now() + ends)


def test_a_role_can_give_no_more_than_it_has(ctx):
    own = {"content:read", "documents:read", "pictures:read", "tokens:read", "tokens:write"}
    authors = own | {"content:write", "documents:write", "pictures:write"}
    editors = authors | {"content:publish", "jobs:read", "shelves:write"}
    assert set(offered_to(make_user(V))) == own
    assert set(offered_to(make_user(A))) == authors
    assert set(offered_to(make_user(E))) == editors
    assert set(offered_to(make_user(D))) == set(SCOPES)


def test_without_a_token_nothing_is_told(client, ctx):
    for path in ("/pictures", "/pictures/1", "/jobs", "/notifications", "/tokens"):
        answer = client.get(f"/api/v1{path}")
        assert (answer.status_code, answer.mimetype) == (401, PROBLEM)
        assert answer.headers["WWW-Authenticate"] == "Bearer realm=QsCMS"


def test_every_address_is_closed_without_a_token(client, ctx):
    adapter = ctx.url_map.bind("localhost")
    for rule in ctx.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/") or rule.endpoint.startswith("api."):
            continue
        given = dict.fromkeys(rule.arguments, 1) | {"step": "publish"}
        path = adapter.build(rule.endpoint, {it: given[it] for it in rule.arguments})
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            need = ctx.view_functions[rule.endpoint].need
            if need.public:  # what is live is told to everybody: see test_api_content.py
                assert (method, rule.endpoint.split(".")[1][:5]) in OPEN
                continue
            answer = client.open(path, method=method)
            assert (answer.status_code, answer.mimetype) == (401, PROBLEM), (method, path)


@pytest.mark.parametrize(
    "given", ["Bearer wrong", "Bearer ", "Basic YTpi", "nonsense", "Bearer qscms_\xff"]
)
def test_what_is_no_token_is_refused_even_from_somebody_who_is_logged_in(client, log_in, given):
    log_in(D)
    answer = client.get("/api/v1/pictures", headers={"Authorization": given})
    assert answer.status_code == 401
    assert "error=invalid_token" in answer.headers["WWW-Authenticate"]


def test_a_token_that_ended_was_revoked_or_is_of_nobody_active_is_useless(program):
    ended = program(ends=clock.now() + timedelta(days=1))
    assert ended.get("/pictures").status_code == 200
    with clock.stopped_at(clock.now() + timedelta(days=2)):
        assert ended.get("/pictures").status_code == 401

    revoked = program()
    revoke(db.session.scalars(select(ApiToken).where(ApiToken.user == revoked.user)).one())
    db.session.commit()
    assert revoked.get("/pictures").status_code == 401

    dismissed = program()
    dismissed.user.active = False
    db.session.commit()
    assert dismissed.get("/pictures").status_code == 401


def test_a_token_is_good_for_its_scopes_alone(program):
    narrow = program(D, scopes=["jobs:read"])
    assert narrow.get("/jobs").status_code == 200
    answer = narrow.get("/pictures")
    assert answer.status_code == 403
    assert answer.json["detail"] == "This token is not good for “pictures:read”."
    assert narrow("DELETE", "/pictures/1").status_code == 403


def test_a_token_may_never_more_than_its_person_may_now(program):
    ask = program(D)
    ask.user.roles = make_user(V).roles
    db.session.commit()
    assert ask.get("/pictures").status_code == 200
    assert ask.get("/jobs").status_code == 403


@pytest.mark.case(40)
def test_a_token_is_in_no_log(program, caplog):
    ask = program()
    with caplog.at_level("DEBUG"):
        ask.get("/pictures")
        ask.get("/pictures/999")
    assert ask.text not in caplog.text


def test_when_a_token_was_last_used_is_kept_to_the_minute(program, moment):
    ask = program()
    seen = []
    for seconds in (0, 30, 61):
        with clock.stopped_at(moment + timedelta(seconds=seconds)):
            ask.get("/pictures")
        seen.append((only(ApiToken).last_used_at - moment).seconds)
    assert seen == [0, 0, 61]


def test_a_program_gets_no_cookie_and_no_shared_cache_keeps_what_it_reads(program):
    answer = program().get("/pictures")
    assert "Set-Cookie" not in answer.headers
    assert answer.cache_control.private
    assert {"authorization", "cookie"} <= set(answer.vary.as_set())


def test_ones_own_tokens_are_listed_and_revoked(program):
    ask, other = program(E), program(E)
    (told,) = ask.get("/tokens").json["items"]
    assert told["name"] == "Newsletter"
    assert "digest" not in told
    assert ask.text not in repr(told)
    (others,) = other.get("/tokens").json["items"]
    assert ask.get(f"/tokens/{others['id']}").status_code == 404
    assert ask("DELETE", f"/tokens/{others['id']}").status_code == 404

    assert ask("DELETE", f"/tokens/{told['id']}").status_code == 204
    assert ask.get("/tokens").status_code == 401
    assert other.get("/tokens").status_code == 200


# The session of a browser


def test_a_session_reads(client, log_in):
    log_in(E)
    assert client.get("/api/v1/pictures").json == {"items": [], "next": None}
    assert client.get("/api/v1/notifications").status_code == 403


@pytest.mark.case(31)
def test_a_session_writes_with_the_token_of_a_page_only(client, log_in):
    log_in(E)
    image = make_picture()
    db.session.commit()
    path = f"/api/v1/pictures/{image.id}"
    assert client.delete(path, token=False).status_code == 400
    assert only(Image).deleted_at is None
    assert client.delete(path).status_code == 204


# A new password


@pytest.mark.case(35)
def test_a_new_password_ends_all_tokens_of_the_account(program, client, log_in, runner):
    user = log_in(E)
    ask, anothers = program(user=user), program(E)
    new = "a new and longer password"
    form = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    assert client.post("/change", data=form).status_code == 302
    assert ask.get("/pictures").status_code == 401
    assert anothers.get("/pictures").status_code == 200

    given = runner.invoke(
        args=["cms", "set-password", anothers.user.email], input=f"{new}\n{new}\n"
    )
    assert given.exit_code == 0, given.output
    assert anothers.get("/pictures").status_code == 401
