"""The edge: headers, errors in words, languages, logging in and out."""

import io
import re
import time

import pytest
from flask import request
from sqlalchemy import text
from werkzeug.exceptions import HTTPException

from cms.app import create_app
from cms.edge import public
from cms.extensions import db, limiter
from cms.storage.base import StorageAway
from cms.tasks import huey
from tests.clients import PageClient
from tests.factories import QUICK_TO_HASH, make_picture, make_user
from tests.processes import PASSWORD, free_port

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9"}
ENGLISH = {"Accept-Language": "en-GB"}
JSON = {"Accept": "application/json"}
NONCE = re.compile(r"'nonce-([\w-]{16,})'")
INNER = ("Traceback", "sqlalchemy", "SELECT", "sqlite", "/cms/", "werkzeug", "secret of the house")
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
NEW_PASSWORD = "a horse of another colour"


@pytest.fixture
def other_app(ctx):
    """Make an application with other settings on the same database; all share one queue."""
    made = []

    def go(**settings):
        same = ctx.config["CMS_SETTINGS"]
        app = create_app(
            {
                "CMS_ENV": "testing",
                "CMS_DATA_DIR": same.data_dir,
                "CMS_SECRET_KEY": same.secret_key,
                "PROPAGATE_EXCEPTIONS": False,
                **QUICK_TO_HASH,
                **settings,
            }
        )
        app.test_client_class = PageClient
        made.append(app)
        return app

    yield go
    huey.init_app(ctx)
    limiter.init_app(ctx)
    for app in made:
        with app.app_context():
            db.engine.dispose()


# Headers


@pytest.mark.parametrize(
    "path",
    ["/login", "/admin/", "/admin/image/", "/admin/job/", "/admin/notification/", "/change",
     "/admin/no-such-page", "/static/any/css/cms.css", "/admin/image/status?ids=1"],
)  # fmt: skip
def test_every_answer_carries_the_policy_of_the_site(client, log_in, path):
    if path != "/login":
        log_in("administrator")
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    parts = {part.split()[0]: part.split()[1:] for part in policy.split(";")}

    assert parts["default-src"] == ["'self'"]
    assert parts["object-src"] == parts["base-uri"] == parts["frame-ancestors"] == ["'none'"]
    assert parts["form-action"] == ["'self'"]
    assert "unsafe" not in policy
    assert "*" not in policy
    assert NONCE.search(" ".join(parts["script-src"]))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    answer.close()


def test_each_answer_has_a_nonce_of_its_own_and_every_script_carries_it(client, log_in):
    log_in("administrator")
    nonces = set()
    for path in ("/change", "/admin/", "/admin/image/", "/admin/image/"):
        answer = client.get(path)
        nonce = NONCE.search(answer.headers["Content-Security-Policy"])[1]
        nonces.add(nonce)
        scripts = re.findall(r"<script\b[^>]*>", answer.text)
        assert scripts
        assert all(f'nonce="{nonce}"' in script for script in scripts)
        assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text)

    assert len(nonces) == 4


