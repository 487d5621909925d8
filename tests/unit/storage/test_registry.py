from pathlib import Path

import pytest

from cms.errors import BadSetting
from cms.storage import from_url
from cms.storage.local import LocalStorage
from cms.storage.s3 import Bucket


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:///srv/files", "/srv/files"),
        ("file:///srv/my%20files", "/srv/my files"),
        ("file:///srv/文件?#1", "/srv/文件?#1"),
    ],
)
def test_a_folder_by_its_url(url, folder):
    storage = from_url(url, Path("/incoming"))

    assert isinstance(storage, LocalStorage)
    assert storage.folder == Path(folder)


@pytest.mark.parametrize(
    ("url", "bucket"),
    [
        (
            "s3://key:a%2Fb%40c@store.example.org:9000/files?scheme=http&region=garage",
            Bucket("files", "http://store.example.org:9000", "garage", "key", "a/b@c"),
        ),
        ("s3://store.example.org/files", Bucket("files", "https://store.example.org")),
        ("s3:///files?region=eu-central-1", Bucket("files", None, "eu-central-1")),
    ],
)
def test_a_bucket_by_its_url(url, bucket):
    assert from_url(url, Path("/incoming")).bucket == bucket


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/files",
        "ftp://host/files",
        "file://relative/files",
        "s3://key:secret@host",
        "s3://key:secret@host/a/b",
        "s3://key:secret@host/files?regoin=x",
        "s3://key:secret@host/files?scheme=ftp",
        "s3://key:secret@/files?region=no such",
    ],
)
def test_a_wrong_url_names_the_setting(url):
    with pytest.raises(BadSetting, match="CMS_STORAGE_URL: "):
        from_url(url, Path("/incoming"))
