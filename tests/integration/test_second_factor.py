"""The second factor: an app, passkeys and recovery codes, on the way in and once inside."""

import html
import json
import re
from datetime import timedelta

import pytest
from passlib.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from cms import clock
from cms.accounts import factors
from cms.accounts.models import RecoveryCode
from cms.accounts.sessions import LoginSession
from cms.app import create_app
from cms.audit.models import AuditEntry
from cms.editorial.factors import reset_second_factor
from cms.editorial.tokens import make as make_token
from cms.errors import BadSetting
from cms.extensions import db
from tests.clients import Program
from tests.factories import make_user
from tests.passkeys import Passkey
from tests.processes import PASSWORD

KEY = re.compile(r'<code class="factor-key"[^>]*>([^<]+)</code>')
CODE = re.compile(r"<li><code>([A-Z2-7-]{19})</code></li>")
PASSKEY = re.compile(r'action="([^"]+)" data-passkey="\w+" data-options="([^"]+)"')
INSIDE = (
    "/admin/",
    "/change",
    "/verify",
    "/admin/image/",
    "/second-factor/recovery-codes",
    "/second-factor/passkey",
    "/login/recovery-code",
)
WRONG = "This code is wrong or too old"


class Phone:
    """An authenticator app that was given a key."""

    def __init__(self, page):
        self._totp = TOTP(KEY.search(page.text)[1])

    def code(self, later=0):
        """The code that it shows, or will show after so many half minutes."""
        return self._totp.generate(clock.now() + timedelta(seconds=30 * later)).token


@pytest.fixture(autouse=True)
def stopped(ctx, moment):
    """No code runs out while a test is slow."""
    with clock.stopped_at(moment):
        yield


@pytest.fixture
def enter(ctx):
    """Give the password in a browser of its own; the browser, and what was answered."""

    def go(user, target="/admin/", **environment):
        client = ctx.test_client()
        form = {"email": user.email, "password": PASSWORD}
        answer = client.post(
            "/login", query_string={"next": target}, data=form, environ_base=environment
        )
        return client, answer

    return go


@pytest.fixture
def somebody(client, log_in):
    """Somebody who has an app: the account, and the phone with the app."""
    user = log_in("editor")
    return user, set_up_app(client)


def set_up_app(client):
    phone = Phone(client.post("/second-factor", data={"setup": "authenticator"}))
    answer = client.post("/login/code", data={"code": phone.code(-1)})
    assert answer.status_code == 302, answer.text
    return phone


def add_passkey(client, name="My key"):
    passkey = Passkey()
    page = client.post("/second-factor/passkey", data={"name": name})
    answer = send(client, page, passkey.create)
    assert answer.location == "/second-factor"
    return passkey


def send(client, page, answer):
    """Let a passkey answer what a page asks."""
    action, options = map(html.unescape, PASSKEY.search(page.text).groups())
    return client.post(action, data={"credential": answer(json.loads(options))})


def is_in(client):
    return client.get("/admin/").status_code == 200


def told(*actions):
    """What the audit trail has of these, oldest first."""
    query = select(AuditEntry).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.id)
    return [(entry.action, entry.thing_id, entry.changes) for entry in db.session.scalars(query)]


# The authenticator app


def test_a_password_alone_lets_nobody_in_who_has_an_app(somebody, enter):
    user, phone = somebody
    client, answer = enter(user, "/admin/image/")
    assert answer.location == "/login/code?next=/admin/image/"
    assert client.get("/admin/").location.startswith("/login?")
    assert client.get("/second-factor/recovery-codes").location.startswith("/login?")

    refused = client.post(answer.location, data={"code": phone.code(9)})
    assert WRONG in refused.text
    assert not is_in(client)

    accepted = client.post(answer.location, data={"code": phone.code()})
    assert accepted.location == "/admin/image/"
    assert is_in(client)
    assert told("log in", "second factor refused", "log in refused")[-2:] == [
        ("second factor refused", str(user.id), {"email": user.email, "by": "app"}),
        ("log in", str(user.id), {"second_factor": "app"}),
    ]


