"""Two texts beside each other."""

import re

import pytest

from cms.admin.sides import sides


def plain(text):
    return re.sub(r'<span class="visually-hidden">.*?</span>', "", text)


@pytest.mark.parametrize(
    ("theirs", "mine", "left", "right"),
    [
        ("Boats at dawn", "Boats at noon", "Boats at <del>dawn</del>", "Boats at <ins>noon</ins>"),
        ("A pier", "A long pier", "A pier", "A <ins>long </ins>pier"),
        ("清晨的港口", "黄昏的港口", "<del>清晨</del>的港口", "<ins>黄昏</ins>的港口"),
        ("", "New", "", "<ins>New</ins>"),
        ("Same", "Same", "Same", "Same"),
        ("<b>", "<i>", "&lt;<del>b</del>&gt;", "&lt;<ins>i</ins>&gt;"),
    ],
)
def test_what_differs_is_marked_word_by_word(toy_app, theirs, mine, left, right):
    with toy_app.test_request_context():
        found = sides(theirs, mine)
    assert (plain(found.theirs), plain(found.mine)) == (left, right)


def test_what_is_marked_is_said_too(toy_app):
    with toy_app.test_request_context():
        assert "[only theirs:]" in sides("dawn", "noon").theirs


def test_long_texts_are_marked_whole(toy_app):
    with toy_app.test_request_context():
        theirs, mine = sides("a " * 3_000, "b " * 3_000)
    assert theirs.count("<del>") == mine.count("<ins>") == 1
