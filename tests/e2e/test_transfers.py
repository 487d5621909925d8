"""Files over real connections: many large ones in, parts of them out, too much refused."""

import http.client
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from cms.extensions import db
from cms.media.models import Image, ImageStatus
from tests import pictures
from tests.memory import little_memory
from tests.processes import PASSWORD, running, wait_for

pytestmark = pytest.mark.e2e

MB = 1_000_000
UPLOADS, UPLOAD_SIZE = 20, 25 * MB
REQUEST_LIMIT = 27 * MB
SPARE = 40 * MB  # what a process may grow by for whatever else it does
PATH = "/admin/image/upload"
PADDING = bytes(MB)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    given = {"CMS_REQUEST_MAX_MB": str(REQUEST_LIMIT // MB), "CMS_JOB_RETRY_DELAY": "1"}
    with running(tmp_path_factory.mktemp("transfers"), "editor", **given) as site:
        yield site


@pytest.fixture(scope="module")
def editor(site):
    """The headers of an editor who has logged in."""
    session = requests.Session()
    form = {"email": "editor@example.com", "password": PASSWORD}
    form["csrf_token"] = token(session.get(f"{site.url}/login").text)
    session.post(f"{site.url}/login", data=form).raise_for_status()
    page = session.get(f"{site.url}/admin/image/").text
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)
    session.close()
    return {"Cookie": cookies, "X-CSRFToken": token(page), "Accept": "application/json"}


@pytest.fixture
def send(site, editor):
    """Upload one file that is padded to `size` bytes; the status and the answer's text."""

    def go(size, name="large.jpg", *, chunked=False):
        head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        whole = [head.encode(), pictures.jpeg(), *padding(size, name), b"\r\n--x--\r\n"]
        headers = {**editor, "Content-Type": "multipart/form-data; boundary=x"}
        if not chunked:
            headers["Content-Length"] = str(sum(map(len, whole)))
        with connection(site) as line:
            line.request("POST", PATH, iter(whole), headers, encode_chunked=chunked)
            answer = line.getresponse()
            return answer.status, answer.read().decode()

    return go


def token(page):
    return re.search(r'csrf[_-]token"[^>]*? (?:value|content)="([^"]+)"', page)[1]


def padding(size, name):
    """Bytes behind the end of a picture that make it `size` bytes long and like no other."""
    last = name.encode()
    left = size - len(pictures.jpeg()) - len(last)
    return [*[PADDING] * (left // MB), PADDING[: left % MB], last]


def connection(site):
    return closing(http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60))


def web_process(site):
    """The number of the process that answers requests."""
    master = site.pid("web")
    return Path(f"/proc/{master}/task/{master}/children").read_text().strip()


def stored(site):
    return [path for path in (site.folder / "files").rglob("*") if path.is_file()]


@pytest.mark.case(1)
@pytest.mark.case(3)
def test_many_large_uploads_at_once_cost_no_memory_and_all_finish(site, send):
    assert send(2 * MB, "first.jpg")[0] == 202
    names = [f"large-{number}.jpg" for number in range(UPLOADS)]
    with little_memory(web_process(site), spare=SPARE), ThreadPoolExecutor(UPLOADS) as threads:
        answers = list(threads.map(lambda name: send(UPLOAD_SIZE, name), names))

    assert [status for status, _text in answers] == [202] * UPLOADS
    with site.inside():
        wait_for(lambda: statuses() == {ImageStatus.READY}, "all pictures to be ready")
        sizes = db.session.query(Image.size).filter(Image.filename.in_(names)).all()
        assert sizes == [(UPLOAD_SIZE,)] * UPLOADS


@pytest.mark.case(19)
def test_a_body_over_the_limit_is_refused_before_it_is_sent(site, editor):
    told = {**editor, "Content-Type": "multipart/form-data; boundary=x"}
    with connection(site) as line:
        line.request("POST", PATH, b"--x\r\n", {**told, "Content-Length": str(REQUEST_LIMIT + 1)})
        answer = line.getresponse()
        assert answer.status == 413
        assert "larger than 27 MB" in answer.read().decode()


@pytest.mark.case(19)
def test_a_body_without_length_is_cut_off_at_the_limit_and_leaves_nothing(site, send):
    files = stored(site)
    with little_memory(web_process(site), spare=SPARE):
        status, text = send(REQUEST_LIMIT + 1, "endless.jpg", chunked=True)

    assert status == 413
    assert "larger than 27 MB" in text
    wait_for(lambda: stored(site) == files, "what had arrived to be removed")
    assert send(MB, "after.jpg", chunked=True)[0] == 202


def test_a_picture_is_sent_whole_in_part_or_not_again(site, send):
    send(MB, "to-fetch.jpg")
    key, size = wait_for(lambda: rendition(site, "to-fetch.jpg"), "the picture to be ready")

    def get(method="GET", **headers):
        with connection(site) as line:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, f"/media/{key}", headers=named)
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read()

    status, told, whole = get()
    assert (status, len(whole)) == (200, size)
    assert told.get_all("Content-Type") == ["image/jpeg"]
    assert told.get_all("Content-Disposition") == ["inline; filename=to-fetch.jpg"]
    assert "Vary" not in told
    assert "immutable" in told["Cache-Control"]

    status, told, part = get(Range="bytes=10-19")
    assert (status, part) == (206, whole[10:20])
    assert told["Content-Length"] == "10"
    assert told["Content-Range"] == f"bytes 10-19/{size}"
    assert get(Range="bytes=-5")[2] == whole[-5:]
    assert get(Range="bytes=10-19", If_Range=told["ETag"])[2] == whole[10:20]
    assert get(Range="bytes=10-19", If_Range='"other"')[2] == whole
    assert get(Range="bytes=0-9,20-29")[2] == whole

    status, told, _page = get(Range=f"bytes={size}-")
    assert (status, told["Content-Range"]) == (416, f"bytes */{size}")
    status, told, nothing = get(If_None_Match=get()[1]["ETag"])
    assert (status, nothing) == (304, b"")
    status, told, nothing = get("HEAD")
    assert (status, told["Content-Length"], nothing) == (200, str(size), b"")


def statuses():
    db.session.rollback()
    return {status for (status,) in db.session.query(Image.status).distinct()}


def rendition(site, filename):
    """The key and the size of a picture's `resize`, once there is one."""
    with site.inside():
        image = db.session.query(Image).filter_by(filename=filename).one()
        made = image.rendition("resize")
        return made and (made.key, made.size)
