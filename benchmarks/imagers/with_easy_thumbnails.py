"""easy-thumbnails, as Django projects use it: each rendition by itself."""

from pathlib import Path

import django
from django.conf import settings
from PIL import Image

from benchmarks.imagers import work

settings.configure(INSTALLED_APPS=["easy_thumbnails"], MEDIA_ROOT="/nonexistent")
django.setup()

from easy_thumbnails.files import get_thumbnailer

Image.MAX_IMAGE_PIXELS = None


def make(source: Path, folder: Path, wanted: work.Wanted) -> None:
    for name, kind, box, formats in wanted:
        size = box if box[1] < work.ANY_HEIGHT else (box[0], 0)
        for one in formats:
            with source.open("rb") as file:
                thumbnailer = get_thumbnailer(file, relative_name=source.name)
                made = thumbnailer.generate_thumbnail(
                    {"size": size, "crop": kind == "crop", "quality": work.QUALITY}
                ).image
                pixels = made.convert("RGB") if one == "jpg" else made
                pixels.save(folder / f"{name}.{one}", quality=work.QUALITY)


work.measure(make)