def test_cookies_are_kept_from_scripts_and_other_sites(client):
    answer = client.post("/language", data={"locale": "en"})
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_in_production_cookies_are_for_https_alone(other_app):
    app = other_app(
        CMS_ENV="production",
        CMS_SECRET_KEY="0123456789abcdef" * 3,
        CMS_SECOND_FACTOR_KEYS="0123456789abcdef" * 3,
        CMS_TRUSTED_HOSTS="cms.example",
        CMS_ALLOW_EMBEDDED="database,queue,storage,mail",
    )
    client = app.test_client()
    plain = client.get("/login", base_url="http://cms.example")
    assert plain.location == "https://cms.example/login"

    secure = client.get("/login", base_url="https://cms.example")
    assert secure.status_code == 200
    with app.app_context():
        picture = make_picture(owner=make_user("editor", "ada@example.com")).id
        db.session.commit()
    entered = client.post(
        "/login",
        base_url="https://cms.example",
        headers={"Referer": "https://cms.example/login"},
        token=False,
        data={
            "csrf_token": re.search(r'name="csrf_token"[^>]*value="([^"]+)"', secure.text)[1],
            "email": "ada@example.com",
            "password": PASSWORD,
            "remember": "y",
        },
    )
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"',
                      client.get("/admin/", base_url="https://cms.example").text)[1]  # fmt: skip
    chosen = client.post(
        "/language",
        base_url="https://cms.example",
        headers={"Referer": "https://cms.example/"},
        token=False,
        data={"csrf_token": token, "locale": "en"},
    )
    saved = client.post(
        f"/admin/image/edit/?id={picture}",
        base_url="https://cms.example",
        headers={"Referer": "https://cms.example/admin/image/"},
        token=False,
        data={"csrf_token": token, "title": "Pier", "_form": "ab-12"},
    )
    assert saved.status_code == 302
    cookies = [
        it
        for given in (secure, entered, chosen, saved)
        for it in given.headers.getlist("Set-Cookie")
    ]
    names = {cookie.partition("=")[0] for cookie in cookies}
    read_by_a_script = "__Host-saved_form"
    assert names == {
        "__Host-session",
        "__Host-remember_token",
        "__Host-cms_locale",
        read_by_a_script,
    }
    # Or a browser would refuse a cookie of such a name.
    for sign in ("; Secure", "; Path=/", "; SameSite=Lax"):
        assert all(sign in cookie for cookie in cookies), sign
    for cookie in cookies:
        assert ("; HttpOnly" in cookie) != cookie.startswith(read_by_a_script), cookie
    assert not any("Domain" in cookie for cookie in cookies)
    # Other hosts below this name are not ours to speak for.
    assert secure.headers["Strict-Transport-Security"] == "max-age=31556926"


@pytest.mark.case(34)
def test_a_host_that_is_not_ours_is_refused_in_words(other_app):
    client = other_app(CMS_TRUSTED_HOSTS="cms.example").test_client()

    assert client.get("/login", base_url="http://cms.example").status_code == 200
    answer = client.get("/login", base_url="http://evil.example")
    assert answer.status_code == 400
    assert answer.text == "That did not work. The request could not be understood.\n"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("hops", "believed"), [(0, "127.0.0.1"), (1, "203.0.113.7")])
def test_only_the_proxies_that_are_named_are_believed(other_app, hops, believed):
    app = other_app(CMS_PROXY_HOPS=hops)
    app.add_url_rule("/who", "who", public(lambda: request.remote_addr))

    answer = app.test_client().get("/who", headers={"X-Forwarded-For": "203.0.113.7"})
    assert answer.text == believed


# Errors


@pytest.fixture
def broken(ctx, monkeypatch):
    """The front page answers with an error: an exception, or the HTTP error of a code."""

    def go(error):
        def view():
            raise error

        view.is_public = True
        monkeypatch.setitem(ctx.view_functions, "site.home", view)

    return go


def http_error(code):
    kinds = {kind.code: kind for kind in HTTPException.__subclasses__()}
    for kind in list(kinds.values()):
        kinds |= {sub.code: sub for sub in kind.__subclasses__() if sub.code not in kinds}
    return kinds[code]("secret of the house")


WORDS = {
    400: ("The request could not be understood.", "无法理解"),
    403: ("You are not allowed to do this.", "权"),
    404: ("This page does not exist, or you may not see it.", "页面"),
    405: ("This address is not for opening or sending like this.", "页面"),
    409: ("Somebody changed this at the same time.", "同时"),
    413: ("This is larger than 2 MB, the most that is accepted at once.", "2 MB"),
    422: ("This could not be accepted.", "接受"),
    429: ("Wait a minute, then try again.", "分钟"),
    500: ("It is not your fault, and it has been noted.", "不是您的错"),
    503: ("The server is busy, or being looked after.", "服务器"),
}


