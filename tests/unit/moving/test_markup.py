"""What WordPress keeps of a text, made into HTML."""

import pytest

from cms.moving import markup

SITE = "https://old.example"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ('<p><a href="/foo">x</a></p>', f'<p><a href="{SITE}/foo">x</a></p>'),
        ("<p><img src='/a.jpg'></p>", f'<p><img src="{SITE}/a.jpg"/></p>'),
        ('<p><a href="//cdn.example/foo">x</a></p>', '<p><a href="//cdn.example/foo">x</a></p>'),
        ('<p><a href="foo">x</a> <a>y</a></p>', '<p><a href="foo">x</a> <a>y</a></p>'),
        (
            '<pre>&lt;a href="/foo"&gt; &lt;img src="/b"&gt;</pre>',
            '<pre>&lt;a href="/foo"&gt; &lt;img src="/b"&gt;</pre>',
        ),
        ("<p title='src=\"/a\"'>x</p>", "<p title='src=\"/a\"'>x</p>"),
    ],
)
def test_addresses_without_a_host_are_of_the_site_and_code_stays_as_it_is(text, html):
    assert markup.from_wordpress(text, SITE) == (html, set())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[gallery]", "gallery"),
        ('[gallery columns="2"]', "gallery"),
        ('[gallery ids=""]', "gallery"),
        ('[playlist ids="4,5"]', "playlist"),
        ("[form]", "form"),
    ],
)
def test_a_shortcode_of_which_nothing_can_be_made_stays_and_is_told(text, name):
    assert markup.from_wordpress(f"Look: {text}", SITE) == (f"<p>Look: {text}</p>", {name})


def test_a_gallery_that_names_its_pictures_shows_them():
    html, unknown = markup.from_wordpress('[gallery ids="4, 5"]', SITE)
    assert html.split() == ["<figure><img", 'src="local:4"/></figure>',
                            "<figure><img", 'src="local:5"/></figure>']  # fmt: skip
    assert unknown == set()