def test_setting_up_shows_a_picture_and_a_key_and_is_told(client, log_in):
    user = log_in("viewer")
    page = client.post("/second-factor", data={"setup": "authenticator"})
    assert 'src="data:image/svg+xml;base64,' in page.text
    phone = Phone(page)
    assert user.tf_totp_secret is None, "not before a code has proved it"
    assert WRONG in client.post("/login/code", data={"code": phone.code(9)}).text

    client.post("/login/code", data={"code": phone.code()})

    db.session.refresh(user)
    assert KEY.search(page.text)[1].replace("-", "") not in user.tf_totp_secret
    changes = {"email": user.email, "by": "app"}
    assert told("set up second factor") == [("set up second factor", str(user.id), changes)]


def test_a_code_lets_in_once_and_none_before_it(somebody, enter):
    user, phone = somebody
    first, _ = enter(user)
    first.post("/login/code", data={"code": phone.code()})
    assert is_in(first)

    for code in (phone.code(), phone.code(-1)):
        second, _ = enter(user)
        assert WRONG in second.post("/login/code", data={"code": code}).text
        assert not is_in(second)
    third, _ = enter(user)
    third.post("/login/code", data={"code": phone.code(1)})
    assert is_in(third)


def test_of_two_who_send_a_code_at_once_one_comes_in(each_ctx):
    user = make_user()
    codes = each_ctx.extensions["security"].totp_factory
    user.tf_totp_secret = codes.generate_totp_secret()
    db.session.commit()
    code = codes.generate_totp_password(user.tf_totp_secret)

    assert codes.verify_totp(code, user.tf_totp_secret, user, window=30)
    set_committed_value(user, "tf_last_counter", None)  # as the other read it, before
    assert not codes.verify_totp(code, user.tf_totp_secret, user, window=30)


def test_a_code_is_good_for_half_a_minute_more(somebody, enter, moment):
    user, phone = somebody
    code = phone.code()
    with clock.stopped_at(moment + timedelta(seconds=61)):
        late, _ = enter(user)
        assert WRONG in late.post("/login/code", data={"code": code}).text
    with clock.stopped_at(moment + timedelta(seconds=59)):
        client, _ = enter(user)
        client.post("/login/code", data={"code": code})
        assert is_in(client)


def test_a_code_may_come_from_any_keyboard(somebody, enter):
    user, phone = somebody
    wide = phone.code().translate({ord(str(n)): 0xFF10 + n for n in range(10)})
    client, _ = enter(user)
    client.post("/login/code", data={"code": f" {wide[:3]} {wide[3:]} "})
    assert is_in(client)


def test_what_is_no_code_is_refused_in_words(somebody, enter):
    user, _phone = somebody
    client, _ = enter(user)
    none = {
        "/login/code": ("", "abcdef", "²²²²²²", "٣٣٣٣٣٣", "9" * 500, "\x00" * 6),
        "/login/recovery-code": ("", "\x00" * 19, "照片" * 500),
    }
    for address, codes in none.items():
        for code in codes:
            answer = client.post(address, data={"code": code})
            assert answer.status_code == 200
            assert "field-error" in answer.text
    assert not is_in(client)


def test_guessing_ends_soon_from_whichever_address(ctx, somebody, enter, client):
    user, phone = somebody
    pages = ["/login/code", "/login/recovery-code"] * 5
    for number, page in enumerate(pages):
        guesser, _ = enter(user, REMOTE_ADDR=f"192.0.2.{number}")
        assert guesser.post(page, data={"code": "000000"}).status_code == 200
    guesser, _ = enter(user, REMOTE_ADDR="192.0.2.99")
    for page in set(pages):
        answer = guesser.post(page, data={"code": phone.code()})
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 60
    assert not is_in(guesser)

    other = make_user("editor")
    db.session.commit()
    their, _ = enter(other)
    their_phone = set_up_app(their)
    their, _ = enter(other)
    their.post("/login/code", data={"code": their_phone.code()})
    assert is_in(their), "only the one account is waited for"


def test_removing_the_app_lets_the_password_do_again(client, somebody, enter):
    user, _phone = somebody
    client.post("/second-factor/recovery-codes")
    answer = client.post("/second-factor", data={"setup": "disable"})

    assert answer.location == "/second-factor"
    again, _ = enter(user)
    assert is_in(again)
    assert told("remove second factor")[-1][2] == {"email": user.email, "by": "app"}
    assert db.session.scalars(select(RecoveryCode)).all() == []


