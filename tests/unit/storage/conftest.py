import pytest

from cms.storage import from_url
from cms.storage.base import Storage
from cms.storage.local import LocalStorage

ELSEWHERE = "https://files.example.org"


def local(tmp_path, _request) -> Storage:
    return LocalStorage(tmp_path / "files")


def s3(tmp_path, request) -> Storage:
    return _bucket("s3", tmp_path, request)


def conditional_s3(tmp_path, request) -> Storage:
    return _bucket("conditional_s3", tmp_path, request)


# Every storage answers the same tests: add its maker here.
ADAPTERS = {"local": local, "s3": s3, "conditional-s3": conditional_s3}


@pytest.fixture(params=ADAPTERS)
def storage(request, tmp_path) -> Storage:
    return ADAPTERS[request.param](tmp_path, request)


def _bucket(server, tmp_path, request):
    service = request.getfixturevalue(server)
    storage = from_url(service.url, tmp_path / "incoming", ELSEWHERE)
    storage.listed_at_once = 7
    for prefix in ("originals", "renditions"):
        for file in storage.walk(prefix):
            storage.delete(file.key)
    return storage
