"""What holds for files in a folder: whole, on disk, and gone when there is no room."""

import errno
import os
import resource
from contextlib import contextmanager
from pathlib import Path

import pytest

from cms.storage.base import KeyTaken, StorageFull
from cms.storage.keys import new_key
from cms.storage.local import LocalStorage


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


@pytest.fixture
def storage(folder):
    return LocalStorage(folder)


@pytest.fixture
def key():
    return new_key("originals", "jpg")


def test_a_proxy_of_our_group_may_read_and_nobody_may_write(storage, key, tmp_path):
    (tmp_path / "source.jpg").write_bytes(b"bytes")
    storage.save(key, tmp_path / "source.jpg")
    assert storage.place(key).stat().st_mode & 0o777 == 0o640


@contextmanager
def room_for(size):
    """Let the kernel refuse every byte past `size`, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_bytes_and_names_are_synced_before_a_file_is_kept(storage, folder, key, monkeypatch):
    synced = []
    sync = os.fsync

    def noted(descriptor):
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with storage.incoming() as upload:
        upload.write(b"bytes")
        storage.adopt(upload, key)

    kept_in = (folder / key).parent
    assert synced[0] == str(upload.path)
    assert synced[-1] == str(kept_in)
    assert {str(kept_in.parent), str(folder)} <= set(synced)


def test_a_full_disk_while_an_upload_arrives(storage, folder, key):
    with storage.incoming() as upload, room_for(100_000), pytest.raises(StorageFull):
        upload.write(b"x" * 200_000)

    assert files_below(folder) == []


def test_a_full_disk_while_a_file_is_saved(storage, folder, key, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"x" * 200_000)

    with room_for(100_000), pytest.raises(StorageFull):
        storage.save(key, source)

    assert files_below(folder) == []
    assert not storage.exists(key)


def test_another_trouble_keeps_its_own_name(storage, key, monkeypatch):
    def broken(_descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output error"), storage.incoming() as upload:
        storage.adopt(upload, key)

    assert not storage.exists(key)


def test_a_file_system_without_links_is_good_enough(storage, folder, key, monkeypatch):
    def refused(*_paths):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    storage.adopt(storage.incoming(), key)
    with pytest.raises(KeyTaken):
        storage.adopt(storage.incoming(), key)

    assert files_below(folder) == [folder / key]


def test_only_a_file_of_this_storage_can_be_adopted(storage, key):
    with pytest.raises(TypeError):
        storage.adopt(object(), key)
