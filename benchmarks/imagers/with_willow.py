"""Willow, as Wagtail uses it: each rendition by itself."""

from pathlib import Path

from django.conf import settings
from PIL import Image as Pillow

settings.configure()  # Willow asks it, where Django is there

from willow.image import Image

from benchmarks.imagers import work

Pillow.MAX_IMAGE_PIXELS = None


def make(source: Path, folder: Path, wanted: work.Wanted) -> None:
    for name, kind, box, formats in wanted:
        for one in formats:
            with source.open("rb") as file:
                image = Image.open(file).auto_orient()
                width, height = image.get_size()
                ratios = box[0] / width, box[1] / height
                scale = min(1, max(ratios) if kind == "crop" else min(ratios))
                image = image.resize((round(width * scale), round(height * scale)))
                if kind == "crop":
                    width, height = image.get_size()
                    left, top = (width - box[0]) // 2, (height - box[1]) // 2
                    image = image.crop((left, top, left + box[0], top + box[1]))
                with (folder / f"{name}.{one}").open("wb") as target:
                    if one == "jpg":
                        image.save_as_jpeg(target, quality=work.QUALITY)
                    elif one == "webp":
                        image.save_as_webp(target, quality=work.QUALITY)
                    else:
                        image.save_as_png(target)


work.measure(make)
