"""What stands for scripts and styles in their addresses."""

import pytest

from cms import assets


@pytest.fixture
def marked(tmp_path):
    """Give the mark of a folder of these files."""
    folders = iter(range(100))

    def go(**files):
        folder = tmp_path / str(next(folders)) / "js"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / f"{name}.js").write_text(text)
        return assets._marked((folder.parent,))

    return go


def test_the_same_files_have_the_same_mark_wherever_they_are(marked):
    assert marked(list="1", menu="2") == marked(menu="2", list="1")


@pytest.mark.parametrize(
    "files",
    [
        {"list": "1", "menu": "3"},
        {"list": "1", "menus": "2"},
        {"list": "12", "menu": ""},
        {"list": "1"},
    ],
    ids=["changed", "renamed", "moved from one to the other", "gone"],
)
def test_it_is_another_one_as_soon_as_a_file_is(marked, files):
    assert marked(**files) != marked(list="1", menu="2")
