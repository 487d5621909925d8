"""The files of pictures: for anybody, for ever, whole or in parts, and no others."""

from datetime import timedelta

import pytest
from werkzeug.http import http_date, parse_options_header

from cms.extensions import db
from cms.media import files
from cms.media.models import Image
from cms.storage.keys import new_key
from cms.storage.local import LocalStorage
from tests import pictures
from tests.factories import make_picture, make_user
from tests.processes import PASSWORD

A_YEAR = 31_536_000


@pytest.fixture
def ready(ctx, run_jobs):
    """A picture with its renditions."""
    return processed(run_jobs, "harbour.jpg")


@pytest.fixture
def rendition(ready):
    return ready.rendition("resize")


@pytest.fixture
def get(client, rendition):
    """Ask for the rendition; the answer, its bytes read."""

    def go(method="GET", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with client.open(f"/media/{rendition.key}", method=method, headers=named) as answer:
            _read = answer.data
            return answer

    return go


@pytest.fixture
def content(rendition):
    with files.storage().open(rendition.key) as file:
        return file.read()


def processed(run_jobs, filename):
    image = make_picture(pictures.jpeg(640, 480), filename)
    db.session.commit()
    run_jobs()
    db.session.refresh(image)
    return image


def test_a_rendition_is_sent_whole_and_may_be_kept_for_ever(client, ready):
    for rendition in ready.renditions:
        with client.get(f"/media/{rendition.key}") as answer:
            assert answer.status_code == 200
            assert answer.mimetype == rendition.mime
            assert len(answer.data) == answer.content_length == rendition.size
            assert answer.cache_control.public
            assert answer.cache_control.immutable
            assert answer.cache_control.max_age == A_YEAR
            assert not answer.headers.getlist("Set-Cookie")
            assert "Cookie" not in answer.vary


def test_no_cookie_goes_out_with_what_caches_keep_for_all(ctx, get, client):
    user = make_user()
    db.session.commit()
    form = {"email": user.email, "password": PASSWORD, "remember": "y"}
    assert client.post("/login", data=form).status_code == 302
    client.delete_cookie("session")  # the browser was closed: only this is left
    assert client.get_cookie("remember_token")

    answer = get()
    assert answer.status_code == 200
    assert not answer.headers.getlist("Set-Cookie")
    assert "Cookie" not in answer.vary
    assert client.get("/admin/").status_code == 200


def test_its_type_is_the_one_it_was_made_in(get, rendition):
    rendition.mime = "image/avif"
    db.session.commit()
    assert get().headers.getlist("Content-Type") == ["image/avif"]


def test_a_rendition_can_do_nothing_in_the_browser(get):
    answer = get()
    policy = [part.strip() for part in answer.headers["Content-Security-Policy"].split(";")]

    assert policy == ["default-src 'none'", "frame-ancestors 'none'", "sandbox"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.case(10)
@pytest.mark.parametrize(
    ("filename", "plain", "whole"),
    [
        ("harbour.JPG", "harbour.jpg", None),
        ("Hafen über #1.jpg", "Hafen uber #1.jpg", "Hafen über #1.jpg"),
        ("照片.jpg", ".jpg", "照片.jpg"),
        ("Bildschirmfoto\u202f12.jpg", "Bildschirmfoto 12.jpg", "Bildschirmfoto\u202f12.jpg"),
        ('a"\r\nX: y.pdf', 'a"X: y.jpg', None),
        ("../../x.jpg", "x.jpg", None),
    ],
)
def test_it_is_saved_under_the_uploads_name(client, ctx, run_jobs, filename, plain, whole):
    rendition = processed(run_jobs, filename).rendition("resize")
    with client.get(f"/media/{rendition.key}") as answer:
        (header,) = answer.headers.getlist("Content-Disposition")
        assert header.isascii()
        assert header.isprintable()
        assert "X" not in answer.headers
    value, names = parse_options_header(header)
    assert value == "inline"
    if whole:  # browsers take this one and pass over the plain one
        assert names == {"filename": whole}
        header = header.split(";")[1]
        names = dict([header.strip().split("=")])
        names["filename"] = names["filename"].strip('"')
    assert names == {"filename": plain}


# Again, and in part


def test_a_browser_that_has_it_is_not_sent_it_again(get):
    first = get()
    for headers in (
        {"If_None_Match": first.headers["ETag"]},
        {"If_None_Match": f'"other", {first.headers["ETag"]}'},
        {"If_None_Match": "*"},
        {"If_Modified_Since": first.headers["Last-Modified"]},
        {"If_None_Match": first.headers["ETag"], "Range": "bytes=0-9"},
    ):
        again = get(**headers)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.cache_control.immutable


def test_a_browser_that_has_another_is_sent_it(get, rendition, content):
    before = http_date(rendition.created_at - timedelta(days=1))
    assert get(If_None_Match='"other"').data == content
    assert get(If_Modified_Since=before).data == content
    # The tag says more than the time does.
    assert get(If_None_Match='"other"', If_Modified_Since=http_date()).data == content


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-50", slice(-50, None)),
        ("bytes=10-999999999", slice(10, None)),
    ],
)
def test_a_part_is_sent_as_asked(get, content, asked, part):
    answer = get(Range=asked)
    start, stop, _step = part.indices(len(content))

    assert answer.status_code == 206
    assert answer.data == content[part]
    assert answer.content_length == stop - start
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(content)}"
    assert answer.cache_control.immutable


