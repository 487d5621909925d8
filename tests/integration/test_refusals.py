"""Who is turned away is noted, also where nothing else would tell: and no more than a bounded
number of times, whoever asks however often."""

import pytest
from sqlalchemy import delete

from cms import clock
from cms.accounts.tokens import ApiToken
from cms.audit import refusals
from cms.audit.models import AuditEntry
from cms.editorial.documents import upload
from cms.editorial.tokens import revoke
from cms.extensions import db, limiter
from tests import documents
from tests.factories import make_article, make_upload, make_user
from tests.processes import PASSWORD

NEW = "harbour lights at dusk"


@pytest.fixture(autouse=True)
def uncounted(ctx):
    """Nothing is counted yet."""
    limiter.reset()


def told(*actions):
    """What the trail says of these acts, or of all: action, kind, id, and the rest."""
    db.session.rollback()
    entries = db.session.query(AuditEntry).order_by(AuditEntry.id).all()
    return [
        (it.action, it.thing_kind, it.thing_id, it.changes)
        for it in entries
        if not actions or it.action in actions
    ]


def forget():
    db.session.execute(delete(AuditEntry))
    db.session.commit()


# Passwords


def test_a_wrong_password_when_it_is_asked_for_again(client, log_in):
    user = log_in("administrator")
    client.post("/verify", data={"password": "a wrong password"})
    client.post("/verify", data={"password": PASSWORD})
    facts = {"email": user.email, "page": "security.verify"}
    assert told() == [("password refused", "user", str(user.id), facts)]


def test_a_wrong_password_when_it_is_to_be_changed(client, log_in):
    user = log_in("editor")

    def change(current, new):
        form = {"password": current, "new_password": new, "new_password_confirm": new}
        return client.post("/change", data=form)

    change("a wrong password", NEW)
    change(PASSWORD, "short")  # the new one is refused, which is no attempt to get in
    facts = {"email": user.email, "page": "security.change_password"}
    assert told() == [("password refused", "user", str(user.id), facts)]
    assert change(PASSWORD, NEW).status_code == 302


def test_a_wrong_password_at_the_door_is_noted_once(client):
    user = make_user()
    db.session.commit()
    client.post("/login", data={"email": user.email, "password": "a wrong password"})
    assert [entry[0] for entry in told()] == ["log in refused"]


# Tokens


def refused(program):
    assert program.get("/pictures").status_code == 401


def test_a_token_that_is_none_any_more_is_named_and_never_shown(program):
    revoked, ended, off = program(), program(), program()
    tokens = db.session.query(ApiToken).order_by(ApiToken.id).all()
    revoke(tokens[0])
    tokens[1].expires_at = clock.now()
    tokens[2].user.active = False
    db.session.commit()
    forget()
    for one in (revoked, ended, off):
        refused(one)
    expected = zip(tokens, ("revoked", "expired", "account off"), strict=True)
    assert told() == [
        ("refuse token", "api_token", str(token.id),
         {"page": "pictures.list_pictures", "name": "Newsletter", "email": token.user.email,
          "reason": reason})
        for token, reason in expected
    ]  # fmt: skip
    assert not any(one.text[6:] in str(told()) for one in (revoked, ended, off))


def test_tokens_that_nobody_knows_are_noted_once_a_minute_for_each_address(client):
    def guess(address, text):
        where = {"environ_base": {"REMOTE_ADDR": address}}
        given = {"Authorization": f"Bearer qscms_{text}"}
        assert client.get("/api/v1/pictures", headers=given, **where).status_code == 401

    for number in range(5):
        guess("192.0.2.1", f"secret{number}")
    guess("192.0.2.2", "secret")
    assert [entry[:3] for entry in told()] == [("refuse token", "api_token", "0")] * 2
    assert "secret" not in str(told())


def test_all_strangers_together_fill_no_database(client, monkeypatch):
    monkeypatch.setattr(refusals, "MOST_OF_STRANGERS", 3)
    for number in range(10):
        where = {"REMOTE_ADDR": f"192.0.2.{number}"}
        client.get("/api/v1/pictures", headers={"Authorization": "Bearer x"}, environ_base=where)
    assert len(told()) == 3


def test_who_only_forgot_to_send_a_token_is_not_noted(client):
    assert client.get("/api/v1/pictures").status_code == 401
    assert client.get("/admin/").status_code == 302
    assert told() == []