def test_who_is_in_is_not_put_out_by_a_page_of_the_way_in(client, somebody):
    for page in ("code", "choose", "passkey", "recovery-code"):
        assert client.get(f"/login/{page}").status_code == 302
    assert is_in(client)


def test_no_other_method_can_be_set_up_and_nobody_writes_mail(client, somebody, enter):
    user, _phone = somebody
    for method in ("email", "sms", "nonsense"):
        client.post("/second-factor", data={"setup": method, "phone": "+41443332211"})
    db.session.refresh(user)
    assert user.tf_primary_method == "authenticator"
    waiting, _ = enter(user)
    assert waiting.post("/login/rescue", data={"help_setup": "help"}).status_code in (302, 404)


def test_what_was_begun_before_another_set_up_an_app_is_over(client, log_in, enter, set_setting):
    user = log_in("editor")
    set_setting(second_factor_for=("editor",))
    thief, answer = enter(user)
    assert answer.location == "/second-factor"
    stolen = Phone(thief.post("/second-factor", data={"setup": "authenticator"}))
    owner, _ = enter(user)
    set_up_app(owner)

    thief.post("/login/code", data={"code": stolen.code()})

    assert not is_in(thief)
    assert is_in(owner)


# Recovery codes


def test_a_recovery_code_lets_in_once(client, somebody, enter):
    user, _phone = somebody
    page = client.post("/second-factor/recovery-codes")
    codes = CODE.findall(page.text)
    assert len(set(codes)) == 10
    assert page.cache_control.no_store
    assert not CODE.findall(client.get("/second-factor/recovery-codes?show_codes=1").text)

    first, _ = enter(user, "/admin/job/")
    typed = codes[3].lower().replace("-", " ")
    answer = first.post("/login/recovery-code?next=/admin/job/", data={"code": typed})
    assert answer.location == "/admin/job/"
    assert is_in(first)
    second, _ = enter(user)
    again = second.post("/login/recovery-code", data={"code": codes[3]})
    assert "wrong, or was used already" in again.text
    assert not is_in(second)

    assert "Codes left: 9." in client.get("/second-factor").text
    by = {"email": user.email, "by": "recovery code"}
    assert told("make recovery codes", "use recovery code", "second factor refused", "log in") == [
        ("make recovery codes", str(user.id), {"email": user.email}),
        ("use recovery code", str(user.id), by),
        ("log in", str(user.id), {"second_factor": "recovery code"}),
        ("second factor refused", str(user.id), by),
    ]


def test_new_recovery_codes_replace_the_old_ones(client, somebody):
    user, _phone = somebody
    old = CODE.findall(client.post("/second-factor/recovery-codes").text)
    new = CODE.findall(client.post("/second-factor/recovery-codes").text)

    assert not factors.use_up(user, old[0])
    assert factors.use_up(user, new[0])


def test_a_recovery_code_is_used_by_one_statement(each_ctx):
    user, other = make_user(), make_user()
    user.mf_recovery_codes = [factors.digest("ABCD-EFGH-2345-6723")]
    db.session.commit()

    assert not factors.use_up(other, "ABCD-EFGH-2345-6723")
    assert not factors.use_up(user, "ABCD-EFGH-2345-6724")
    assert factors.use_up(user, "abcd efgh 2345 6723")
    assert not factors.use_up(user, "ABCD-EFGH-2345-6723")


# Passkeys


def test_a_passkey_is_asked_for_after_the_password(client, log_in, enter):
    user = log_in("editor")
    passkey = add_passkey(client)

    waiting, answer = enter(user, "/admin/job/")
    assert answer.location == "/login/passkey?next=/admin/job/"
    assert not is_in(waiting)
    assert waiting.post("/login/code", data={"code": "000000"}).status_code == 200, "has no app"
    assert not is_in(waiting)
    page = waiting.post(answer.location)
    assert send(waiting, page, passkey.get).location == "/admin/job/"
    assert is_in(waiting)
    assert told("set up second factor", "log in") == [
        (
            "set up second factor",
            str(user.id),
            {"email": user.email, "by": "passkey", "name": "My key"},
        ),
        ("log in", str(user.id), {"second_factor": "passkey"}),
    ]


