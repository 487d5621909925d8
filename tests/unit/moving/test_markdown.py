"""What is read from a ZIP of Markdown, before anything is made of it."""

import pytest

from cms.moving import markdown
from cms.moving.models import What
from tests.sites import zipped


@pytest.fixture
def read(tmp_path):
    """The things of a kind in a ZIP of these files, by what they are known by."""

    def go(files, what=What.ARTICLE):
        path = tmp_path / "site.zip"
        path.write_bytes(zipped(files))
        return {one.ref: one for one in markdown.things(path) if one.what is what}

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


@pytest.mark.parametrize(
    ("names", "categories"),
    [
        (["blog/posts/a.md", "blog/pages/b.md"], ["posts"]),
        (["blog/travel/asia/a.md"], ["travel", "travel/asia"]),
        (["posts/a.md"], ["posts"]),
        (["posts/a.md", "posts/pics/boat.jpg"], ["posts"]),
        (["travel/a.md", "travel/b.md"], ["travel"]),
        (["travel/a.md", "food/b.md"], ["food", "travel"]),
        (["a.md", "travel/asia/b.md"], ["travel", "travel/asia"]),
    ],
)
def test_only_a_folder_that_a_site_was_put_into_is_no_category(read, names, categories):
    found = read(dict.fromkeys(names, "Words."), What.CATEGORY)
    assert sorted(ref.removeprefix("category::") for ref in found) == categories
