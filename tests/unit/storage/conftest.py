import pytest

from cms.storage.base import Storage
from cms.storage.local import LocalStorage


def local(tmp_path) -> Storage:
    return LocalStorage(tmp_path / "files")


# Every storage answers the same tests: add its maker here.
ADAPTERS = {"local": local}


@pytest.fixture(params=ADAPTERS)
def storage(request, tmp_path) -> Storage:
    return ADAPTERS[request.param](tmp_path)