def test_a_passkey_of_somebody_else_lets_nobody_in(client, log_in, enter):
    owner = log_in("administrator")
    stolen = add_passkey(client)
    thief = make_user("viewer")
    db.session.commit()
    own, _ = enter(thief)
    add_passkey(own)

    waiting, answer = enter(thief)
    refused = send(waiting, waiting.post(answer.location), stolen.get)

    assert refused.location == "/login/passkey"
    assert "This passkey was not accepted." in waiting.get(refused.location).text
    assert not is_in(waiting)
    assert [who for _, who, _ in told("log in")] == [str(thief.id)], "before they had a passkey"
    refused = ("second factor refused", str(owner.id), {"email": owner.email, "by": "passkey"})
    assert told("second factor refused") == [refused]


def test_a_passkey_is_no_way_in_without_a_password(ctx, client, log_in):
    log_in("editor")
    add_passkey(client)
    stranger = ctx.test_client()
    for method in ("get", "post"):
        answer = getattr(stranger, method)("/login/passkey")
        assert answer.location.split("?")[0] == "/login"


def test_what_a_passkey_said_lets_in_once_and_there_alone(client, log_in, enter, moment):
    user = log_in("editor")
    passkey = add_passkey(client)
    waiting, elsewhere = (enter(user)[0] for _number in range(2))
    elsewhere.post("/login/passkey")
    page = waiting.post("/login/passkey")
    copied = client.application.test_client()
    copied.set_cookie("session", waiting.get_cookie("session").value)
    address, options = map(html.unescape, PASSKEY.search(page.text).groups())
    said = {"credential": passkey.get(json.loads(options))}

    with clock.stopped_at(moment + timedelta(seconds=1)):
        assert elsewhere.post(address, data=said).location == "/login/passkey"
        assert "This took too long." in elsewhere.get("/login/passkey").text
        assert waiting.post(address, data=said).location == "/admin/"
        assert is_in(waiting)
        waiting.post("/logout")
        waiting.post("/login", data={"email": user.email, "password": PASSWORD})
    with clock.stopped_at(moment + timedelta(seconds=2)):
        for browser in (waiting, copied):
            assert browser.post(address, data=said).location == "/login/passkey"
            assert not is_in(browser)


def test_a_passkey_is_set_up_where_that_was_begun_and_once(client, log_in, enter):
    user = log_in("editor")
    begun = client.post("/second-factor/passkey", data={"name": "My key"})
    elsewhere, _ = enter(user)
    elsewhere.post("/second-factor/passkey", data={"name": "Another"})
    assert send(elsewhere, begun, Passkey().create).location == "/second-factor/passkey"
    assert send(client, begun, Passkey().create).location == "/second-factor"
    assert send(client, begun, Passkey().create).location == "/second-factor/passkey"
    db.session.refresh(user)
    assert [it.name for it in user.webauthn] == ["My key"]


def test_who_has_an_app_and_a_passkey_chooses(client, somebody, enter):
    user, phone = somebody
    passkey = add_passkey(client)
    first, answer = enter(user, "/admin/job/")
    assert answer.location == "/login/choose?next=/admin/job/"
    chosen = first.post(answer.location, data={"which": "authenticator"})
    assert chosen.location == "/login/code?next=/admin/job/"
    assert "/login/choose?next=" in first.get(chosen.location).text
    first.post("/login/code", data={"code": phone.code()})

    second, answer = enter(user)
    chosen = second.post(answer.location, data={"which": "webauthn"})
    send(second, second.post(chosen.location), passkey.get)

    assert is_in(first)
    assert is_in(second)


def test_passkeys_are_listed_and_removed(client, log_in, enter):
    user = log_in("editor")
    add_passkey(client, "手机")
    add_passkey(client, "Key")
    page = client.get("/second-factor").text
    assert "<strong>手机</strong>" in page
    again = client.post("/second-factor/passkey", data={"name": "Key"})
    assert "You have a passkey called “Key” already." in again.text

    for name in ("手机", "Key"):
        client.post("/second-factor/remove-passkey", data={"name": name})

    assert "<strong>" not in client.get("/second-factor").text
    assert is_in(enter(user)[0])
    removed = [changes["name"] for _, _, changes in told("remove second factor")]
    assert removed == ["手机", "Key"]


# Roles that must have one


