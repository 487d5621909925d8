"""The accounts: inviting, changing and switching off people, and what is refused of it."""

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import delete, func, select

from cms import clock
from cms.accounts import services, sessions
from cms.accounts.models import User
from cms.accounts.policy import ROLES, grants
from cms.accounts.sessions import LoginSession
from cms.admin import roles
from cms.audit.models import AuditEntry
from cms.editorial import accounts
from cms.editorial.tokens import make as make_token
from cms.extensions import db
from cms.mail.models import MailMessage
from tests.factories import make_user
from tests.processes import PASSWORD

NEW_PASSWORD = "a horse of another colour"
HIDDEN = re.compile(r'name="(_seen|_seen_fields)" value="([^"]+)"')
CHINESE = {"Accept-Language": "zh-CN"}
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)


def enter(app, user, password=PASSWORD, **headers):
    """A browser in which somebody has logged in, if they could."""
    client = app.test_client()
    client.post("/login", data={"email": user.email, "password": password}, headers=headers)
    return client


def is_in(client):
    return client.get("/admin/").status_code == 200


def told(answer):
    """What notices say."""
    return [re.sub("<[^>]*>", "", words) for words in
            re.findall(r'role="(?:status|alert)">.*?<p>(.*?)</p>', answer.text, re.DOTALL)
            if words and "No worker" not in words]  # fmt: skip


def trail():
    query = select(AuditEntry.action, AuditEntry.changes).order_by(AuditEntry.id)
    return [tuple(row) for row in db.session.execute(query)]


def forget_trail():
    db.session.execute(delete(AuditEntry))
    db.session.commit()


@pytest.fixture
def boss(log_in):
    return log_in("administrator")


@pytest.fixture
def ada(ctx):
    user = make_user("editor", "ada@example.com")
    db.session.commit()
    return user


@pytest.fixture
def asked(ctx):
    """Letters lead to the host that was asked."""
    with ctx.test_request_context():
        yield


def the_link():
    text = db.session.scalars(select(MailMessage).order_by(MailMessage.id.desc())).first().text
    return re.search(r"http://localhost(/reset/\S+)", text)[1]


# Inviting