@pytest.mark.parametrize("code", WORDS)
def test_an_error_is_told_in_the_readers_words_without_inner_facts(client, broken, code):
    broken(http_error(code) if code != 500 else RuntimeError("secret of the house"))
    english, chinese = client.get("/", headers=ENGLISH), client.get("/", headers=CHINESE)

    assert english.status_code == chinese.status_code == code
    assert WORDS[code][0] in english.text
    assert WORDS[code][0] not in chinese.text
    assert re.search(r"[\u4e00-\u9fff]{4,}", sentence_of(chinese)), sentence_of(chinese)
    assert '<html lang="en"' in english.text
    assert '<html lang="zh-Hans-CN"' in chinese.text
    for answer in (english, chinese):
        assert f"<code>{answer.headers['X-Request-ID']}</code>" in answer.text
        assert [inner for inner in INNER if inner in answer.text] == []


def sentence_of(answer):
    return re.search(r'<p class="error-sentence">(.*?)</p>', answer.text)[1]


@pytest.mark.parametrize("code", WORDS)
def test_a_program_is_told_the_same_in_json(client, broken, code):
    broken(http_error(code) if code != 500 else RuntimeError("secret of the house"))
    answer = client.get("/", headers=JSON)

    assert answer.status_code == code
    assert list(answer.json) == ["error"]
    assert answer.json["error"].startswith(WORDS[code][0])


def test_while_the_storage_is_away_it_is_said_when_to_ask_again(client, broken):
    broken(StorageAway())
    answer = client.get("/", headers=JSON)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json == {"error": StorageAway.sentence}


@pytest.mark.parametrize("path", ["/en/", "/admin/image/", "/api/v1/pictures"])
def test_a_database_that_is_away_is_told_in_words(other_app, path):
    away = f"postgresql://cms@127.0.0.1:{free_port()}/cms"
    client = other_app(CMS_DATABASE_URL=away).test_client()
    with client.session_transaction() as session:
        session["_user_id"] = "somebody:logged-in"
    page, told = client.get(path, headers=ENGLISH), client.get(path, headers=JSON)

    for answer in (page, told):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert WORDS[503][0] in answer.text
        assert [inner for inner in (*INNER, "psycopg") if inner in answer.text] == []


@pytest.mark.parametrize(("waited", "code"), [(19, 200), (21, 503)])
def test_what_has_waited_for_too_long_at_the_proxy_is_refused_in_words(other_app, waited, code):
    client = other_app(CMS_PROXY_HOPS="1").test_client()
    late = {"X-Request-Start": f"t={time.time() - waited:.3f}"}
    answer = client.get("/healthz", headers=late | ENGLISH)

    assert answer.status_code == code
    assert (answer.headers.get("Retry-After") == "5") is (code == 503)
    assert (WORDS[503][0] in answer.text) is (code == 503)
    assert client.post("/login", headers=late, data={}).status_code == 200, "it is not to be lost"


def test_nobody_but_the_proxy_says_since_when_a_request_waits(client):
    assert client.get("/healthz", headers={"X-Request-Start": "t=1.0"}).status_code == 200


def test_an_upload_is_heard_to_its_end_while_the_database_is_away(other_app):
    away = f"postgresql://cms@127.0.0.1:{free_port()}/cms"
    client, body = other_app(CMS_DATABASE_URL=away).test_client(), io.BytesIO(bytes(1_000_000))
    with client.session_transaction() as session:
        session["_user_id"] = "somebody:logged-in"
    answer = client.post(
        "/admin/image/upload", input_stream=body, content_length=1_000_000, headers=JSON
    )

    assert (answer.status_code, body.read()) == (503, b"")


def test_a_database_that_goes_away_before_the_commit_is_told_in_words(other_app, postgresql_url):
    app = other_app(CMS_DATABASE_URL=postgresql_url)

    @public
    def view():
        number = db.session.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:number, 5000)"), {"number": number})
        return "done"

    app.view_functions["site.home"] = view
    answer = app.test_client().get("/", headers=ENGLISH)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert WORDS[503][0] in answer.text
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_odd_page_before_is_as_good_as_none(client, scheme):
    odd = {"base_url": f"{scheme}://localhost", "headers": {"Referer": "http://[x"}}
    answer = client.post("/admin/image/retry", **odd)
    assert (answer.status_code, answer.location) == (302, "/login")
    assert client.get("/en/", **odd).status_code == 200


