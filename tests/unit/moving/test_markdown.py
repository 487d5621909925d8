"""What is read from a ZIP of Markdown, before anything is made of it."""

import pytest

from cms.moving import markdown
from cms.moving.models import What
from tests.sites import zipped


@pytest.fixture
def read(tmp_path):
    """The articles and pages of a ZIP of these files, by their names in it."""

    def go(files):
        path = tmp_path / "site.zip"
        path.write_bytes(zipped(files))
        found = markdown.things(path)
        return {one.ref: one for one in found if one.what in (What.ARTICLE, What.PAGE)}

    return go


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("# Learning C#", "Learning C#"),
        ("# Learning C# #", "Learning C#"),
        ("# Harbour ##  ", "Harbour"),
        ("# Harbour\t#", "Harbour"),
        ("#\tHarbour\r", "Harbour"),
        ("# # of boats", "# of boats"),
    ],
)
def test_a_heading_ends_in_signs_that_close_it_only_after_a_space(read, heading, title):
    article = read({"a.md": f"{heading}\nWords."})["a.md"]
    assert (article.title, article.data["body"]) == (title, "<p>Words.</p>\n")
