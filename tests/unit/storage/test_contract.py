"""What holds for every storage, whatever keeps the files."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from cms.storage.base import KeyTaken, MissingFile
from cms.storage.keys import BadKey, new_key

BYTES = bytes(range(256)) * 1000


@pytest.fixture
def key():
    return new_key("originals", "jpg")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.jpg"
    path.write_bytes(BYTES)
    return path


def content(storage, key):
    with storage.open(key) as file:
        return file.read()


def test_a_saved_file_is_read_back_whole(storage, key, source):
    storage.save(key, source)

    assert content(storage, key) == BYTES
    assert storage.exists(key)
    assert storage.size(key) == len(BYTES)
    assert source.read_bytes() == BYTES


def test_an_upload_is_streamed_then_adopted(storage, key):
    with storage.incoming() as upload:
        for start in range(0, len(BYTES), 10_000):
            upload.write(BYTES[start : start + 10_000])
        assert not storage.exists(key)
        storage.adopt(upload, key)

    assert content(storage, key) == BYTES


def test_what_arrives_can_be_read_again_before_it_is_adopted(storage):
    with storage.incoming() as upload:
        upload.write(BYTES)
        assert upload.tell() == len(BYTES)
        upload.seek(0)
        assert upload.read(4) == BYTES[:4]
        assert upload.read() == BYTES[4:]
        upload.flush()
        assert upload.path.read_bytes() == BYTES


def test_an_upload_that_is_not_adopted_leaves_nothing(storage):
    with storage.incoming() as upload:
        upload.write(BYTES)
        path = upload.path

    assert not path.exists()
    assert storage.clear_incoming(timedelta(-1)) == 0


def test_an_adopted_upload_leaves_no_temporary_file(storage, key):
    upload = storage.incoming()
    storage.adopt(upload, key)
    upload.close()

    assert not upload.path.exists()
    assert content(storage, key) == b""


def test_closing_twice_is_no_error(storage):
    upload = storage.incoming()
    upload.close()
    upload.close()


def test_a_file_is_never_overwritten(storage, key, source, tmp_path):
    storage.save(key, source)
    other = tmp_path / "other.jpg"
    other.write_bytes(b"other")

    with pytest.raises(KeyTaken):
        storage.save(key, other)

    assert content(storage, key) == BYTES


def test_a_path_to_read_from(storage, key, source):
    storage.save(key, source)

    with storage.path(key) as path:
        assert path.read_bytes() == BYTES


def test_a_place_for_a_proxy_to_send_from_or_none(storage, key, source):
    storage.save(key, source)
    place = storage.place(key)

    assert place is None or place.read_bytes() == BYTES


def test_an_address_for_browsers_or_none(storage, key, source):
    storage.save(key, source)
    address = storage.address(key, mime="image/jpeg", name='照片 "1".jpg')

    assert address is None or (address.startswith("https://") and address.isascii())


def test_a_deleted_file_is_gone(storage, key, source):
    storage.save(key, source)
    storage.delete(key)

    assert not storage.exists(key)
    with pytest.raises(MissingFile):
        storage.open(key)


def test_a_missing_file_is_told_in_words(storage, key):
    for read in (storage.open, storage.size, storage.place):
        with pytest.raises(MissingFile, match="The stored file is missing"):
            read(key)
    with pytest.raises(MissingFile), storage.path(key):
        pass
    assert not storage.exists(key)


def test_deleting_what_is_missing_is_no_error(storage, key):
    storage.delete(key)


def test_an_open_file_survives_its_deletion(storage, key, source):
    storage.save(key, source)
    with closing(storage.open(key)) as file:
        storage.delete(key)
        assert file.read() == BYTES


@pytest.mark.parametrize("bad", ["../../etc/passwd", "/etc/passwd", "", ".incoming/x"])
def test_other_names_are_refused_everywhere(storage, bad, source):
    for use in (storage.open, storage.delete, storage.exists, storage.size, storage.place):
        with pytest.raises(BadKey):
            use(bad)
    with pytest.raises(BadKey):
        storage.save(bad, source)
    with pytest.raises(BadKey), storage.path(bad):
        pass


def test_a_refused_name_keeps_nothing(storage):
    upload = storage.incoming()
    upload.write(BYTES)

    with pytest.raises(BadKey):
        storage.adopt(upload, "../escaped.jpg")

    assert not upload.path.exists()


def test_what_dead_uploads_left_is_cleared(storage):
    upload = storage.incoming()
    upload.write(BYTES)

    assert storage.clear_incoming(timedelta(days=1)) == 0
    assert upload.path.exists()
    assert storage.clear_incoming(timedelta(-1)) == 1
    assert not upload.path.exists()
    upload.close()


def test_files_are_gone_through_in_the_order_of_their_keys(storage, source):
    keys = sorted(new_key("originals", "jpg") for _ in range(40))
    for key in reversed(keys):
        storage.save(key, source)
    storage.save(new_key("renditions", "jpg"), source)

    found = list(storage.walk("originals"))
    assert [file.key for file in found] == keys
    assert {file.size for file in found} == {len(BYTES)}
    assert all(abs(datetime.now(UTC) - file.modified_at) < timedelta(minutes=5) for file in found)
    assert list(storage.walk("nothing")) == []