def test_a_role_that_must_is_led_to_set_one_up_and_can_do_nothing_before(enter, set_setting):
    set_setting(second_factor_for=("editor", "administrator"))
    user = make_user("editor")
    db.session.commit()
    client, answer = enter(user)

    assert answer.location == "/second-factor"
    assert "Your role must have a second factor" in client.get(answer.location).text
    for address in INSIDE:
        assert client.get(address).location.startswith("/login"), address
    client, _ = enter(user)
    phone = Phone(client.post("/second-factor", data={"setup": "authenticator"}))
    assert not is_in(client)
    entered = client.post("/login/code", data={"code": phone.code()})

    assert entered.location == "/second-factor/recovery-codes"
    assert "Make recovery codes now" in client.get(entered.location).text
    assert is_in(client)
    assert [action for action, *_ in told("set up second factor", "log in")] == [
        "set up second factor",
        "log in",
    ]


def test_who_is_in_without_one_is_out_as_soon_as_their_role_must(client, log_in, set_setting):
    log_in("editor")
    set_setting(second_factor_for=("administrator",))
    assert is_in(client)
    set_setting(second_factor_for=("editor",))
    assert not is_in(client)


def test_who_must_have_one_keeps_the_last(client, somebody, enter, set_setting):
    user, _phone = somebody
    set_setting(second_factor_for=("editor",))
    client.post("/second-factor", data={"setup": "disable"})
    assert "Remove" not in client.get("/second-factor").text
    add_passkey(client)
    client.post("/second-factor", data={"setup": "disable"})
    db.session.refresh(user)
    assert user.tf_totp_secret is None, "a passkey will do"

    client.post("/second-factor/remove-passkey", data={"name": "My key"})

    assert "Your role must have a second factor." in client.get("/second-factor").text
    assert is_in(client)
    assert enter(user)[1].location.startswith("/login/passkey")


def test_no_token_goes_round_what_a_role_must_have(ctx, somebody, set_setting):
    user, other = somebody[0], make_user("editor")
    programs = []
    for person in (user, other):
        _token, text = make_token(person, "Program", ["pictures:read"], None)
        db.session.commit()
        programs.append(Program(ctx, person, text))

    def answers():
        return [program.get("/pictures").status_code for program in programs]

    assert answers() == [200, 200]
    set_setting(second_factor_for=("editor",))
    assert answers() == [200, 401]
    set_setting(second_factor_for=("administrator",))  # or as soon as they have set one up
    assert answers() == [200, 200]


def test_a_role_that_there_is_not_is_refused_at_the_start(tmp_path):
    with pytest.raises(BadSetting, match=r"^CMS_SECOND_FACTOR_FOR: 'admin' is none of viewer, "):
        create_app({"CMS_DATA_DIR": tmp_path, "CMS_SECOND_FACTOR_FOR": "editor,admin"})


# A password that was given lately


@pytest.mark.parametrize(
    "address", ["/login/code", "/login/choose", "/login/passkey", "/login/recovery-code"]
)
def test_the_second_step_must_follow_within_ten_minutes(client, somebody, enter, moment, address):
    user, phone = somebody
    add_passkey(client)
    waiting, _ = enter(user)
    waiting.post("/login/choose", data={"which": "authenticator"})
    with clock.stopped_at(moment + timedelta(minutes=9)):
        assert waiting.get("/login/choose").status_code == 200
        waiting.post("/login", data={"email": user.email, "password": "not it, I fear"})
        assert waiting.get("/login/choose").location.startswith("/login")  # begun anew
        waiting, _ = enter(user)
        waiting.post("/login/choose", data={"which": "authenticator"})
    with clock.stopped_at(moment + timedelta(minutes=20)):
        answer = waiting.post(address, data={"code": phone.code()})
        assert answer.location == "/login"
        assert "This took too long." in waiting.get("/login").text
        assert not is_in(waiting)
        assert waiting.post("/login/code", data={"code": phone.code()}).location == "/login"
        assert not is_in(waiting)


def test_whoever_finds_a_browser_open_changes_nothing(client, somebody):
    user, _phone = somebody
    add_passkey(client)
    grow_old(client)
    before = user.tf_totp_secret, len(user.webauthn)

    for address, form in (
        ("/second-factor", {"setup": "authenticator"}),
        ("/second-factor", {"setup": "disable"}),
        ("/second-factor/passkey", {"name": "Theirs"}),
        ("/second-factor/remove-passkey", {"name": "My key"}),
        ("/second-factor/recovery-codes", {}),
    ):
        answer = client.post(address, data=form)
        assert answer.location.startswith("/verify?next="), (address, form)

    assert "Enter your password again" in client.get("/verify").text
    db.session.refresh(user)
    assert (user.tf_totp_secret, len(user.webauthn)) == before
    assert user.recovery_codes == []


