"""Calling addresses that somebody typed in: what is stopped, and in which words."""

import ssl
import time

import pytest
import trustme

from cms.webhooks import calls
from cms.webhooks.calls import Caller
from tests import receivers

BODY = b'{"type":"test"}'


@pytest.fixture
def post():
    """Call a receiver that is allowed by name; the whole may take half a second."""

    def go(url, seconds=0.5, allowed=("127.0.0.1",)):
        return Caller(seconds, allowed).post(url, BODY, {"Content-Type": "application/json"})

    return go


@pytest.fixture
def receiver():
    with receivers.http_receiver() as receiver:
        yield receiver


@pytest.mark.case(41)
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "localhost",
        "LOCALHOST",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
def test_this_machine_is_never_called(post, receiver, host):
    with pytest.raises(calls.CallFailed) as caught:
        post(f"http://{host}:{receiver.port}/", allowed=())

    assert isinstance(caught.value, calls.PrivateAddress)
    assert caught.value.hopeless
    assert receiver.calls == []


@pytest.mark.case(41)
@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "[fe80::1]",
        "[fd00::1]",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_private_networks_are_never_called(post, scheme, host):
    with pytest.raises(calls.PrivateAddress) as caught:
        post(f"{scheme}://{host}/latest/meta-data/", allowed=())

    assert caught.value.answer.code is None


def test_only_the_very_host_that_was_allowed_is(post, receiver):
    for allowed in (("127.0.0.1",), (f"127.0.0.1:{receiver.port}",)):
        assert post(receiver.url, allowed=allowed).code == 200
    for allowed in (("127.0.0",), ("127.0.0.1:1",), ("127.0.0.1.example.com",), ("*",), ("",)):
        with pytest.raises(calls.PrivateAddress):
            post(receiver.url, allowed=allowed)


@pytest.mark.case(41)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(post, receiver, code):
    with receivers.http_receiver() as other:
        receiver.answer = receivers.reply(code, Location=other.url)
        with pytest.raises(calls.Redirected, match=rf"\({code}\), which is not followed"):
            post(receiver.url)

        assert other.calls == []
    assert len(receiver.calls) == 1


@pytest.mark.case(41)
def test_an_endless_answer_is_cut_off(post, receiver):
    receiver.answer = receivers.endless_body
    with pytest.raises(calls.EndlessAnswer, match="more than 64 kB") as caught:
        post(receiver.url, seconds=5)

    assert caught.value.answer.code == 200
    assert len(caught.value.answer.excerpt) == 1000


@pytest.mark.case(41)
@pytest.mark.parametrize(
    "manner", [receivers.silence, receivers.dripping_head, receivers.dripping_body]
)
def test_a_slow_answer_is_cut_off_however_it_drips(post, receiver, manner):
    receiver.answer = manner
    started = time.monotonic()
    with pytest.raises(calls.TooSlow) as caught:
        post(receiver.url)

    assert time.monotonic() - started < 2
    assert caught.value.answer.milliseconds >= 400


@pytest.mark.parametrize(
    ("code", "kind"),
    [(400, calls.Refused), (404, calls.Refused), (410, calls.Gone), (503, calls.Refused)],
)
def test_an_error_is_told_with_the_beginning_of_the_answer(post, receiver, code, kind):
    receiver.answer = receivers.reply(code, b"no\x00pe" + "长".encode() * 1000)
    with pytest.raises(kind) as caught:
        post(receiver.url)

    assert caught.value.answer.code == code
    assert caught.value.answer.excerpt.startswith("no\ufffdpe长")
    assert len(caught.value.answer.excerpt.encode()) < 1010


def test_one_who_hangs_up_is_told(post, receiver):
    receiver.answer = receivers.hang_up
    with pytest.raises(calls.NoAnswer, match=r"127\.0\.0\.1 does not answer"):
        post(receiver.url)


def test_a_name_that_leads_nowhere_is_told(post):
    with pytest.raises(calls.NoAnswer):
        post("https://no-such-host.invalid/")


def test_a_certificate_by_nobody_we_know_is_refused(post):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with receivers.http_receiver(context) as receiver:
        with pytest.raises(calls.NotTrusted):
            post(receiver.url.replace("http:", "https:"), seconds=5)
        assert receiver.calls == []


def test_a_proxy_of_the_environment_is_not_used(post, receiver, monkeypatch):
    with receivers.http_receiver() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        post(receiver.url)

        assert proxy.calls == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "/path",
        "ftp://host/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http://[::1",
        "http://host\\[bad",
        "http://127。0。0。1/",
        "http://host:port/",
        "http://user:password@host/",
        "http://host@other/",
        f"http://{'a' * 70}.example/",
        "http://ho st/",
        "http://host\r\nX-Evil: 1/",
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(post, url):
    with pytest.raises(calls.UnusableUrl):
        post(url)


def test_the_address_is_in_no_error(post, receiver, caplog):
    caplog.set_level("INFO")
    for manner in (receivers.hang_up, receivers.reply(500), receivers.silence):
        receiver.answer = manner
        with pytest.raises(calls.CallFailed) as caught:
            post(f"{receiver.url}?token=hunter2")
        assert "hunter2" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "hunter2" not in caplog.text
