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
