"""Pictures made in code, good and bad, as the bytes of a file."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

import piexif
import pillow_heif
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()

# What tests ask to be made of one, where it does not matter: as `cms.imaging.operations` reads it.
OPERATIONS = [
    {"type": "resize", "width": 800, "height": 600},
    {"type": "thumbnail", "width": 200, "height": 200},
]

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 60), (40, 60, 200), (250, 250, 250)


def corners(width, height, mode="RGB"):
    """Four colours: red top left, green top right, blue bottom left, white bottom right."""
    picture = Image.new("RGB", (width, height), WHITE)
    picture.paste(RED, (0, 0, width // 2, height // 2))
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    return picture.convert(mode)


def noise(width, height, seed=1):
    """A picture that no encoder can make small; the same each time."""
    return Image.frombytes("L", (width, height), random.Random(seed).randbytes(width * height))


def encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def jpeg(width=64, height=48, **options):
    return encoded(corners(width, height), "JPEG", quality=95, subsampling=0, **options)


def png(width=64, height=48, mode="RGB", **options):
    return encoded(corners(width, height, mode), "PNG", **options)


def oriented(orientation, width=80, height=40):
    """Stored so that it shows `corners(width, height)` once it has been turned."""
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
    return picture.transpose(back[orientation]) if orientation in back else picture


def oriented_jpeg(orientation, width=80, height=40):
    picture = oriented(orientation, width, height)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture, "JPEG", quality=95, subsampling=0, exif=exif.tobytes())


def oriented_tiff(orientation, width=80, height=40):
    return encoded(oriented(orientation, width, height), "TIFF", tiffinfo={0x0112: orientation})


def late_exif_png(orientation, width=80, height=40):
    """A PNG whose EXIF stands behind its pixels, as the format allows."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(oriented(orientation, width, height), "PNG")
    return data[:-12] + png_chunk(b"eXIf", exif.tobytes()[6:]) + data[-12:]


def gps_jpeg():
    """A photo that tells where it was taken, with which camera, and whose it is."""
    exif = piexif.dump(
        {
            "0th": {
                piexif.ImageIFD.Copyright: "© 2026 Exämple".encode(),
                piexif.ImageIFD.Artist: b"An Artist",
                piexif.ImageIFD.Model: b"Camera X",
            },
            "Exif": {piexif.ExifIFD.BodySerialNumber: b"serial 12345"},
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: b"N",
                piexif.GPSIFD.GPSLatitude: ((48, 1), (8, 1), (0, 1)),
            },
            "1st": {},
            "thumbnail": jpeg(16, 12),
        }
    )
    return encoded(corners(64, 48), "JPEG", exif=exif, comment=b"secret comment")


def malformed_exif_jpeg():
    return encoded(corners(64, 48), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")


def grey16(kind="PNG"):
    """A 16-bit grey of half brightness."""
    return encoded(Image.new("I;16", (64, 48), 32_768), kind)


def cmyk_jpeg():
    """Magenta and yellow ink, mixed to a strong red, without a profile."""
    return encoded(Image.new("CMYK", (64, 48), (0, 255, 255, 0)), "JPEG", quality=95)


def profiled_jpeg(profile, mode="RGB"):
    picture = corners(64, 48, mode)
    return encoded(picture, "JPEG", quality=95, subsampling=0, icc_profile=profile)


def profiled_png(profile):
    return encoded(corners(64, 48), "PNG", icc_profile=profile)


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def linear_profile():
    """sRGB's colours, but as much light for each step: plainly darker if passed over."""
    return srgb_profile().replace(b"\0\x02\x66\x66", b"\0\x01\0\0")  # gamma 2.4 to 1


def sixteen_bit_png():
    """Colours of 16 bit, which Pillow cannot write, in one row of one pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    row = zlib.compress(b"\0" + struct.pack(">3H", 65_535, 32_768, 0))
    chunks = ((b"IHDR", header), (b"IDAT", row), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, data) for name, data in chunks)


def palette_png():
    return encoded(corners(64, 48).quantize(8), "PNG")


def transparent_png(mode="RGBA"):
    """A red square on nothing."""
    picture = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    picture.paste((*RED, 255), (16, 12, 48, 36))
    return encoded(picture.convert(mode) if mode != "P" else picture.quantize(8), "PNG")


def animated_gif(frames=3):
    return animated("GIF", frames)


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


def slow_gif(blocks):
    """One frame in blocks of one byte each: slow to walk through."""
    one = animated_gif(1)
    frame = one.index(b",")
    return one[: frame + 10] + b"\x02" + b"\x01" * (2 * blocks) + b"\0;"


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb_png(side=20_000):
    """A PNG header that promises `side`² pixels, in a few hundred bytes."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
        + png_chunk(b"IEND", b"")
    )