def test_a_part_is_sent_only_of_what_the_browser_has_the_rest_of(get, content):
    tag, changed = (get().headers[name] for name in ("ETag", "Last-Modified"))
    for known in (tag, changed):
        assert get(Range="bytes=0-9", If_Range=known).data == content[:10]
    for other in ('"other"', http_date(0)):
        assert get(Range="bytes=0-9", If_Range=other).data == content


@pytest.mark.parametrize("asked", ["bytes=0-9,20-29", "bytes=-999999999", "lines=1-2"])
def test_what_is_no_single_part_is_answered_by_the_whole(get, content, asked):
    answer = get(Range=asked)
    assert (answer.status_code, answer.data) == (200, content)
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=9-2", "bytes=x", "bytes", "bytes=-0"])
def test_a_part_that_is_not_there_is_416_and_says_how_much_there_is(get, content, asked):
    answer = get(Range=asked)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(content)}"
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_a_head_tells_all_but_the_picture(get, content):
    whole, head = get(), get("HEAD", Range="bytes=0-9")
    told = ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control",
            "Content-Disposition", "Accept-Ranges")  # fmt: skip
    assert (head.status_code, head.data) == (200, b"")
    assert {name: head.headers[name] for name in told} == {n: whole.headers[n] for n in told}
    assert get("HEAD", If_None_Match=whole.headers["ETag"]).status_code == 304


def test_a_wrong_method_is_told_the_right_ones(get):
    answer = get("PUT")
    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer.allow)


# By the proxy, or by the storage


@pytest.mark.parametrize("proxy", ["nginx", "apache", "lighttpd"])
def test_a_proxy_is_told_where_the_file_is(get, rendition, set_setting, proxy):
    set_setting(sendfile=proxy)
    answer = get(Range="bytes=0-9")

    assert (answer.status_code, answer.data) == (200, b"")  # the part is the proxy's to cut
    assert answer.content_length == 0
    assert answer.mimetype == rendition.mime
    assert answer.cache_control.immutable
    assert "inline" in answer.headers["Content-Disposition"]
    if proxy == "nginx":
        assert answer.headers["X-Accel-Redirect"] == f"/stored/{rendition.key}"
    else:
        assert answer.headers["X-Sendfile"] == str(files.storage().place(rendition.key))
    again = get(If_None_Match=answer.headers["ETag"])
    assert again.status_code == 304
    assert not {"X-Accel-Redirect", "X-Sendfile"} & set(again.headers.keys())


def test_a_proxy_is_told_of_nothing_else(client, ready, set_setting):
    set_setting(sendfile="nginx")
    answer = client.get(f"/media/{ready.key}")
    assert answer.status_code == 404
    assert "X-Accel-Redirect" not in answer.headers


class Shop(LocalStorage):
    """A storage whose files others fetch from itself."""

    def address(self, key, *, mime, name):
        return f"https://shop.example/{key}?type={mime}&name={name}"


def test_a_storage_with_addresses_sends_the_file_itself(get, ctx, rendition, monkeypatch):
    monkeypatch.setitem(ctx.extensions, "cms.storage", Shop(files.storage().folder))
    answer = get()

    assert answer.status_code == 302
    assert answer.location == (
        f"https://shop.example/{rendition.key}?type=image/jpeg&name=harbour.jpg"
    )
    assert answer.cache_control.public
    assert 0 < answer.cache_control.max_age <= 1_800
    assert not answer.cache_control.immutable


# No others


@pytest.mark.case(11)
def test_originals_are_sent_to_nobody(client, ready, log_in):
    log_in("administrator")
    assert client.get(f"/media/{ready.key}").status_code == 404
    name = ready.key.removeprefix("originals/")
    assert client.get(f"/media/renditions/{name}").status_code == 404
    assert client.get(f"/media/renditions/../{ready.key}").status_code == 404


@pytest.mark.parametrize(
    "key", ["", "renditions/", "renditions/x", "renditions/aa/../../secret_key", "renditions/%00",
            "renditions/aa/aa" + "a" * 30 + ".jpg", "secret_key", "../secret_key", "/etc/passwd"]
)  # fmt: skip
def test_what_is_no_rendition_is_not_found(client, key):
    assert client.get(f"/media/{key}").status_code in (308, 404)


def test_a_file_that_no_picture_has_is_not_sent(client, ctx, tmp_path):
    (tmp_path / "stray").write_bytes(pictures.jpeg())
    key = new_key("renditions", "jpg")
    files.storage().save(key, tmp_path / "stray")
    assert client.get(f"/media/{key}").status_code == 404


@pytest.mark.parametrize("proxy", ["none", "nginx", "apache"])
def test_a_file_that_is_gone_is_not_found_and_noted(get, rendition, set_setting, caplog, proxy):
    set_setting(sendfile=proxy)
    files.storage().delete(rendition.key)
    assert get().status_code == 404
    assert f"{rendition.key} is missing from the storage" in caplog.text


@pytest.mark.case(12)
def test_the_files_of_a_deleted_picture_go_with_it(client, ready, log_in):
    log_in("editor")
    paths = [f"/media/{rendition.key}" for rendition in ready.renditions]
    client.post("/admin/image/delete/", data={"id": ready.id})

    assert db.session.query(Image).count() == 0
    assert [client.get(path).status_code for path in paths] == [404] * len(paths)
