"""Every word is in both languages: none untranslated, none unused, none past the catalogue."""

import re
from collections import Counter

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from tests.processes import TOP

CATALOGUE = TOP / "cms/translations/zh_Hans_CN/LC_MESSAGES/messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "_l": None, "lazy_gettext": None}
PLACES = (
    ("cms", [("**.py", "python")]),
    ("templates", [("**.html", "jinja2"), ("**.txt", "jinja2")]),
)

GAP = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}|%%")
CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
UNSEEN = re.compile(r"<(script|style|pre)\b.*?</\1>|<!--.*?-->", re.DOTALL)
TAG = re.compile(r"<[^>]*>", re.DOTALL)
SPOKEN = re.compile(
    r"\b(?:aria-label|title|placeholder|alt|data-confirm[\w-]*|data-words[\w-]*)=\"([^\"]*)\""
)
# Names and keys, and the names of classes that a block or macro makes.
SAME_EVERYWHERE = re.compile(r"\b(?:QsCMS|ID|Enter|Esc|Ctrl[ +]K)\b|&\w+;|\N{BULLET}")
CLASSES = re.compile(
    r"\{% block \w+_class %\}.*?\{% endblock %\}|\{% macro \w+_class\b.*?endmacro %\}", re.DOTALL
)
LETTERS = re.compile(r"[^\W\d_]{2}")

COMMENT = re.compile(r"^\s*//.*$|(?<=[;{}) ])//.*$", re.MULTILINE)
FILLED = re.compile(r"\$\{[^}]*\}")
SENTENCE = re.compile(r"([\"'`])((?:(?!\1)[^\n\\])*?[A-Za-z]{2,} [A-Za-z]{2,}(?:(?!\1)[^\n\\])*)\1")
SHOWN = re.compile(
    r"(?:textContent|innerText|title|placeholder|alert\(|ariaLabel)\s*=?\s*([\"'`][^\"'`\n]*[A-Za-z]{2})"
)


@pytest.fixture(scope="module")
def used():
    """Each text of the program and its templates: its id, or one and many."""
    return {
        message
        for folder, methods in PLACES
        for *_place, message, _comments, _context in extract_from_dir(
            TOP / folder, methods, keywords=KEYWORDS
        )
    }


@pytest.fixture(scope="module")
def known():
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans_CN")
    return {message.id: message for message in catalogue if message.id}


def test_every_text_is_translated(used, known):
    assert sorted(map(str, used - known.keys())) == []
    strings = {key: message.string for key, message in known.items()}
    forms = {key: [words] if isinstance(words, str) else words for key, words in strings.items()}
    assert [key for key, words in forms.items() if not words or not all(words)] == []


def test_no_translation_is_uncertain(known):
    assert [key for key, message in known.items() if message.fuzzy] == []


def test_every_translation_is_used(used, known):
    assert sorted(map(str, known.keys() - used)) == []


def test_a_text_of_one_and_many_has_every_form_in_both_languages(used, known):
    for message in used:
        if isinstance(message, tuple):
            one, many = message
            assert one != many, one
            assert len(known[message].string) == 1, "Chinese has one form"


def test_a_translation_keeps_the_gaps_of_its_text(known):
    wrong = []
    for key, message in known.items():
        ids = key if isinstance(key, tuple) else (key,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        # “One row” has no number where “%(num)d rows” has one.
        if any(gaps(string) != gaps(ids[-1]) for string in strings):
            wrong.append(key)
    assert wrong == []


def gaps(text):
    return Counter(match.group() for match in GAP.finditer(text))


@pytest.mark.parametrize(
    "path",
    sorted(TOP.glob("templates/**/*.html")),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_no_template_says_what_is_not_translated(path):
    page = CODE.sub("\N{BULLET}", CLASSES.sub("", path.read_text(encoding="utf-8")))
    page = UNSEEN.sub("", page)
    said = [SAME_EVERYWHERE.sub("", text) for text in [*TAG.split(page), *SPOKEN.findall(page)]]
    assert [text.strip() for text in said if LETTERS.search(text)] == []


@pytest.mark.parametrize("path", sorted(TOP.glob("static/js/*.js")), ids=lambda path: path.name)
def test_no_script_has_words_of_its_own(path):
    """Scripts are handed their words by the page: `data-words="{{ _('…') }}"`."""
    script = FILLED.sub("", COMMENT.sub("", path.read_text(encoding="utf-8")))
    assert SHOWN.findall(script) == []
    sentences = [
        text for _quote, text in SENTENCE.findall(script) if re.match(r"[A-Z][a-z]+ [a-z]+", text)
    ]
    assert sentences == []


def test_no_view_says_what_is_not_translated():
    said = re.compile(r"\bflash\(\s*f?\"[^\"{]*[a-z]{2}")
    assert [str(path) for path in TOP.glob("cms/**/*.py") if said.search(path.read_text())] == []