# Limits


def test_a_limit_is_noted_once_while_it_holds_for_an_address(client, set_setting):
    set_setting(api_limit="2 per minute")
    for address in ("192.0.2.1", "192.0.2.2"):
        where = {"environ_base": {"REMOTE_ADDR": address}}
        codes = [client.get("/api/v1/articles", **where).status_code for _ in range(5)]
        assert codes == [200, 200, 429, 429, 429]
    once = ("limit", "address", "articles.list_articles",
            {"method": "GET", "limit": "2 per 1 minute"})  # fmt: skip
    assert told() == [once, once]


def test_a_limit_of_the_public_search_is_noted_too(client, set_setting):
    set_setting(search_limit="1 per minute")
    assert [client.get("/en/search?q=quay").status_code for _ in range(3)] == [200, 429, 429]
    assert [entry[:2] for entry in told()] == [("limit", "address")]


def test_no_part_of_an_address_that_opens_a_door_is_kept(client, log_in):
    log_in("editor")
    assert client.post("/reset/a-link-of-somebody", token=False).status_code == 400
    ((_action, _kind, page, facts),) = told()
    assert (page, facts) == ("security.reset_password", {"method": "POST"})


# Forms


def test_a_form_that_no_page_of_ours_sent(client, log_in):
    log_in("editor")
    answer = client.post("/admin/image/delete/", data={"id": "7"}, token=False)
    assert answer.status_code == 400
    facts = {"method": "POST", "asked": {"id": "7"}}
    assert told() == [("refuse form", "address", "image.delete_view", facts)]


def test_such_a_form_of_a_stranger_is_not_noted(client):
    assert client.post("/login", data={}, token=False).status_code == 400
    assert told() == []


# Things


def test_a_page_that_is_not_for_somebody_says_of_which_thing(client, log_in):
    log_in("viewer")
    client.get(f"/admin/user/details/?id={'9' * 500}&name=%00")
    ((action, kind, page, facts),) = told()
    assert (action, kind, page) == ("refuse", "address", "user.details_view")
    assert facts == {"method": "GET", "asked": {"id": "9" * 40}}


def test_a_thing_of_others_that_is_hidden(client, log_in):
    log_in("author")
    draft = make_article(make_user("author"))
    db.session.commit()
    assert client.get(f"/admin/article/edit/?id={draft.id}").status_code == 404
    assert client.get(f"/api/v1/articles/{draft.id}").status_code == 404
    assert told() == [
        ("refuse thing", "article", str(draft.id), {"page": "article.edit_view"}),
        ("refuse thing", "article", str(draft.id), {"page": "articles.read_article"}),
    ]


def test_a_private_document_is_hidden(client, log_in):
    log_in("viewer")
    file = make_upload(documents.pdf(), "report.pdf")
    ((document, _job),) = upload([file], make_user(), private=True).taken
    db.session.commit()
    forget()
    assert client.get(f"/document/{document.id}/report.pdf").status_code == 404
    assert [entry[:3] for entry in told()] == [("refuse thing", "document", str(document.id))]


def test_what_is_not_there_at_all_is_not_noted(client, log_in):
    log_in("author")
    assert client.get("/admin/article/edit/?id=999999").status_code == 404
    assert client.get("/api/v1/articles/999999").status_code == 404
    assert client.get("/no-such-page").status_code == 404
    assert told() == []


def test_a_stranger_who_asks_for_what_is_hidden_is_not_noted(client):
    draft = make_article()
    db.session.commit()
    assert client.get(f"/api/v1/articles/{draft.id}").status_code == 404
    assert told() == []


def test_one_account_fills_no_database(client, log_in, monkeypatch):
    monkeypatch.setattr(refusals, "MOST_OF_ONE", 3)
    log_in("viewer")
    codes = {client.get("/admin/user/").status_code for _ in range(6)}
    assert codes == {403}, "it is refused all the same"
    assert len(told()) == 3


def test_while_nobody_can_count_all_is_noted(client, log_in, monkeypatch):
    def broken(*_given):
        raise ConnectionError

    log_in("viewer")
    monkeypatch.setattr(limiter.limiter, "hit", broken)
    client.get("/admin/user/")
    assert [entry[0] for entry in told()] == ["refuse"]
