"""Pictures made in code, good and bad, as the bytes of a file."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageCms

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 60), (40, 60, 200), (250, 250, 250)


def corners(width, height, mode="RGB"):
    """Four colours: red top left, green top right, blue bottom left, white bottom right."""
    picture = Image.new("RGB", (width, height), WHITE)
    picture.paste(RED, (0, 0, width // 2, height // 2))
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    return picture.convert(mode)


def encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def jpeg(width=64, height=48, **options):
    return encoded(corners(width, height), "JPEG", quality=95, subsampling=0, **options)


def png(width=64, height=48, mode="RGB", **options):
    return encoded(corners(width, height, mode), "PNG", **options)


def oriented_jpeg(orientation, width=80, height=40):
    """A picture that shows `corners(width, height)` once it has been turned."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = corners(width, height)
    if orientation in back:
        picture = picture.transpose(back[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture, "JPEG", quality=95, subsampling=0, exif=exif.tobytes())


def gps_jpeg():
    """A photo that tells where it was taken, with which camera, and whose it is."""
    exif = Image.Exif()
    exif[0x8298], exif[0x013B], exif[0x0110] = "Copyright 2026 Example", "An Artist", "Camera X"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)})
    return encoded(corners(64, 48), "JPEG", exif=exif.tobytes(), comment=b"secret comment")


def malformed_exif_jpeg():
    return encoded(corners(64, 48), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")


def grey16_png():
    """A 16-bit grey of half brightness."""
    return encoded(Image.new("I;16", (64, 48), 32_768), "PNG")


def cmyk_jpeg():
    """Pure cyan, magenta and yellow mixed to a strong red, without a profile."""
    return encoded(Image.new("CMYK", (64, 48), (0, 255, 255, 0)), "JPEG", quality=95)


def profiled_jpeg(profile):
    return encoded(corners(64, 48), "JPEG", quality=95, subsampling=0, icc_profile=profile)


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def palette_png():
    return encoded(corners(64, 48).quantize(8), "PNG")


def transparent_png(mode="RGBA"):
    """A red square on nothing."""
    picture = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    picture.paste((*RED, 255), (16, 12, 48, 36))
    return encoded(picture.convert(mode) if mode != "P" else picture.quantize(8), "PNG")


def animated(kind="GIF", frames=3):
    pictures = [Image.new("RGB", (64, 48), c) for c in (RED, GREEN, BLUE)]
    pictures = [pictures[n % 3] for n in range(frames)]
    return encoded(
        pictures[0], kind, save_all=True, append_images=pictures[1:], duration=100, loop=0
    )


def long_gif(frames=2_000):
    """A small file that is an animation of very many frames."""
    one = animated("GIF", 2)
    head = one[: one.index(b"\x21\xf9")]
    frame = one[len(head) : one.index(b"\x21\xf9", len(head) + 2)]
    return head + frame * frames + b";"


def bomb_png(side=20_000):
    """A PNG header that promises `side`² pixels, in a few hundred bytes."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
        + chunk(b"IEND", b"")
    )


def truncated_jpeg():
    """A photo of which half has arrived."""
    whole = encoded(Image.effect_noise((400, 300), 80).convert("RGB"), "JPEG")
    return whole[: len(whole) // 2]


def svg():
    return b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'


def text_file():
    return b"Dear editor,\nthis is a letter, not a picture.\n"
