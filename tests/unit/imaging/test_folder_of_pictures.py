"""Real pictures, as cameras and programs made them, from a folder of the reader's own."""

from __future__ import annotations

import os
from pathlib import Path

import piexif
import pytest
from PIL import Image

from cms.errors import CmsError
from cms.imaging.operations import DEFAULT_OPERATIONS, parse
from cms.imaging.probe import BrokenPicture, probe
from cms.imaging.render import render

LIMIT = 150_000_000
FOLDER = os.environ.get("CMS_SAMPLE_IMAGES")
FILES = sorted(path for path in Path(FOLDER).iterdir() if path.suffix != ".md") if FOLDER else []

pytestmark = [
    pytest.mark.skipif(not FILES, reason="CMS_SAMPLE_IMAGES names no folder of pictures"),
    # pytest takes back the silence that cms.imaging.formats asks of Pillow.
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
]

# Beginnings of names, and what must become of them.
BAD = ("bomb-", "broken-", "camera-corrupted", "logo.svg", "tiff-crash", "truncated.")
TRANSPARENT = ("avif-transparent", "grey-transparent", "transparent")
SAME = ("orientation-landscape", "orientation-portrait")


def rendered(path, folder):
    return render(path, parse(DEFAULT_OPERATIONS), folder, max_pixels=LIMIT)


@pytest.mark.parametrize("path", FILES or [None], ids=lambda path: path.name if path else "none")
def test_a_real_file_is_refused_fails_in_words_or_is_rendered(path, tmp_path):
    try:
        found = probe(path, max_pixels=LIMIT)
    except CmsError as refusal:
        assert path.name.startswith(BAD), refusal  # noqa: PT017 - refusing is right for some
        return
    try:
        resized, thumbnail = rendered(path, tmp_path)
    except BrokenPicture as failure:
        assert path.name.startswith(BAD), failure  # noqa: PT017 - so is failing
        assert list(tmp_path.iterdir()) == []
        return
    assert not path.name.startswith(BAD)
    assert abs(resized.width * found.height - resized.height * found.width) <= max(
        found.width, found.height
    )
    assert resized.width <= min(800, found.width)
    assert resized.height <= min(600, found.height)
    assert (thumbnail.width, thumbnail.height) == (min(200, found.width, found.height),) * 2
    for one in (resized, thumbnail):
        assert_plain(one, transparent=path.name.startswith(TRANSPARENT))


def assert_plain(one, *, transparent):
    with Image.open(one.path) as image:
        image.load()
        assert image.size == (one.width, one.height)
        assert image.mode in ("RGB", "RGBA")
        assert set(image.getexif()) <= {0x8298, 0x013B}
        assert "icc_profile" not in image.info
        if transparent:
            assert image.getchannel("A").getextrema()[0] < 255
    if "exif" in image.info:
        assert not piexif.load(str(one.path))["GPS"]


@pytest.mark.parametrize("group", SAME)
@pytest.mark.case(5)
def test_the_same_picture_in_every_orientation_gives_the_same_rendition(group, tmp_path):
    files = [path for path in FILES if path.name.startswith(group)]
    if not files:
        pytest.skip(f"no {group}-* in CMS_SAMPLE_IMAGES")
    seen = []
    for path in files:
        with Image.open(rendered(path, tmp_path)[0].path) as image:
            # A number in the picture's middle differs; in so few pixels it hardly counts.
            seen.append(list(image.convert("L").resize((8, 8)).tobytes()))
    for other in seen[1:]:
        assert max(abs(a - b) for a, b in zip(seen[0], other, strict=True)) < 24
