"""`picture(…)` in a template: what a browser is offered, and that all of it is escaped."""

import re

import pytest
from flask import render_template_string

from cms.media.models import Image, Rendition

JPEG, WEBP, AVIF = "image/jpeg", "image/webp", "image/avif"
ENDINGS = {JPEG: "jpg", WEBP: "webp", AVIF: "avif"}


def rendition(preset, mime, width, height):
    key = f"renditions/{preset}.{ENDINGS[mime]}"
    return Rendition(preset=preset, format="x", key=key, mime=mime, width=width, height=height)


@pytest.fixture
def image():
    """A picture as a job leaves it, 1200 pixels wide: its two widest files are the same size."""
    widths = {320: 320, 640: 640, 960: 960, 1280: 1200, 1920: 1200}
    return Image(
        alt_text="Boats",
        placeholder="data:image/webp;base64,AAAA",
        renditions=[
            rendition("resize", JPEG, 800, 600),
            rendition("thumbnail", JPEG, 200, 200),
            *(
                rendition(f"width-{width}", mime, real, real * 3 // 4)
                for width, real in widths.items()
                for mime in (JPEG, WEBP)
            ),
        ],
    )


@pytest.fixture
def draw(app):
    def go(template, **context):
        with app.test_request_context():
            return render_template_string(template, **context)

    return go


def test_a_browser_chooses_among_a_family_of_widths(draw, image):
    drawn = draw("{{ picture(image, 'width', sizes='50vw') }}", image=image)
    widths = "320w", "640w", "960w", "1200w"

    source, shown = re.fullmatch("<picture>(<source .*?>)(<img .*?>)</picture>", drawn).groups()
    assert 'type="image/webp"' in source
    assert re.findall(r"\d+w\b", re.search('srcset="(.*?)"', source)[1]) == [*widths]
    assert re.findall(r"\d+w\b", re.search('srcset="(.*?)"', shown)[1]) == [*widths]
    assert 'sizes="50vw"' in source
    assert 'sizes="50vw"' in shown
    assert 'src="/media/renditions/width-960.jpg"' in shown
    assert 'width="960" height="720"' in shown
    assert 'alt="Boats" loading="lazy" decoding="async"' in shown
    assert 'data-placeholder="data:image/webp;base64,AAAA"' in shown
    assert "style" not in drawn


def test_one_file_of_a_kind_leaves_no_choice(draw, image):
    image.placeholder = None
    drawn = draw("{{ picture(image, 'thumbnail', loading='eager', alt='') }}", image=image)
    assert drawn == (
        '<picture><img src="/media/renditions/thumbnail.jpg" width="200" height="200" alt="" '
        'loading="eager" decoding="async"></picture>'
    )


def test_what_not_every_browser_shows_is_offered_first(draw, image):
    image.renditions = [rendition("card", mime, 40, 30) for mime in (JPEG, WEBP, AVIF)]
    drawn = draw("{{ picture(image, 'card') }}", image=image)
    assert re.findall(r'<source type="(.*?)" srcset="(.*?)">', drawn) == [
        (AVIF, "/media/renditions/card.avif"),
        (WEBP, "/media/renditions/card.webp"),
    ]
    assert 'src="/media/renditions/card.jpg"' in drawn


def test_where_there_is_only_one_kind_it_is_for_all(draw, image):
    image.renditions = [rendition("card", WEBP, 40, 30)]
    drawn = draw("{{ picture(image, 'card') }}", image=image)
    assert "<source" not in drawn
    assert 'src="/media/renditions/card.webp"' in drawn


def test_a_picture_that_lacks_the_preset_shows_what_it_has(draw, image):
    assert "/media/renditions/resize.jpg" in draw("{{ picture(image, 'new') }}", image=image)
    image.renditions = []
    assert not draw("{{ picture(image, 'new') }}", image=image)


@pytest.mark.case(36)
def test_all_of_it_is_escaped(draw, image):
    evil = '"><script>alert(1)</script>'
    image.alt_text = image.placeholder = evil
    drawn = draw("{{ picture(image, 'width', sizes=evil, loading=evil) }}", image=image, evil=evil)
    assert "<script" not in drawn
    assert drawn.count("&lt;script&gt;") == 5