def real_bomb_png(side=20_000):
    """All `side`² pixels, each of them black, in under 50 kB."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8)
    rows = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", rows)
        + png_chunk(b"IEND", b"")
    )


def bomb_gif():
    """A small screen whose only frame is 65,535 pixels wide and high, in 42 bytes."""
    screen = b"GIF89a" + struct.pack("<2H3B", 32, 32, 0x80, 0, 0) + bytes(6)
    # The frame asks to be wiped afterwards, for which decoders set memory aside at once.
    wiped = b"\x21\xf9\x04\x08\0\0\0\0"
    return screen + wiped + b"," + struct.pack("<4HB", 0, 0, 65_535, 65_535, 0) + b"\x02\x01\0\0;"


def bomb_webp():
    """A WebP header whose canvas is 16 million pixels wide."""
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\xff\xff" + b"\xff\0\0"
    return b"RIFF" + struct.pack("<I", len(canvas) + 4) + b"WEBP" + canvas


def bomb_avif():
    """A small picture's file whose header says that it is 17,000 pixels wide and high."""
    data = encoded(corners(64, 48), "AVIF")
    return data.replace(struct.pack(">2I", 64, 48), struct.pack(">2I", 17_000, 17_000))


def bomb_tiff(tile=40_000):
    """A picture of 64 × 64 pixels in one tile of `tile`² pixels."""
    tags = {256: 64, 257: 64, 258: 8, 259: 5, 262: 1, 277: 1, 322: tile, 323: tile, 325: 8}
    tags[324] = 8 + 2 + 12 * (len(tags) + 1) + 4
    entries = (struct.pack("<2H2I", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + b"".join(entries) + bytes(12)


def truncated_jpeg(width=400, height=300):
    """A photo of which half has arrived."""
    whole = encoded(noise(width, height).convert("RGB"), "JPEG")
    return whole[: len(whole) // 2]


def padded_jpeg():
    """A good photo with stray bytes before its end, as many cameras write it."""
    whole = jpeg()
    return whole[:-2] + bytes(40) + whole[-2:]


def rewritten_jpeg():
    """A photo of which a stretch in the middle was overwritten, its size unchanged."""
    whole = bytearray(encoded(noise(400, 300).convert("RGB"), "JPEG"))
    middle = len(whole) // 2
    whole[middle : middle + 64] = b"\xff\xd0" * 32
    return bytes(whole)


def lost_place_jpeg(seed=1):
    """A photo damaged so that its decoder loses its place, and ends before the data does."""
    whole = bytearray(encoded(noise(400, 300).convert("RGB"), "JPEG"))
    middle = len(whole) // 2
    whole[middle : middle + 64] = random.Random(seed).choices(range(255), k=64)
    return bytes(whole)


def two_pictures_jpeg():
    """A camera's photo with its preview as a second picture behind it."""
    return encoded(
        corners(64, 48), "MPO", save_all=True, append_images=[Image.new("RGB", (16, 12))]
    )


def bad_picture_list_jpeg():
    """A photo that claims to have others behind it, in a list that makes no sense."""
    whole = jpeg()
    claim = b"MPF\0" + b"II*\0\xff\xff\xff\xff"
    return whole[:2] + b"\xff\xe2" + struct.pack(">H", len(claim) + 2) + claim + whole[2:]


def camera_mpo():
    """A photo as cameras write it, with a second picture in the same file."""
    others = [corners(64, 48).rotate(180)]
    return encoded(corners(64, 48), "MPO", quality=95, save_all=True, append_images=others)


def commented_gif():
    return encoded(corners(64, 48), "GIF", comment=b"secret comment")


def rotated_heic(width=80, height=40):
    """What a telephone takes: its own format, stored lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(oriented(6, width, height), "HEIF", quality=95, exif=exif.tobytes())


def separate_default_apng():
    """An animation, green then blue, with a red picture before it for older programs."""
    red, green, blue = (Image.new("RGB", (64, 48), colour) for colour in (RED, GREEN, BLUE))
    return encoded(red, "PNG", save_all=True, append_images=[green, blue], default_image=True)


def svg():
    return b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'


def text_file():
    return b"Dear editor,\nthis is a letter, not a picture.\n"


def html():
    return b"<!doctype html><title>x</title><script>alert(1)</script>"


def eps():
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"


def slow_jpeg(side=4_000, scans=2_000):
    """A progressive photo whose last pass comes again and again: seconds of work, few bytes."""
    whole = encoded(Image.new("RGB", (side, side), RED), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * scans + whole[-2:]


def pdf_with_script():
    return b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF"


def docx(members):
    """A letter, or what says that it is one, of `members` by name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as letter:
        letter.writestr("[Content_Types].xml", "<Types/>")
        for name, data in members.items():
            letter.writestr(name, data)
    return file.getvalue()
