"""`picture(…)`: what a template calls to show a picture.

    {{ picture(image, "width", sizes="(min-width: 40rem) 50vw, 100vw") }}

It gives a `<picture>` with a `<source>` for each kind of file that there is, the
smallest kind first, so that a browser takes the first that it can show.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from markupsafe import Markup

from cms.media.models import Image, Rendition
from cms.media.sources import by_kind, family

# What a browser that knows no `srcset` gets is the one nearest to this, in pixels.
_MIDDLE = 960
_SHARED = 1200


def picture(
    image: Image,
    preset: str,
    *,
    sizes: str = "100vw",
    loading: str = "lazy",
    alt: str | None = None,
) -> Markup:
    """Return the markup that shows `image` as `preset` makes it; nothing while there is no file.

    With the first part of a family's names, such as `width` of `width-320` and
    `width-640`, the browser chooses among all of them by `sizes`, which says how wide the
    picture is shown, as in HTML. While the picture has no file of the preset, one of
    `resize` or `thumbnail` is shown. `loading` is `lazy` or, for what is seen first,
    `eager`; `alt` stands in place of the picture's own alternative text.
    """
    kinds = by_kind(family(image, preset))
    if not kinds:
        return Markup()
    *some, (_mime, files) = kinds
    shown = min(files, key=lambda r: abs(r.width - _MIDDLE))
    sources = Markup().join(
        Markup('<source type="{}"{}>').format(mime, _candidates(those, sizes))
        for mime, those in some
    )
    return Markup(
        '<picture>{}<img src="{}"{} width="{}" height="{}" alt="{}" loading="{}" '
        'decoding="async"{}></picture>'
    ).format(
        sources,
        _address(shown),
        _candidates(files, sizes) if len(files) > 1 else "",
        shown.width,
        shown.height,
        image.alt_text if alt is None else alt,
        loading,
        _placeholder(image),
    )


def to_share(image: Image) -> Rendition | None:
    """Return the file that other sites show beside a link: of a kind that all of them know."""
    kinds = (r for r in image.renditions if r.mime in ("image/jpeg", "image/png"))
    return min(kinds, key=lambda r: abs(r.width - _SHARED), default=None)


def _candidates(files: Sequence[Rendition], sizes: str) -> Markup:
    """Return `srcset`, and `sizes` where there is a choice."""
    if len(files) == 1:
        return Markup(' srcset="{}"').format(_address(files[0]))
    listed = ", ".join(f"{_address(file)} {file.width}w" for file in files)
    return Markup(' srcset="{}" sizes="{}"').format(listed, sizes)


def _address(rendition: Rendition) -> str:
    return url_for("site.media", key=rendition.key)


def _placeholder(image: Image) -> Markup:
    if not image.placeholder:
        return Markup()
    return Markup(' data-placeholder="{}"').format(image.placeholder)
