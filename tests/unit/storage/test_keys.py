import pytest

from cms.storage.keys import BadKey, check, new_key

GOOD = "originals/ab/abcdefghijklmnopqrstuvwxyz234567.jpg"


def test_a_key_has_a_prefix_a_folder_and_an_extension():
    prefix, folder, name = new_key("renditions", ".webp").split("/")

    assert prefix == "renditions"
    assert name.startswith(folder)
    assert len(folder) == 2
    assert name.endswith(".webp")


def test_no_key_is_made_twice():
    assert len({new_key("originals", "jpg") for _ in range(1000)}) == 1000


def test_a_made_key_is_accepted():
    made = new_key("originals", "jpg")

    assert check(made) == made
    assert check(GOOD) == GOOD


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "originals",
        "originals/ab/short.jpg",
        "/" + GOOD,
        "../" + GOOD,
        "./" + GOOD,
        GOOD + "/",
        GOOD + "\0",
        GOOD + "\n",
        GOOD + ".php",
        GOOD.replace("/", "\\"),
        GOOD.replace("/", "//"),
        GOOD.replace("originals", ".."),
        GOOD.replace("originals", "originals/.."),
        GOOD.replace("originals", "originäls"),
        GOOD.upper(),
        GOOD.replace(".jpg", ""),
        GOOD.replace(".jpg", ".j/g"),
        GOOD.replace(".jpg", ".٣٣"),
        GOOD.replace("/ab/", "/cd/"),
    ],
)
def test_any_other_name_is_refused(bad):
    with pytest.raises(BadKey):
        check(bad)


@pytest.mark.parametrize(
    ("prefix", "extension"), [("", "jpg"), ("../x", "jpg"), ("x", ""), ("x", "a/b"), ("x", "..")]
)
def test_no_key_is_made_of_bad_parts(prefix, extension):
    with pytest.raises(BadKey):
        new_key(prefix, extension)