def test_who_is_invited_chooses_a_password_and_is_in(ctx, client, boss, run_jobs):
    form = {"email": "Ada@example.com", "name": "Ada", "roles": ["author", "editor"]}
    answer = client.post("/admin/user/new/", data=form)
    assert answer.status_code == 302
    assert ">Ada<" in client.get("/admin/user/?tab=invited").text
    (mail,) = db.session.scalars(select(MailMessage))
    link, page = the_link(), client.get(f"/admin/mail/details/?id={mail.id}").text
    assert (mail.recipient, mail.template, mail.confidential) == (
        "Ada@example.com",
        "invitation",
        True,
    )
    assert link not in page
    assert trail()[-1] == (
        "invite", {"email": "Ada@example.com", "name": "Ada", "roles": [None, ["author", "editor"]]}
    )  # fmt: skip

    hers = ctx.test_client()
    assert "Choose a password" in hers.get(link).text
    chosen = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert hers.post(link, data=chosen).location == "/login"
    assert not is_in(hers), "the link alone lets nobody in"
    user = services.find("ada@example.com")
    assert is_in(enter(ctx, user, NEW_PASSWORD))
    assert hers.get(link).location == "/reset", "the link was good once"
    run_jobs()
    assert db.session.get(MailMessage, mail.id).text is None


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"email": "ada@example.com"}, "it has an account already"),
        ({"email": "not an address"}, "Invalid email address"),
        ({"email": "eve@example.com", "roles": "owner"}, "not a valid choice"),
        ({"email": "eve@example.com", "name": "x" * 81}, "longer than 80"),
        ({"email": "eve@example.com\r\nBcc: all@example.com"}, "Invalid email address"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_in_words(client, boss, ada, form, words):
    answer = client.post("/admin/user/new/", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert db.session.scalar(select(func.count()).select_from(User)) == 2
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == 0


def test_that_somebody_is_here_already_is_said_in_chinese_too(client, boss, ada):
    answer = client.post("/admin/user/new/", data={"email": ada.email}, headers=CHINESE)
    assert "ada@example.com 无法使用：该地址已有账号" in answer.text


def test_what_the_screen_does_not_offer_is_refused_by_the_act_itself(ctx, ada):
    with pytest.raises(services.UnknownRole, match="owner"):
        accounts.invite("eve@example.com", "Eve", ["owner"])
    with pytest.raises(services.UnknownRole):
        accounts.change(ada, ada, "Ada", ["owner"])
    for name in ("two\nlines", "\x00", "x" * 81):
        with pytest.raises(accounts.UnusableName):
            accounts.change(ada, ada, name, ["editor"])


# Changing, switching off


def test_a_role_that_is_given_counts_at_once(ctx, client, boss, ada):
    hers = enter(ctx, ada)
    forget_trail()
    assert hers.get("/admin/notification/").status_code == 403
    form = {"name": "Ada Lovelace", "roles": ["editor", "administrator"]}
    assert client.post(f"/admin/user/edit/?id={ada.id}", data=form).status_code == 302

    assert hers.get("/admin/notification/").status_code == 200
    assert trail()[-1] == (
        "edit",
        {
            "email": "ada@example.com",
            "name": ["", "Ada Lovelace"],
            "roles": [["editor"], ["editor", "administrator"]],
        },
    )


@pytest.mark.case(39)
def test_of_two_who_give_roles_at_once_the_second_sees_what_the_first_gave(client, boss, ada):
    path = f"/admin/user/edit/?id={ada.id}"
    seen = dict(HIDDEN.findall(client.get(path).text))
    client.post(path, data={"roles": ["editor", "viewer"], **seen})
    mine = {"name": "Ada", "roles": ["author", "editor"]}
    answer = client.post(path, data={**mine, **seen})
    assert answer.status_code == 422
    assert "Somebody else saved this in the meantime." in answer.text

    seen = dict(HIDDEN.findall(answer.text)) | {"_choice-roles": "theirs"}
    assert client.post(path, data={**mine, **seen}).status_code == 302
    db.session.refresh(ada)
    assert (ada.name, {role.name for role in ada.roles}) == ("Ada", {"editor", "viewer"})


def test_who_is_switched_off_is_out_at_once_and_no_link_lets_them_in(ctx, client, boss, ada):
    hers = enter(ctx, ada)
    client.post("/admin/user/send-link", data={"id": ada.id})
    link = the_link()
    assert is_in(hers)
    client.post("/admin/user/switch-off", data={"id": ada.id})

    assert not is_in(hers)
    assert not is_in(enter(ctx, ada))
    assert ctx.test_client().get(link).location == "/reset"
    answer = client.post("/admin/user/send-link", data={"id": ada.id}, follow_redirects=True)
    assert "ada@example.com is switched off: switch the account on first." in told(answer)
    client.post("/admin/user/switch-on", data={"id": ada.id})
    assert is_in(enter(ctx, ada))
    acts = [action for action, _changes in trail() if not action.startswith("log")]
    assert acts == ["send link", "disable", "enable"]


def test_nobody_takes_their_own_rights_away(client, boss, ada):
    form = {"name": "", "roles": "editor"}
    answer = client.post(f"/admin/user/edit/?id={boss.id}", data=form)
    assert answer.status_code == 422
    assert "You cannot take the role of an administrator from yourself" in answer.text
    off = client.post("/admin/user/switch-off", data={"id": boss.id}, follow_redirects=True)
    assert "You cannot take the role" in told(off)[0]
    assert client.get("/admin/user/").status_code == 200


def test_the_last_administrator_who_can_log_in_stays(ctx, asked, ada):
    one, other = make_user("administrator"), make_user("administrator")
    invited = accounts.invite("eve@example.com", "", ["administrator"])
    accounts.switch_off(one, other)
    with pytest.raises(accounts.LastAdministrator):
        accounts.switch_off(other, one)
    with pytest.raises(accounts.LastAdministrator):
        accounts.change(other, one, "", ["editor"])
    accounts.change(one, invited, "", ["editor"])
    accounts.switch_on(other)
    accounts.change(other, one, "", ["editor"])


def test_of_two_administrators_who_switch_each_other_off_one_stays(each_ctx):
    pair = [make_user("administrator") for _number in range(2)]
    db.session.commit()
    ids, both, refused = [user.id for user in pair], Barrier(2, timeout=30), []

    def switch_off(by, whom):
        with each_ctx.test_request_context():
            by, whom = db.session.get(User, by), db.session.get(User, whom, with_for_update=True)
            both.wait()
            try:
                accounts.switch_off(by, whom)
                db.session.commit()
            except accounts.LastAdministrator:
                db.session.rollback()
                refused.append(by.id)

    threads = [Thread(target=switch_off, args=given) for given in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.expire_all()
    assert len(refused) == 1
    assert [user.active for user in pair].count(True) == 1


# Log-ins


def test_people_see_their_log_ins_and_end_them(ctx, client, log_in):
    me = log_in("viewer")
    phone = enter(ctx, me, **{"User-Agent": IPHONE})
    page = client.get("/admin/log-in/").text
    assert "Mobile Safari on iOS" in page
    assert page.count("This one") == 1
    assert "Mobile Safari，iOS" in client.get("/admin/log-in/", headers=CHINESE).text
    kept = phone.get_cookie("session").value
    here = db.session.scalars(select(LoginSession).where(LoginSession.browser == IPHONE)).one()
    answer = client.post("/admin/log-in/end", data={"id": here.id}, follow_redirects=True)

    assert told(answer) == ["That log-in has ended."]
    assert not is_in(phone)
    again = ctx.test_client()
    again.set_cookie("session", kept)
    assert not is_in(again), "a copy of the cookie is good for nothing"
    assert is_in(client)
    assert trail()[-1][0] == "end log-in"


def test_all_others_end_at_once_and_this_one_stays(ctx, client, log_in, ada):
    me, hers = log_in("editor"), enter(ctx, ada)
    browsers = [enter(ctx, me) for _number in range(2)]
    assert "End all others" in client.get("/admin/log-in/").text
    client.post("/admin/log-in/end-others")

    assert [is_in(browser) for browser in (client, hers, *browsers)] == [True, True, False, False]


def test_nobody_ends_the_log_in_of_another(ctx, client, log_in, ada):
    log_in("editor")
    hers = enter(ctx, ada)
    (log_in_of_hers,) = sessions.of(ada)
    assert client.post("/admin/log-in/end", data={"id": log_in_of_hers.id}).status_code == 404
    assert is_in(hers)


def test_administrators_end_log_ins_of_others(ctx, client, boss, ada):
    one, other = (enter(ctx, ada, **{"User-Agent": IPHONE}) for _number in range(2))
    page = client.get(f"/admin/user/details/?id={ada.id}").text
    assert page.count("Mobile Safari on iOS</strong>") == 2
    first = min(sessions.of(ada), key=lambda log_in: log_in.id)
    client.post("/admin/user/end", data={"log_in": first.id})
    assert (is_in(one), is_in(other)) == (False, True)
    token, _text = make_token(ada, "Program", ["pictures:read"], None)
    db.session.commit()
    assert "End every log-in and API token of" in page
    client.post("/admin/user/log-out", data={"id": ada.id})
    db.session.refresh(token)
    assert token.state == "revoked"
    assert not is_in(other)
    assert is_in(enter(ctx, ada)), "she may come back"


@pytest.mark.case(35)
def test_a_saved_cookie_is_useless_after_the_log_out(ctx, ada):
    browser, copy = ctx.test_client(), ctx.test_client()
    form = {"email": ada.email, "password": PASSWORD, "remember": "y"}
    browser.post("/login", data=form)
    for name in ("session", "remember_token"):
        copy.set_cookie(name, browser.get_cookie(name).value)
    assert is_in(copy)
    browser.post("/logout")
    for name in ("session", "remember_token"):
        alone = ctx.test_client()
        alone.set_cookie(name, copy.get_cookie(name).value)
        assert not is_in(alone), name
    assert not is_in(copy)


@pytest.fixture
def remembered(ctx, ada, moment):
    """Somebody who stays logged in, on whatever day they come."""
    browser = ctx.test_client()
    with clock.stopped_at(moment):
        form = {"email": ada.email, "password": PASSWORD, "remember": "y"}
        browser.post("/login", data=form)

    def comes_after(days):
        with clock.stopped_at(moment + timedelta(days=days)):
            return is_in(browser)

    return comes_after


def test_a_log_in_that_nobody_uses_ends(remembered):
    assert [remembered(days) for days in (29, 58, 89)] == [True, True, False]


def test_days_without_use_are_a_setting(remembered, set_setting):
    set_setting(session_days=7)
    assert [remembered(days) for days in (6, 14)] == [True, False]


def test_a_log_in_ends_after_a_year_however_much_it_is_used(remembered):
    days = (*range(0, 365, 20), 364, 366)
    assert [day for day in days if not remembered(day)] == [366]


def test_a_lost_second_factor_is_reset(ctx, client, boss, ada):
    hers, page = enter(ctx, ada), f"/admin/user/details/?id={ada.id}"
    assert "/admin/user/reset-second-factor" not in client.get(page).text
    ada.tf_totp_secret, ada.tf_primary_method = "lost", "authenticator"
    db.session.commit()
    assert "/admin/user/reset-second-factor" in client.get(page).text
    client.post("/admin/user/reset-second-factor", data={"id": ada.id})

    db.session.expire_all()
    assert not ada.has_second_factor
    assert not is_in(hers)
    assert trail()[-1] == ("reset second factor", {"email": "ada@example.com"})


# The password once more


@pytest.fixture
def grow_stale(client):
    """Let the password have been given an hour ago."""

    def go():
        with client.session_transaction() as session:
            session["fs_paa"] = clock.now().timestamp() - 3600
            session.pop("fs_gexp", None)

    return go


PAGES = (
    "/admin/user/new/",
    "/admin/user/edit/?id={id}",
    "/admin/webhook/new/",
    "/admin/token/new/",
)


@pytest.mark.parametrize("page", PAGES)
def test_what_decides_who_may_do_what_asks_for_the_password_again(
    client, boss, ada, grow_stale, page
):
    page = page.format(id=ada.id)
    assert client.get(page).status_code == 200
    grow_stale()
    asked = client.get(page)
    assert asked.status_code == 302
    assert asked.location.startswith("/verify?next=/admin/")
    form = client.get(asked.location)
    assert "Enter your password again" in form.text
    assert "再次输入密码" in client.get(asked.location, headers=CHINESE).text
    assert client.post(asked.location, data={"password": "wrong"}).status_code == 200
    assert client.get(page).status_code == 302
    assert client.post(asked.location, data={"password": PASSWORD}).location == page
    assert client.get(page).status_code == 200


def test_lists_and_log_ins_of_ones_own_ask_for_none(client, boss, grow_stale):
    grow_stale()
    for page in ("/admin/user/", "/admin/webhook/", "/admin/token/", "/admin/log-in/"):
        assert client.get(page).status_code == 200
    assert client.post("/admin/log-in/end-others").location == "/admin/log-in/"


def test_a_form_that_came_too_late_is_shown_again_with_what_was_typed(client, boss, grow_stale):
    grow_stale()
    form = {"email": "eve@example.com", "name": "Eve & Co", "roles": "editor"}
    answer = client.post("/admin/user/new/", data=form)
    assert answer.status_code == 422
    assert told(answer)[0].startswith("Nothing is saved yet: enter your password again")
    assert 'href="/verify?next=/admin/user/new/' in answer.text
    assert 'value="Eve &amp; Co"' in answer.text
    assert services.find("eve@example.com") is None
    assert client.get("/admin/session").json["fresh"] is False
    assert client.post("/verify", data={"password": PASSWORD}).status_code == 302
    assert client.get("/admin/session").json["fresh"] is True
    assert client.post("/admin/user/new/", data=form).status_code == 302


def test_a_button_that_was_pressed_too_late_does_nothing(client, boss, ada, grow_stale):
    grow_stale()
    page = "http://localhost/admin/user/?tab=all"
    answer = client.post("/admin/user/switch-off", data={"id": ada.id}, headers={"Referer": page})
    assert answer.location == "/verify?next=/admin/user/?tab%3Dall"
    assert db.session.get(User, ada.id).active
    answer = client.post(
        "/admin/webhook/ajax/update/", data={"id": 1}, headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json) == (401, {"error": "Enter your password again first."})


# The screens


def test_the_list_finds_people_and_tells_where_they_stand(ctx, client, boss, ada):
    enter(ctx, ada)
    with ctx.test_request_context():
        accounts.invite("li@example.com", "李雷", ["author"])
        accounts.switch_off(boss, make_user("viewer", "off@example.com"))
        db.session.commit()

    def rows(query):
        page = client.get(f"/admin/user/?{query}").text
        return re.findall(r'data-state="(\w+)"[^>]*data-name="([^"]+)"', page)

    assert rows("tab=active") == [("active", "ada@example.com"), ("active", boss.email)]
    assert rows("tab=invited") == [("invited", "li@example.com")]
    assert rows("tab=off") == [("off", "off@example.com")]
    assert rows("tab=all&search=李") == [("invited", "li@example.com")]
    (found,) = client.get("/admin/palette?q=ada@").json["entries"]
    assert found["url"] == f"/admin/user/edit/?id={ada.id}"


def test_the_table_of_roles_has_words_for_all_that_the_policy_knows(client, boss):
    kinds = {kind for role in ROLES for kind in grants(role)}
    acts = {act.partition(":")[0] for role in ROLES for it in grants(role).values() for act in it}
    assert (kinds, acts) == (set(roles.KINDS), set(roles.ACTS))
    assert set(roles.NAMES) == set(roles.MEANINGS) == set(ROLES)
    page = client.get("/admin/role/").text
    assert "one&#39;s own: edit" in page
    assert "角色" in client.get("/admin/role/", headers=CHINESE).text
