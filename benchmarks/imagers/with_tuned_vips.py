"""libvips, made to decode once: each rendition from the smallest that is large enough."""

from pathlib import Path

import pyvips

from benchmarks.imagers import work

OPTIONS = {
    "jpg": f"[Q={work.QUALITY},strip]",
    "webp": f"[Q={work.QUALITY},effort={work.EFFORT},strip]",
    "png": "",
}
ENOUGH = 1.5


def make(source: Path, folder: Path, wanted: work.Wanted) -> None:
    levels: list[pyvips.Image] = []
    for name, kind, box, formats in wanted:
        options = {"height": box[1], "size": "down"}
        if kind == "crop":
            options["crop"] = "centre"
        if levels:
            larger = [level for level in levels if enough(level, box, kind)] or levels[:1]
            image = larger[-1].thumbnail_image(box[0], **options)
        else:
            image = pyvips.Image.thumbnail(str(source), box[0], **options)
        image = image.copy_memory()
        if kind == "fit":
            levels = sorted([*levels, image], key=lambda level: -level.width)
        for one in formats:
            image.write_to_file(str(folder / f"{name}.{one}{OPTIONS[one]}"))


def enough(level: pyvips.Image, box: tuple[int, int], kind: str) -> bool:
    ratios = level.width / box[0], level.height / box[1]
    return (min if kind == "crop" else max)(ratios) >= ENOUGH


work.measure(make)
