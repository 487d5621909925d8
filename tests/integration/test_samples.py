"""Whole folders of pictures through the real upload and the real jobs.

`CMS_SAMPLE_IMAGES` names a folder of files; without it, one of each kind is made.
What a name begins with tells the right answer, where it is another than a picture
that looks as its file does: what is `broken-*` or a `bomb-*` must not become one, and
`orientation-landscape-3.jpg` must look like every other `orientation-landscape-*`.
"""

import io
import os
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from cms.imaging.geometry import fit
from tests import pictures, profiles
from tests.colours import GRID, SRGB, as_meant, grid, mean_and_worst
from tests.memory import little_memory
from tests.told import tells_a_place, told

# Taken out of the environment: the application refuses a setting that it does not know.
NAMED_FOLDER = os.environ.pop("CMS_SAMPLE_IMAGES", None)

REFUSED = ("bomb-", "empty", "letter", "logo.svg", "broken-header", "tiff-crash")
FAILED = ("truncated", "broken", "camera-corrupted")
BOMBS = ("bomb-",)
WITH_PLACE = ("gps", "iphone-photo")
# How far a rendition may be from its file, in ΔE2000: on average and at its worst part.
NEAR, NEAREST_PART = 1.5, 6.0
# The same photo, stored turned in several ways, each time compressed anew.
ALIKE = 3.0
ALLOWED_WORDS = {"Image Copyright", "Image Artist"}


@pytest.fixture
def folder(tmp_path):
    if NAMED_FOLDER:
        return Path(NAMED_FOLDER)
    for name, data in one_of_each().items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def one_of_each():
    turned = {
        f"orientation-landscape-{way}.jpg": pictures.oriented_jpeg(way) for way in range(1, 9)
    }
    return turned | {
        "gps.jpg": pictures.gps_jpeg(),
        "exif-malformed.jpg": pictures.malformed_exif_jpeg(),
        "cmyk.jpg": pictures.cmyk_jpeg(),
        "icc-srgb.jpg": pictures.profiled_jpeg(pictures.srgb_profile()),
        "icc-adobe-rgb.jpg": pictures.profiled_jpeg(profiles.adobe_rgb()),
        "icc-display-p3.png": pictures.profiled_png(profiles.display_p3()),
        "icc-inks.jpg": pictures.profiled_jpeg(profiles.inks(), "CMYK"),
        "icc-broken.jpg": pictures.profiled_jpeg(b"no profile"),
        "palette.png": pictures.palette_png(),
        "transparent.png": pictures.transparent_png(),
        "grey-transparent.png": pictures.transparent_png("LA"),
        "animated.gif": pictures.animated("GIF"),
        "animated.png": pictures.animated("PNG"),
        "animated.webp": pictures.animated("WEBP"),
        "phone.heic": pictures.encoded(pictures.corners(64, 48), "HEIF"),
        "new.avif": pictures.encoded(pictures.corners(64, 48), "AVIF"),
        "print.tif": pictures.encoded(pictures.corners(64, 48), "TIFF"),
        "wide.png": pictures.png(10_000, 3),
        "camera.jpg": pictures.two_pictures_jpeg(),
        "camera-bad-list.jpg": pictures.bad_picture_list_jpeg(),
        "camera-padded.jpg": pictures.padded_jpeg(),
        "orientation-late-6.png": pictures.late_exif_png(6),
        "orientation-late-8.png": pictures.late_exif_png(8),
        "orientation-scan-3.tif": pictures.oriented_tiff(3),
        "orientation-scan-5.tif": pictures.oriented_tiff(5),
        "truncated.jpg": pictures.truncated_jpeg(),
        "broken-middle.jpg": pictures.lost_place_jpeg(),
        "bomb-tile.tif": pictures.bomb_tiff(),
        "bomb-canvas.gif": pictures.bomb_gif(),
        "bomb-canvas.webp": pictures.bomb_webp(),
        "bomb-pixels.avif": pictures.bomb_avif(),
        "bomb-pixels.png": pictures.bomb_png(),
        "bomb-frames.gif": pictures.long_gif(),
        "logo.svg": pictures.svg(),
        "letter.jpg": pictures.text_file(),
        "empty.jpg": b"",
    }


