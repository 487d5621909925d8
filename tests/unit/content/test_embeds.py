"""Whose videos and maps a text may show, and by which addresses."""

import pytest

from cms.content import bodies, embeds

MAP = "https://www.openstreetmap.org/export/embed.html?bbox="
YOUTUBE = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1"


@pytest.mark.parametrize(
    ("address", "frame"),
    [
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42s", YOUTUBE),
        ("https://youtu.be/dQw4w9WgXcQ", YOUTUBE),
        ("https://m.youtube.com/shorts/dQw4w9WgXcQ", YOUTUBE),
        ("https://vimeo.com/76979871", "https://player.vimeo.com/video/76979871?dnt=1&autoplay=1"),
        ("https://www.bilibili.com/video/BV1GJ411x7h7/?p=1",
         "https://player.bilibili.com/player.html?bvid=BV1GJ411x7h7&autoplay=1"),
        ("https://www.openstreetmap.org/#map=19/60/10",
         f"{MAP}9.99931%2C59.99979%2C10.00069%2C60.00021&layer=mapnik&marker=60.00000%2C10.00000"),
    ],
)  # fmt: skip
def test_what_people_copy_is_known(ctx, address, frame):
    found = embeds.find(address)
    assert found.frame == frame
    assert found.frame.startswith(f"{found.origin}/")
    body = f'<figure data-embed="{address.replace("&", "&amp;")}"></figure>'
    assert bodies.clean(body) == body
    assert not bodies.is_empty(body)


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/watch?v=dQw4w9WgXcQ", "http://youtu.be/dQw4w9WgXcQ", "", "javascript:1",
     "https://youtu.be/dQw4w9WgXcQ/../x", "https://www.youtube.com.evil.example/embed/dQw4w9WgXcQ",
     "//youtu.be/dQw4w9WgXcQ", "https://vimeo.com/123456@evil.example",
     "https://youtu.be/dQw4w9WgXc\N{FULLWIDTH LATIN CAPITAL LETTER Q}",
     'https://youtu.be/dQw4w9WgXcQ"onload="x', "https://www.openstreetmap.org/#map=x/1/2"],
)  # fmt: skip
def test_what_is_nobodys_is_left_out_with_its_caption(ctx, address):
    assert embeds.find(address) is None
    figure = (
        f"<p>a</p><figure data-embed='{address}'><figcaption>A <b>song</b></figcaption></figure>"
    )
    assert bodies.clean(figure) == "<p>a</p>"


def test_a_provider_that_is_not_named_any_more_is_left_out(set_setting):
    set_setting(embeds=("vimeo",))
    assert embeds.find("https://youtu.be/dQw4w9WgXcQ") is None
    assert embeds.find("https://vimeo.com/76979871").name == "Vimeo"


def test_a_figure_with_a_picture_stays(ctx):
    figure = '<figure><img data-picture="7" alt=""><figcaption>x</figcaption></figure>'
    assert bodies.clean(figure) == figure
