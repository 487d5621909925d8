"""Which signs of a text are kept: those that XML can hold, and so a feed."""

from xml.etree.ElementTree import fromstring

import pytest

from cms.content import signs

EVERY = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x11000)]))


def test_what_is_kept_can_stand_in_xml():
    text = signs.kept(EVERY).replace("&", "").replace("<", "")
    assert fromstring(f"<a>{text}</a>").text.splitlines() == text.splitlines()
    assert len(signs.kept(EVERY)) == len(EVERY) - 29


@pytest.mark.parametrize(
    ("text", "kept", "line"),
    [
        (" A\x08 b\n\tc\r\n", " A b\n\tc\r\n", "A b c"),
        ("First\x0bsecond\x0cthird", "First\nsecond\nthird", "First second third"),
        ("\x00\x01", "", ""),
        ("早安 👩\u200d🚀\ufffe", "早安 👩\u200d🚀", "早安 👩\u200d🚀"),
    ],
)
def test_a_text_keeps_its_lines_and_a_title_is_one(text, kept, line):
    assert (signs.kept(text), signs.in_a_line(text)) == (kept, line)
