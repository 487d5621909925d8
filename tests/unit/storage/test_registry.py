from pathlib import Path

import pytest

from cms.errors import BadSetting
from cms.storage import from_url
from cms.storage.local import LocalStorage


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:///srv/files", "/srv/files"),
        ("file:///srv/my%20files", "/srv/my files"),
        ("file:///srv/文件?#1", "/srv/文件?#1"),
    ],
)
def test_a_folder_by_its_url(url, folder):
    storage = from_url(url)

    assert isinstance(storage, LocalStorage)
    assert storage.folder == Path(folder)


@pytest.mark.parametrize("url", ["", "/srv/files", "ftp://host/files", "file://relative/files"])
def test_a_wrong_url_names_the_setting(url):
    with pytest.raises(BadSetting, match="CMS_STORAGE_URL: "):
        from_url(url)
