"""ZIP files as others make them."""

import os
import zipfile

import pytest

from cms.moving import packs
from tests.sites import damaged, zipped


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2,
                                    zipfile.ZIP_LZMA])  # fmt: skip
def test_a_damaged_file_is_told_and_the_others_are_read(tmp_path, method):
    path, text = tmp_path / "a.zip", bytes(range(256)) * 4
    path.write_bytes(damaged(zipped({"a.md": text, "b.md": text}, method=method), "a.md"))
    with packs.opened(path) as pack:
        with pytest.raises(packs.BrokenZip):
            list(pack.blocks("a.md", 2000))
        assert b"".join(pack.blocks("b.md", 2000)) == text


def test_a_file_that_is_open_is_held_to_the_same_limits_as_one_by_its_path(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"a.md": bytes(110_000_000), "b.md": os.urandom(1_200_000)}))
    with packs.opened(path) as pack:
        assert pack.names() == ["a.md", "b.md"]
    with path.open("rb") as file, packs.opened(file) as pack:
        assert pack.names() == ["a.md", "b.md"]
