"""Forgotten passwords: the link, who learns what, and how often somebody may try."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select

from cms import clock
from cms.accounts import services
from cms.audit.models import AuditEntry
from cms.editorial import accounts
from cms.extensions import db
from cms.jobs.models import Job
from cms.mail.models import MailMessage
from tests.factories import make_user
from tests.integration.test_requests import other_app  # noqa: F401 - a fixture
from tests.processes import PASSWORD
from tests.queries import statements

NEW_PASSWORD = "a horse of another colour"
CHINESE = {"Accept-Language": "zh-CN"}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}
SENT = "If somebody has an account with this address, a link is on its way there."


@pytest.fixture
def ada(ctx):
    user = make_user("editor", "ada@example.com")
    db.session.commit()
    return user


@pytest.fixture
def ask(client):
    """Ask for a link; the answer."""

    def go(email, **options):
        return client.post("/reset", data={"email": email}, **options)

    return go


def mails():
    return list(db.session.scalars(select(MailMessage).order_by(MailMessage.id)))


def link_in(mail):
    return re.search(r"http://localhost(/reset/\S+)", mail.text)[1]


def choose(client, link, password=NEW_PASSWORD):
    return client.post(link, data={"password": password, "password_confirm": password})


def enters(client, password, **options):
    form = {"email": "ada@example.com", "password": password}
    return client.post("/login", data=form, **options).status_code == 302


def test_who_forgot_a_password_gets_a_link_and_chooses_another(ctx, client, ada, ask, run_jobs):
    elsewhere = ctx.test_client()
    assert enters(elsewhere, PASSWORD)
    assert "Forgot password?" in client.get("/login").text
    assert SENT in ask("Ada@Example.com ").text
    (mail,) = mails()
    link = link_in(mail)
    run_jobs()
    (file,) = (ctx.config["CMS_SETTINGS"].data_dir / "mail").glob("*.eml")
    sent = message_from_bytes(file.read_bytes(), policy=default)
    assert sent["To"] == "ada@example.com"
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]
    assert all(link in part.get_content() for part in sent.iter_parts())

    assert choose(client, link).location == "/login"
    assert "Your new password is set. Log in with it." in client.get("/login").text
    assert elsewhere.get("/admin/").status_code == 302, "every older log-in has ended"
    assert not enters(ctx.test_client(), PASSWORD)
    assert enters(ctx.test_client(), NEW_PASSWORD)
    assert [mail.template for mail in mails()] == ["reset_password", "password_changed"]
    acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.thing_id == str(ada.id)))
    assert {"forgot password", "reset password"} <= set(acts)


def test_a_link_is_good_once_and_for_an_hour(ctx, client, ada, ask, monkeypatch):
    ask(ada.email)
    ask(ada.email)
    first, second = map(link_in, mails())
    assert choose(client, first).location == "/login"
    for link in (first, second):
        assert choose(client, link, "quite another long one").location == "/reset"
        assert "This link was used already" in client.get(link, follow_redirects=True).text
    assert enters(ctx.test_client(), NEW_PASSWORD)

    ask(ada.email)
    third = link_in(mails()[-1])
    later = int((clock.now() + timedelta(minutes=61)).timestamp())
    with monkeypatch.context() as patch:
        patch.setattr("itsdangerous.TimestampSigner.get_timestamp", lambda _: later)
        assert choose(client, third, "quite another long one").location == "/reset"
    assert enters(ctx.test_client(), NEW_PASSWORD)


def test_a_link_is_useless_after_the_password_was_set_otherwise(client, ada, ask):
    ask(ada.email)
    services.set_password(ada.email, "set from a shell somewhere")
    db.session.commit()
    assert choose(client, link_in(mails()[0])).location == "/reset"


def test_a_password_that_is_too_weak_is_refused_in_words_and_the_link_stays_good(client, ada, ask):
    ask(ada.email)
    link = link_in(mails()[0])
    for password, words in (
        ("password12345", "would be guessed soon"),
        ("1q2w3e4r5t6y", "on the lists of known passwords"),
        ("short", "at least 10 characters"),
    ):
        answer = choose(client, link, password)
        assert answer.status_code == 200
        assert words in answer.text
        assert password not in answer.text
    assert "在已泄露的常用密码名单上" in client.post(
        link, headers=CHINESE,
        data={"password": "1q2w3e4r5t6y", "password_confirm": "1q2w3e4r5t6y"},
    ).text  # fmt: skip
    assert choose(client, link).location == "/login"


# Who learns what


@pytest.mark.parametrize("headers", [{}, CHINESE], ids=["en", "zh"])
def test_nobody_learns_who_has_an_account(client, ask, headers):
    for email in ("ada@example.com", "off@example.com"):
        make_user("editor", email)
    services.find("off@example.com").active = False
    db.session.commit()
    told, asked = [], []
    for email in ("ada@example.com", "off@example.com", "eve@example.com"):
        ask(email, headers=headers)  # what is asked once a process is asked now
        with statements() as seen:
            answer = ask(email, headers=headers)
        told.append(re.findall(r'role="status">.*?<p>([^<]+)</p>', answer.text, re.DOTALL))
        asked.append(sum(it.startswith(("INSERT", "UPDATE", "DELETE")) for it in seen))
    assert told[0]
    assert told[0] == told[1] == told[2]
    assert len(set(asked)) == 1, "each costs as much writing"
    assert {mail.recipient for mail in mails()} == {"ada@example.com"}
    assert db.session.query(Job).count() == 2


@pytest.mark.parametrize(
    "email",
    [
        "",
        "no address",
        "a\x00b@example.com",
        "\ud800@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "x" * 5000,
    ],
)
def test_what_is_no_address_gets_the_same_answer_and_no_mail(ask, ada, email):
    answer = ask(email.encode("utf-8", "surrogatepass"))
    assert answer.status_code == 200
    assert mails() == []


@pytest.mark.case(34)
def test_a_foreign_host_gets_no_link_sent(ada, other_app):  # noqa: F811
    client = other_app(CMS_TRUSTED_HOSTS="cms.example").test_client()
    page = client.get("/reset", base_url="http://cms.example").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]

    def ask(host):
        form = {"email": ada.email, "csrf_token": token}
        return client.post("/reset", data=form, base_url=host, token=False).status_code

    assert ask("http://evil.example") == 400
    assert mails() == []
    assert ask("http://cms.example") == 200
    assert "http://cms.example/reset/" in mails()[0].text


def test_links_lead_to_the_address_of_the_site(ada, ask, set_setting):
    set_setting(site_url="https://cms.example.org")
    ask(ada.email)
    assert "https://cms.example.org/reset/" in mails()[0].text


@pytest.mark.parametrize(
    ("locale", "subject"), [("en", "A new password"), ("zh_Hans_CN", "新密码")]
)
def test_people_are_written_to_in_their_own_language(ada, ask, locale, subject):
    ada.locale = locale
    db.session.commit()
    ask(ada.email)
    (mail,) = mails()
    assert subject in mail.subject
    assert (mail.locale, mail.confidential) == (locale, True)
    assert 'lang="zh-Hans-CN"' in mail.html or locale == "en"


@pytest.mark.case(40)
def test_links_and_passwords_are_in_no_log_and_no_trail(ctx, client, ada, ask, caplog, run_jobs):
    with ctx.test_request_context():
        accounts.send_link(ada)
        db.session.commit()
    ask(ada.email)
    tokens = [link_in(mail).rpartition("/")[2] for mail in mails()]
    choose(client, link_in(mails()[0]))
    run_jobs()
    kept = [caplog.text, *(repr(row) for row in db.session.execute(select(AuditEntry.changes)))]
    kept += [repr((job.args, job.kwargs)) for job in db.session.scalars(select(Job))]
    kept += [mail.text or "" for mail in mails()]
    for secret in (*tokens, NEW_PASSWORD):
        assert not any(secret in text for text in kept)


# How often


def test_one_account_is_sent_few_links_and_others_still_get_theirs(ada, other_app):  # noqa: F811
    make_user("editor", "eve@example.com")
    db.session.commit()
    client = other_app(CMS_LINK_LIMIT="2 per hour", CMS_LOGIN_LIMIT="100 per minute").test_client()
    asked = [client.post("/reset", data={"email": email}).status_code
             for email in ("ada@example.com", "ADA@example.com", "ada@example.com",
                           "nobody@example.com", "nobody@example.com", "nobody@example.com",
                           "eve@example.com")]  # fmt: skip
    assert asked == [200, 200, 429, 200, 200, 429, 200]
    answer = client.post("/reset", data={"email": "ada@example.com"})
    assert re.search(r"Wait (59|60) minutes, then try again\.", answer.text)
    assert len(mails()) == 3


def test_strangers_lock_nobody_out_where_they_have_logged_in(ada, other_app):  # noqa: F811
    app = other_app(CMS_ACCOUNT_LIMIT="3 per minute", CMS_LOGIN_LIMIT="100 per minute")
    assert enters(app.test_client(), PASSWORD)
    stranger, strange = app.test_client(), {"environ_base": ELSEWHERE}
    for _try in range(3):
        assert not enters(stranger, "wrong", **strange)
    assert stranger.post("/login", data={"email": ada.email, "password": PASSWORD},
                         **strange).status_code == 429  # fmt: skip
    another = {"environ_base": {"REMOTE_ADDR": "203.0.113.8"}}
    assert not enters(app.test_client(), PASSWORD, **another), "from wherever it comes"
    assert enters(app.test_client(), PASSWORD), "but not at home"


def test_a_right_password_uses_up_no_try(ada, other_app):  # noqa: F811
    app = other_app(CMS_ACCOUNT_LIMIT="2 per minute", CMS_LOGIN_LIMIT="100 per minute")
    assert all(enters(app.test_client(), PASSWORD) for _try in range(4))


@pytest.mark.parametrize("page", ["/verify", "/change"])
def test_whoever_finds_an_open_browser_cannot_try_passwords_in_it(ada, other_app, page):  # noqa: F811
    app = other_app(CMS_ACCOUNT_LIMIT="2 per minute", CMS_LOGIN_LIMIT="100 per minute")
    client = app.test_client()
    assert enters(client, PASSWORD)
    form = {"password": "wrong", "new_password": NEW_PASSWORD, "new_password_confirm": NEW_PASSWORD}
    tries = [client.post(page, data=form | {"email": f"{number}@example.com"}).status_code
             for number in range(3)]  # fmt: skip
    assert tries == [200, 200, 429], "whoever they say that they are"
