"""Pillow as tutorials show it: each rendition by itself, from the whole picture."""

from pathlib import Path

from PIL import Image, ImageOps

from benchmarks.imagers import work

Image.MAX_IMAGE_PIXELS = None
LANCZOS = Image.Resampling.LANCZOS


def make(source: Path, folder: Path, wanted: work.Wanted) -> None:
    for name, kind, box, formats in wanted:
        with Image.open(source) as image:
            image.load()
            if kind == "crop":
                picture = ImageOps.fit(image, box, LANCZOS)
            else:
                scale = min(1, box[0] / image.width, box[1] / image.height)
                size = (round(image.width * scale), round(image.height * scale))
                picture = image.resize(size, LANCZOS)
        for one in formats:
            pixels = picture.convert("RGB") if one == "jpg" else picture
            pixels.save(folder / f"{name}.{one}", quality=work.QUALITY)


if __name__ == "__main__":
    work.measure(make)