def test_whoever_finds_a_browser_open_cannot_bring_what_they_began_elsewhere(
    client, somebody, enter
):
    user, _phone = somebody
    grow_old(client)
    thief = make_user("viewer")
    db.session.commit()
    own, _ = enter(thief)
    passkey = Passkey()
    page = own.post("/second-factor/passkey", data={"name": "Theirs"})

    assert send(client, page, passkey.create).location.startswith("/verify")
    assert client.post("/second-factor/x", data={"code": "123456"}).status_code == 404
    db.session.refresh(user)
    assert user.webauthn == []


def test_the_password_is_asked_for_again_and_then_no_more(client, somebody):
    grow_old(client)
    to_verify = client.get("/second-factor").location
    assert "Invalid password" in client.post(to_verify, data={"password": "not it, I fear"}).text
    assert client.get("/second-factor").status_code == 302
    answer = client.post(to_verify, data={"password": PASSWORD})
    assert answer.location == "/second-factor"
    assert client.get("/second-factor").status_code == 200


def grow_old(client):
    with client.session_transaction() as session:
        session["fs_paa"] -= 3600
        session.pop("fs_gexp", None)


# Reset, and the keys


def test_a_lost_phone_is_reset_and_every_log_in_ended(client, somebody, enter, runner):
    user, _phone = somebody
    add_passkey(client)
    client.post("/second-factor/recovery-codes")
    token, _text = make_token(user, "Program", ["pictures:read"], None)
    db.session.commit()
    said = runner.invoke(args=["cms", "reset-second-factor", user.email.upper()])

    assert said.exit_code == 0, said.output
    db.session.refresh(user)
    assert not user.has_second_factor
    assert user.recovery_codes == []
    db.session.refresh(token)
    assert token.state == "revoked"
    assert not is_in(client)
    assert is_in(enter(user)[0])
    reset = ("reset second factor", str(user.id), {"email": user.email})
    assert told("reset second factor") == [reset]
    unknown = runner.invoke(args=["cms", "reset-second-factor", "nobody@example.com"])
    assert "Nobody has an account" in unknown.output


def test_who_must_have_one_sets_up_another_after_a_reset(somebody, enter, set_setting):
    user, _phone = somebody
    set_setting(second_factor_for=("editor",))
    reset_second_factor(user)
    db.session.commit()

    assert db.session.scalars(select(LoginSession)).all() == []
    assert enter(user)[1].location == "/second-factor"


def test_a_new_key_comes_first_until_all_is_encrypted_by_it(each_ctx):
    user = make_user()
    old, both, new = (
        factors.OneTimeCodes(factors.tagged(keys), "QsCMS")
        for keys in (["o" * 32], ["n" * 32, "o" * 32], ["n" * 32])
    )
    user.tf_totp_secret = old.generate_totp_secret()
    code = old.generate_totp_password(user.tf_totp_secret)
    assert not new.verify_totp(code, user.tf_totp_secret, user)
    assert both.verify_totp(code, user.tf_totp_secret, user)

    assert both.rewrap(user)
    db.session.commit()

    assert not both.rewrap(user)
    assert new.generate_totp_password(user.tf_totp_secret) == code
    with pytest.raises(KeyError):
        old.rewrap(user)


def test_the_command_encrypts_all_anew(somebody, runner):
    said = runner.invoke(args=["cms", "rewrap-second-factors"])
    assert said.output == "0 second factors were encrypted anew.\n"
    assert told("rewrap second factors") == [("rewrap second factors", "", {"accounts": 0})]
    user, _phone = somebody
    stray = factors.OneTimeCodes(factors.tagged(["x" * 32]), "QsCMS")
    user.tf_totp_secret = stray.generate_totp_secret()
    db.session.commit()
    said = runner.invoke(args=["cms", "rewrap-second-factors"])
    assert said.exit_code == 1
    assert "a key that CMS_SECOND_FACTOR_KEYS does not have" in said.output
