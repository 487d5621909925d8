"""What is read from a WordPress export, before anything is made of it."""

import pytest

from cms.moving import wordpress
from cms.moving.models import What
from tests.sites import OLD, WordPress


@pytest.fixture
def kept(tmp_path):
    """Keep an export in a file."""

    def go(xml):
        path = tmp_path / "site.xml"
        path.write_bytes(xml)
        return path

    return go


def articles(path):
    return [one for one in wordpress.things(path) if getattr(one, "what", None) is What.ARTICLE]


@pytest.mark.parametrize(
    "more",
    [
        b'<a:link xmlns:a="http://www.w3.org/2005/Atom" href="https://old.example/feed"/>',
        b'<a:link xmlns:a="http://www.w3.org/2005/Atom">https://hub.example/</a:link>',
        b"<link></link>",
    ],
    ids=["empty", "with an address", "without one"],
)
def test_a_link_that_is_none_of_the_site_leaves_it_where_it_is(kept, more):
    site = WordPress()
    site.text("Boat", '<p><a href="/tides">Tides</a></p>', slug="boat")
    path = kept(site.xml().replace(b"</wp:base_site_url>", b"</wp:base_site_url>" + more))

    (boat,) = articles(path)
    assert boat.data["body"] == f'<p><a href="{OLD}/tides">Tides</a></p>'
    assert boat.data["redirect"] == "/2019/05/boat"
    assert wordpress.site_of(path) == "old.example"