def test_an_unexpected_error_is_logged_with_its_trace(client, broken, caplog):
    broken(RuntimeError("secret of the house"))
    client.get("/")

    assert "GET / failed" in caplog.text
    assert "RuntimeError: secret of the house" in caplog.text


def test_an_error_takes_back_what_the_request_did(client, log_in, ctx, monkeypatch):
    user = log_in()

    def view():
        db.session.get(type(user), user.id).locale = "en"
        db.session.flush()
        raise RuntimeError

    monkeypatch.setitem(ctx.view_functions, "site.home", view)
    assert client.get("/").status_code == 500
    db.session.refresh(user)
    assert user.locale is None


def test_a_form_that_is_out_of_date_says_what_to_do(client):
    for headers, words in ((ENGLISH, "reload the page, and try again"), (CHINESE, "刷新")):
        answer = client.post("/language", data={"locale": "en"}, headers=headers, token=False)
        assert answer.status_code == 400
        assert words in answer.text


def test_a_wrong_address_or_method_is_no_trace_either(client):
    assert client.get("/no/such/page").status_code == 404
    assert client.get("/language").status_code == 405
    assert client.delete("/").status_code == 405


@pytest.mark.case(19)
def test_a_body_over_the_limit_is_413_in_words(other_app, ctx):
    app = other_app(CMS_REQUEST_MAX_MB=1)
    user = make_user()
    db.session.commit()
    client = app.test_client()
    client.post("/login", data={"email": user.email, "password": PASSWORD})
    body = {"data": HEAD + b"\0" * 1_000_000, "content_type": "multipart/form-data; boundary=x"}
    told = "larger than 1 MB"

    page = client.post("/admin/image/upload", **body)
    assert page.status_code == 413
    assert told in page.text
    answer = client.post("/admin/image/upload", headers=JSON, **body)
    assert answer.status_code == 413
    assert told in answer.json["errors"][0]["error"]


@pytest.mark.case(33)
@pytest.mark.parametrize(
    "path",
    ["/media/\x00", "/media/renditions/../../secret_key", "/media/renditions/%2e%2e/x",
     "/login?next=%00", "/admin/image/edit/?id={id}&url=http://[x",
     "/admin/image/status?ids=",
     "/admin/image/status?ids=x", "/admin/image/status?ids=1%00",
     "/admin/image/status?ids=" + "9" * 400, "/admin/image/status?ids=-1",
     "/admin/job/status?ids=%00",
     "/admin/job/status?ids=" + "x," * 3000, "/admin/job/details/?id=%00",
     "/admin/image/edit/?id=1,2",
     "/admin/image/?page=100000000000000000000", "/admin/image/?page=-1",
     "/admin/job/?search=%ED%A0%80",
     "/admin/notification/?flt0_created_at_since=0000-00-00", "/?x=%ED%A0%80", "/%ED%A0%80"],
)  # fmt: skip
def test_odd_addresses_are_no_errors_of_ours(client, log_in, path):
    log_in("administrator")
    image = make_picture()
    db.session.commit()

    assert client.get(path.replace("{id}", str(image.id))).status_code < 500


@pytest.mark.case(33)
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/login", {"email": "a\x00b@example.com", "password": "x"}),
        ("/login", {"email": "x" * 1_000_000, "password": "x"}),
        ("/login", {"email": ["a", "b"], "password": "\ud800".encode("utf-8", "surrogatepass")}),
        ("/verify", {"password": "x", "next": "http://[x"}),
        ("/verify?next=http://[x", {"password": "x"}),
        ("/admin/image/edit/?id={id}", {"title": "a", "url": "http:\\\\\\[x"}),
        ("/change", {"password": "\x00", "new_password": "\x00" * 12}),
        ("/language", {"locale": "en\x00"}),
        ("/language", {}),
        ("/admin/image/retry", {"id": "1\x00"}),
        ("/admin/image/retry", {}),
        ("/admin/image/edit/?id={id}", {"title": "a\x00b"}),
        ("/admin/image/edit/?id={id}", {"title": "x" * 1_000_000}),
        ("/admin/image/edit/?id={id}", {"title": "\ud800".encode("utf-8", "surrogatepass")}),
        ("/admin/image/upload", {"file": "a string"}),
        ("/admin/job/retry", {"id": "x" * 100_000}),
        ("/admin/notification/action/", {"action": "resolve", "rowid": "1,2"}),
    ],
)
def test_odd_forms_are_no_errors_of_ours(client, log_in, path, form):
    log_in("administrator")
    image = make_picture()
    db.session.commit()

    assert client.post(path.format(id=image.id), data=form).status_code < 500
    assert client.post(path.format(id=image.id), json=[form and "x"]).status_code < 500


