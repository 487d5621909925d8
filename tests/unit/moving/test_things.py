"""What the things of a site are looked for by."""

import pytest

from cms.moving.things import key_of


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("https://old.example/blog/?p=12", "local:12"),
        ("http://old.example/blog?page_id=12#top", "local:12"),
        ("//old.example/blog/index.php?attachment_id=12", "local:12"),
        ("https://old.example/?p=12", "//old.example?p=12"),
        ("https://old.example/blog/forum/viewtopic.php?p=12",
         "//old.example/blog/forum/viewtopic.php?p=12"),
        ("https://forum.example/viewtopic.php?p=12", "//forum.example/viewtopic.php?p=12"),
        ("https://old.example/blog/boat.jpg?w=300", "//old.example/blog/boat.jpg"),
        ("https://old.example/blog/%e8%8c%b6/", "//old.example/blog/茶"),
        ("zip:/posts/a%20b.md#c", "zip:/posts/a b.md"),
        ("mailto:ada@example.com", None),
        ("/boat.jpg", None),
        ("https://[broken/", None),
    ],
)  # fmt: skip
def test_a_number_is_that_of_a_post_only_at_the_address_of_the_site(address, key):
    assert key_of(address, "old.example/blog") == key
