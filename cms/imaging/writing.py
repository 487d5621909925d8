"""Writing one rendition: which format it gets, and when the original's own bytes win."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cms.imaging import encode
from cms.imaging.encode import PRICE_OF_EXACTNESS, Reel, Way
from cms.imaging.formats import AVIF, GIF, JPEG, PNG, WEBP, Format
from cms.imaging.original import Original
from cms.imaging.presets import Motion, Preset
from cms.imaging.scaling import Cut

_ASKED = {kind.name: kind for kind in (JPEG, PNG, WEBP, AVIF)}


@dataclass(frozen=True)
class Order:
    """One file that is wanted: a preset in one of its formats, or in `original`."""

    preset: Preset
    asked: str
    cut: Cut

    @property
    def stem(self) -> str:
        """The file's name without ending: two formats asked for may come to the same."""
        beside = self.asked == "original" and len(self.preset.formats) > 1
        return f"{self.preset.name}.original" if beside else self.preset.name

    def moves(self, original: Original) -> bool:
        """Tell whether an animation is kept: the preset and the format have a say."""
        return original.frames > 1 and self.preset.motion is Motion.KEEP and self.asked != "jpeg"


@dataclass(frozen=True)
class Written:
    """A file that has been made of an order."""

    path: Path
    format: Format
    flattened: bool


def ways(order: Order, original: Original, *, transparent: bool) -> list[Way]:
    """Return how a picture may be written: one way, or an exact one and its alternative.

    `original` is the upload's own format where browsers show it. But a PNG or GIF that is
    not drawn would be several times as large as a JPEG, and becomes one; and what is partly
    transparent is always a WebP. An animation stays a GIF or PNG, or becomes a WebP.
    """
    asked, own = order.asked, original.format
    if order.moves(original):
        kind = (own if own in (GIF, PNG) else WEBP) if asked == "original" else _ASKED[asked]
        return [Way(kind, exact=original.may_be_drawn)]
    if asked == "original" and not transparent and own in (PNG, GIF) and original.may_be_drawn:
        return [Way(PNG, exact=True), Way(JPEG)]
    if asked == "original":
        kind = WEBP if transparent else own if own in (WEBP, AVIF) else JPEG
    else:
        kind = _ASKED[asked]
    if kind is WEBP and original.may_be_drawn:
        return [Way(WEBP, exact=True), Way(WEBP)]
    return [Way(kind)]


class Writer:
    """Writes what is ordered of one picture into a folder.

    `made` names every file begun, so that a failure can be cleaned away.
    """

    def __init__(self, original: Original, folder: Path) -> None:
        self.made: list[Path] = []
        self._original, self._folder = original, folder

    def stills(self, orders: Iterable[Order], picture: Image.Image) -> dict[Order, Written]:
        """Write one picture in each of the formats."""
        # JPEG last: it finds room in the memory that the others leave, and they would not in its.
        in_turn = sorted(orders, key=lambda order: order.asked == JPEG.name)
        return {order: self._still(order, picture) for order in in_turn}

    def reels(self, orders: Iterable[Order], reel: Reel) -> dict[Order, Written]:
        """Write an animation in each of the formats."""
        return {order: self._reel(order, reel) for order in orders}

    def _still(self, order: Order, picture: Image.Image) -> Written:
        transparent = picture.mode == "RGBA"
        tried = []
        for way in ways(order, self._original, transparent=transparent):
            flat = transparent and way.format is JPEG
            pixels = encode.flattened(picture, order.preset.matte) if flat else picture
            path = self._begin(order, way)
            encode.save(pixels, path, way, order.preset.quality, self._original.credit)
            tried.append(Written(path, way.format, flat))
        return self._finish(order, self._cheapest(tried))

    def _reel(self, order: Order, reel: Reel) -> Written:
        (way,) = ways(order, self._original, transparent=False)
        path = self._begin(order, way)
        encode.save_reel(reel, path, way, order.preset.quality, self._original.credit)
        return self._finish(order, Written(path, way.format, flattened=False))

    def _begin(self, order: Order, way: Way) -> Path:
        ending = f"{way.format.extension}.exact" if way.exact else way.format.extension
        path = self._folder / f"{order.stem}.{ending}"
        self.made.append(path)
        return path

    def _cheapest(self, tried: list[Written]) -> Written:
        best, *others = tried
        for other in others:
            size = other.path.stat().st_size
            loser = best if best.path.stat().st_size >= size * PRICE_OF_EXACTNESS else other
            best = other if loser is best else best
            loser.path.unlink()
        return best

    def _finish(self, order: Order, best: Written) -> Written:
        own = self._own_bytes(order, best)
        kind = self._original.format if own else best.format
        path = self._folder / f"{order.stem}.{kind.extension}"
        if own is None:
            best.path.replace(path)
        else:
            self.made.append(path)
            best.path.unlink()
            path.write_bytes(own)
        return Written(path, kind, best.flattened)

    def _own_bytes(self, order: Order, best: Written) -> bytes | None:
        """Return the original's own bytes, where they are as good and fewer."""
        original = self._original
        same = order.cut == Cut(original.whole, original.size) and not best.flattened
        stands_still = original.frames > 1 and not order.moves(original)
        if not same or stands_still or order.asked not in ("original", original.format.name):
            return None
        bare = original.bare
        return bare if bare and len(bare) < best.path.stat().st_size else None
