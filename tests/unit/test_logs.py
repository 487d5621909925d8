"""The lines of the log: their form, their ids, and what cannot be done to them."""

import json
import logging
import re
import sys

import pytest

from cms import logs

TEXT, JSON, PLAIN = logs.lines("text"), logs.lines("json"), logs.PlainLines()


def record(message, *args, error=None):
    """A line that is about to be written."""
    made = logging.LogRecord("cms.edge", logging.WARNING, "edge.py", 1, message, args, None)
    made.created = 1764069302.25
    if error is not None:
        made.exc_info = _raised(error)
    return made


def _raised(error):
    try:
        raise error
    except type(error):
        return sys.exc_info()


def test_a_line_of_text_has_time_level_logger_message_and_ids():
    with logs.bind(request="abc", user=7):
        line = TEXT.format(record("%s is full", "the disk"))

    assert line == (
        "2025-11-25T11:15:02.250Z WARNING cms.edge: the disk is full [request=abc user=7]"
    )


def test_a_line_about_nothing_in_particular_has_no_ids():
    assert TEXT.format(record("hello")) == "2025-11-25T11:15:02.250Z WARNING cms.edge: hello"


def test_a_line_of_json_has_the_same_as_fields():
    with logs.bind(job="abc", task="toy", attempt=2):
        line = JSON.format(record("%s is full", "the disk"))

    assert json.loads(line) == {
        "time": "2025-11-25T11:15:02.250Z",
        "level": "WARNING",
        "logger": "cms.edge",
        "message": "the disk is full",
        "job": "abc",
        "task": "toy",
        "attempt": 2,
    }


def test_a_command_says_its_message_alone():
    assert PLAIN.format(record("hello")) == "hello"


def test_ids_last_as_long_as_what_they_are_about():
    with logs.bind(job="outer"):
        with logs.bind(job="inner"):
            logs.note(attempt=1)
            assert TEXT.format(record("x")).endswith("x [job=inner attempt=1]")
        assert TEXT.format(record("x")).endswith("x [job=outer]")
    assert TEXT.format(record("x")).endswith("x")


def test_a_trace_is_indented_and_in_json_a_field():
    failed = record("it failed", error=ValueError("no honey"))

    first, *trace = TEXT.format(failed).split("\n")
    assert first.endswith("it failed")
    assert all(line.startswith("    ") for line in trace)
    assert trace[0] == "    Traceback (most recent call last):"
    assert trace[-1] == "    ValueError: no honey"
    assert json.loads(JSON.format(failed))["exception"].endswith("ValueError: no honey")


FORGED = "2025-11-25T11:15:02.250Z ERROR cms.edge: all is lost"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1e", "\x85", "\u2028"])
@pytest.mark.parametrize("formatter", [TEXT, JSON, PLAIN], ids=["text", "json", "plain"])
def test_what_a_person_wrote_cannot_make_a_line(formatter, end):
    assert len(formatter.format(record("no %s", f"bear{end}{FORGED}")).splitlines()) == 1

    failed = record("it failed", error=ValueError(f"bear{end}{FORGED}"))
    lines = formatter.format(failed).splitlines()
    assert not any(line.startswith(FORGED[:10]) for line in lines[1:])


@pytest.mark.parametrize("sign", ["\x00", "\x1b[2J", "\x07", "\x9b", "\u202e", "\ud800"])
@pytest.mark.parametrize("formatter", [TEXT, JSON, PLAIN], ids=["text", "json", "plain"])
def test_no_sign_reaches_a_terminal_that_it_would_obey(formatter, sign):
    line = formatter.format(record("no %s", f"bear{sign}"))

    assert sign[0] not in line
    assert re.search(r"bear\\", line)


def test_other_scripts_are_readable():
    assert TEXT.format(record("没有蜂蜜 🐻")).endswith("没有蜂蜜 🐻")
    assert json.loads(JSON.format(record("没有蜂蜜 🐻")))["message"] == "没有蜂蜜 🐻"