@pytest.mark.case(19)
@pytest.mark.parametrize("cut", ["over the limit", "cut off"])
def test_a_body_that_ends_in_the_middle_leaves_no_file(other_app, cut):
    app = other_app(CMS_REQUEST_MAX_MB=1)
    user = make_user()
    db.session.commit()
    client = app.test_client()
    client.post("/login", data={"email": user.email, "password": PASSWORD})
    answer = client.post(
        "/admin/image/upload",
        input_stream=io.BytesIO(HEAD + b"\0" * (1_200_000 if cut == "over the limit" else 99_000)),
        content_type="multipart/form-data; boundary=x",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    left = [p for p in app.config["CMS_SETTINGS"].data_dir.glob("files/**/*") if p.is_file()]

    assert answer.status_code == (413 if cut == "over the limit" else 302)
    assert left == []


# Languages


def language_of(answer):
    return re.search(r'<html lang="([^"]+)"', answer.text)[1]


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans-CN"),
        ("zh", "zh-Hans-CN"),
        ("zh-Hans", "zh-Hans-CN"),
        ("zh-TW", "zh-Hans-CN"),
        ("en-GB,zh;q=0.5", "en"),
        ("de,fr;q=0.9", "en"),
        ("de,zh;q=0.1", "zh-Hans-CN"),
        ("", "en"),
        ("*", "en"),
        (";;;q=x", "en"),
    ],
)
def test_the_browsers_language_is_taken_where_we_have_it(client, asked, language):
    assert language_of(client.get("/login", headers={"Accept-Language": asked})) == language


def test_the_installations_language_is_taken_where_the_browser_has_no_wish(other_app):
    client = other_app(CMS_LOCALE="zh_Hans_CN").test_client()

    assert language_of(client.get("/login")) == "zh-Hans-CN"
    assert language_of(client.get("/login", headers=ENGLISH)) == "en"


def test_a_choice_is_remembered_in_the_browser(client):
    answer = client.post("/language", data={"locale": "zh_Hans_CN", "next": "/login"})

    assert answer.location == "/login"
    assert language_of(client.get("/login", headers=ENGLISH)) == "zh-Hans-CN"


def test_a_choice_is_remembered_with_the_account(ctx, client, log_in):
    user = log_in()
    client.post("/language", data={"locale": "zh_Hans_CN"})
    db.session.refresh(user)
    assert user.locale == "zh_Hans_CN"

    elsewhere = ctx.test_client()
    elsewhere.post("/login", data={"email": user.email, "password": PASSWORD})
    assert language_of(elsewhere.get("/admin/", headers=ENGLISH)) == "zh-Hans-CN"


@pytest.mark.parametrize("locale", ["de", "", "../en", "zh_Hans_CN\n"])
def test_a_language_that_we_do_not_have_is_refused(client, locale):
    assert client.post("/language", data={"locale": locale}).status_code == 400


def test_a_strange_cookie_is_as_good_as_none(client):
    client.set_cookie("cms_locale", "../../etc")
    assert language_of(client.get("/login", headers=CHINESE)) == "zh-Hans-CN"


# Logging in and out


def log_in_with(client, email, password=PASSWORD, **form):
    return client.post("/login", data={"email": email, "password": password, **form})


