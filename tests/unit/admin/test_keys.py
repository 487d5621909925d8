"""The letters that lead to tabs."""

from cms.admin import keys
from cms.admin.listing import Tab


def letters(*names):
    return keys.of_tabs([Tab(name, "") for name in names])


def test_each_tab_has_the_first_letter_of_its_key_that_is_free():
    assert letters("all", "pending", "processing", "no-text", "alike") == {
        "all": "a",
        "pending": "p",
        "processing": "r",
        "no-text": "n",
        "alike": "l",
    }


def test_a_tab_without_a_free_letter_has_none():
    assert letters("a", "aa", "--", "ab") == {"a": "a", "ab": "b"}
