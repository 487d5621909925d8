"""libvips: a thumbnail from the file for each rendition."""

from pathlib import Path

import pyvips

from benchmarks.imagers import work

OPTIONS = {"jpg": f"[Q={work.QUALITY},strip]", "webp": f"[Q={work.QUALITY},strip]", "png": ""}


def make(source: Path, folder: Path, wanted: work.Wanted) -> None:
    for name, kind, box, formats in wanted:
        for one in formats:
            cut = {"crop": "centre"} if kind == "crop" else {}
            image = pyvips.Image.thumbnail(str(source), box[0], height=box[1], size="down", **cut)
            image.write_to_file(str(folder / f"{name}.{one}{OPTIONS[one]}"))


work.measure(make)