@pytest.mark.parametrize("headers", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_wrong_email_and_wrong_password_look_the_same(client, headers):
    user = make_user()
    db.session.commit()
    answers = [
        client.post("/login", data={"email": email, "password": "wrong password"}, headers=headers)
        for email in (user.email, "nobody@example.com")
    ]
    told = [re.findall(r'class="field-error"[^>]*>([^<]+)', answer.text) for answer in answers]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert told[0]
    assert told[0] == told[1]
    assert client.get("/admin/").status_code == 302


def test_too_many_tries_are_answered_in_words(other_app):
    app = other_app(CMS_LOGIN_LIMIT="3 per minute")
    user = make_user()
    db.session.commit()
    client = app.test_client()
    tries = [log_in_with(client, user.email, "wrong").status_code for _ in range(4)]
    assert tries == [200, 200, 200, 429]

    answer = log_in_with(client, user.email)
    assert answer.status_code == 429
    assert "Wait a minute, then try again." in answer.text
    assert client.get("/login").status_code == 200, "to look at the form is no try"


@pytest.mark.case(25)
def test_redis_being_away_locks_nobody_out_and_does_not_lift_the_limit(other_app):
    app = other_app(
        CMS_QUEUE_URL=f"redis://127.0.0.1:{free_port()}/0", CMS_LOGIN_LIMIT="2 per minute"
    )
    user = make_user()
    db.session.commit()

    assert log_in_with(app.test_client(), user.email).status_code == 302
    assert log_in_with(app.test_client(), user.email).status_code == 302
    assert log_in_with(app.test_client(), user.email).status_code == 429


def test_emails_are_the_same_however_they_are_typed(client):
    user = make_user(email="anna@example.com")
    db.session.commit()
    assert log_in_with(client, "Anna@Example.COM").status_code == 302
    assert user.email in client.get("/admin/").text


def cookie_of(client):
    cookie = client.get_cookie("session")
    return cookie.value if cookie else None


def with_cookie(app, value):
    client = app.test_client()
    client.set_cookie("session", value)
    return client.get("/admin/").status_code


@pytest.mark.case(35)
def test_a_cookie_from_before_the_log_in_is_useless(ctx, client):
    client.get("/login")
    before = cookie_of(client)
    user = make_user()
    db.session.commit()
    log_in_with(client, user.email)

    assert with_cookie(ctx, before) == 302
    assert with_cookie(ctx, cookie_of(client)) == 200


@pytest.mark.case(35)
def test_a_new_password_ends_every_other_session(ctx, client, log_in):
    user = log_in()
    here, elsewhere = cookie_of(client), ctx.test_client()
    log_in_with(elsewhere, user.email, remember="y")
    form = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    answer = client.post("/change", data=form | {"new_password_confirm": NEW_PASSWORD})

    assert answer.location == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    assert with_cookie(ctx, here) == 302
    assert log_in_with(ctx.test_client(), user.email).status_code == 200
    assert log_in_with(ctx.test_client(), user.email, NEW_PASSWORD).status_code == 302


@pytest.mark.case(35)
def test_a_cookie_from_before_the_log_out_is_useless(ctx, client, log_in):
    log_in()
    before = cookie_of(client)
    assert client.post("/logout").status_code == 302

    assert client.get("/admin/").status_code == 302
    assert with_cookie(ctx, before) == 302


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"password": "wrong password"}, "Invalid password"),
        ({"new_password": "short", "new_password_confirm": "short"}, "at least 10 characters"),
        ({"new_password_confirm": "another one"}, "Passwords do not match"),
        ({"new_password": PASSWORD, "new_password_confirm": PASSWORD}, "different"),
    ],
)
def test_a_password_that_cannot_be_is_refused_in_words(client, log_in, form, words):
    user = log_in()
    good = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    good["new_password_confirm"] = NEW_PASSWORD
    answer = client.post("/change", data=good | form)

    assert answer.status_code == 200
    assert words in answer.text
    assert PASSWORD not in answer.text
    assert log_in_with(client.application.test_client(), user.email).status_code == 302


@pytest.mark.case(40)
def test_passwords_are_kept_as_argon2id_and_shown_nowhere(client, log_in, caplog):
    user = log_in()
    assert user.password.startswith("$argon2id$")
    assert PASSWORD not in caplog.text
    assert user.password not in client.get("/admin/").text