@pytest.mark.case(4)
@pytest.mark.case(5)
@pytest.mark.case(6)
@pytest.mark.case(7)
@pytest.mark.case(8)
@pytest.mark.case(11)
@pytest.mark.case(19)
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # of EXIF that is odd on purpose
def test_every_sample_comes_out_right_or_is_refused_in_words(folder, take, capsys):
    paths = {path.name: path for path in sorted(folder.iterdir()) if path.suffix != ".md"}
    with little_memory(spare=100_000_000):
        answers = {name: take(paths[name].read_bytes(), name) for name in paths if is_bomb(name)}
    answers |= {name: take(paths[name].read_bytes(), name) for name in paths if not is_bomb(name)}

    with capsys.disabled():
        show(answers)

    assert {name: taken.answer for name, taken in answers.items()} == {
        name: right_answer(name) for name in answers
    }
    assert [name for name, taken in answers.items() if not taken.reason] == []
    ready = {name: taken for name, taken in answers.items() if taken.answer == "ready"}
    wrong = [
        (name, *words)
        for name, taken in ready.items()
        for words in (*sizes(taken), *looks(taken, paths[name]), *secrets(taken))
    ]
    wrong += [pair for pair in pairs_of_a_kind(ready) if not alike(*pair, ready)]
    assert wrong == []
    # The search for places is worth something: it finds those that are there.
    with_place = [name for name in ready if name.startswith(WITH_PLACE)]
    assert [name for name in with_place if not tells_a_place(paths[name].read_bytes())] == []


def is_bomb(name):
    return name.startswith(BOMBS)


def right_answer(name):
    if name.startswith(REFUSED):
        return "refused"
    return "failed" if name.startswith(FAILED) else "ready"


def show(answers):
    rows = [("file", "answer", "reason, or the picture's size and its renditions'")]
    rows += [(name, taken.answer, taken.reason) for name, taken in answers.items()]
    sys.stdout.write(
        "\n" + "".join(f"{name:32} {answer:8} {rest}\n" for name, answer, rest in rows)
    )


# Each yields what is wrong with the renditions of a picture.


def sizes(taken):
    size = (taken.image.width, taken.image.height)
    for preset, right in {
        "resize": fit(size, (800, 600)),
        "thumbnail": (min(200, *size),) * 2,
    }.items():
        found = taken.file(preset).picture.size
        if found != right:
            yield preset, found, right


def looks(taken, path):
    """Compare with the file as Pillow alone sees it: upright, its colours converted."""
    with Pillow.open(path) as picture:
        meant = grid(as_meant(picture))
    for file in taken.files:
        shows_all = file.preset == "resize" or file.preset.startswith("width")
        if shows_all and min(file.picture.size) >= min(GRID):
            file.picture.seek(0)
            mean, worst = mean_and_worst(grid(file.picture), meant)
            if mean > NEAR or worst > NEAREST_PART:
                yield file.preset, file.picture.format, "ΔE", round(mean, 1), round(worst, 1)


def secrets(taken):
    for file in taken.files:
        words = set(told(file.data)) - ALLOWED_WORDS
        if words or tells_a_place(file.data) or "comment" in file.picture.info:
            yield file.preset, words
        if not is_srgb(file.picture.info.get("icc_profile")):
            yield file.preset, "not sRGB"


def is_srgb(profile):
    """No profile means sRGB; one that is there must change nothing."""
    if not profile:
        return True
    colours = Pillow.linear_gradient("L").resize((16, 16))
    picture = Pillow.merge("RGB", [colours, colours.rotate(90), colours.rotate(180)])
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(picture, source, SRGB)
    return mean_and_worst(grid(picture), grid(converted))[1] < 1


def pairs_of_a_kind(ready):
    kinds = defaultdict(list)
    for name in ready:
        if name.startswith("orientation-"):
            kinds[name.rsplit("-", 1)[0]].append(name)
    return [(names[0], other) for names in kinds.values() for other in names[1:]]


def alike(one, other, ready):
    """Whether two samples of one picture have renditions of one size and look."""
    return all(
        a.picture.size == b.picture.size
        and mean_and_worst(grid(a.picture), grid(b.picture))[0] < ALIKE
        for a, b in zip(ready[one].files, ready[other].files, strict=True)
    )
