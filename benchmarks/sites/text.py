"""What both sites say: articles with a cover, some paragraphs and two pictures."""

from __future__ import annotations

import io

from cms.imaging.samples import draw_sample

ARTICLES = 7
SUMMARY = "Before the first boat leaves, the bay belongs to the gulls and whoever cannot sleep."
WORDS = ("Nets dry on the quay, and somewhere a kettle sings. Follow the road along the shore"
         " until it ends; whoever walks slowly sees more, and is asked in for tea. ")  # fmt: skip
PARAGRAPHS = 16
SIZE = (2400, 1600)


def title(number: int) -> str:
    return f"The ferry that never hurries, part {number}"


def body(pictures: list[str]) -> str:
    """Return the HTML of an article, with the markup of two pictures in it."""
    told = [f"<p>{WORDS * 3}</p>" for _paragraph in range(PARAGRAPHS)]
    for place, picture in zip((4, 10), pictures, strict=True):
        told.insert(place, f"<h2>{SUMMARY[:30]}</h2>{picture}")
    return "".join(told)


def drawing(seed: int) -> bytes:
    """Return a picture as the bytes of a JPEG."""
    file = io.BytesIO()
    draw_sample(seed, SIZE, file)
    return file.getvalue()
