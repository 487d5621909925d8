"""Files in S3: from the upload to the reader, and while the server is away."""

import io
import urllib.error
import urllib.request
from contextlib import closing
from datetime import timedelta
from zipfile import ZIP_STORED

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict

from cms import clock
from cms.audit import head
from cms.audit.head import Head, Seal
from cms.content.models import Article
from cms.editorial import doctor, moving
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media import files, services
from cms.media.models import Image, ImageStatus
from cms.moving.models import Origin, SiteImportState
from cms.storage import from_url
from cms.storage.base import KeyTaken, StorageAway
from cms.storage.keys import new_key
from cms.storage.s3 import S3Storage
from cms.tasks.site_imports import work_on
from tests import pictures
from tests.factories import make_picture, make_upload, make_user
from tests.processes import Site, wait_for
from tests.sites import WordPress, zipped

TOUCHED = 5_000_000


@pytest.fixture
def kept_in(ctx, monkeypatch, tmp_path):
    """Have the application keep its files on a server; return the storage."""

    def go(service, address=""):
        storage = from_url(service.url, tmp_path / "incoming", address)
        monkeypatch.setitem(ctx.extensions, "cms.storage", storage)
        return storage

    return go


def upload(client, width=1200):
    file = FileStorage(io.BytesIO(pictures.jpeg(width, 900)), "harbour.jpg")
    form = MultiDict([("file", file)])
    headers = {"Accept": "application/json"}
    return client.post("/admin/image/upload", data=form, headers=headers)


def storage_findings():
    return next(report.findings for report in doctor.examine() if report.check == "storage")


def test_an_outage_is_told_and_loses_nothing(kept_in, own_s3, log_in, client, run_jobs):
    kept_in(own_s3)
    log_in("editor")
    assert upload(client).status_code == 202
    assert storage_findings() == ()

    own_s3.halt()
    refused = upload(client, width=1000).json["errors"]
    assert [error["error"] for error in refused] == [StorageAway.sentence]
    (finding,) = storage_findings()
    assert "Could not connect" in finding.words
    assert own_s3.secret not in finding.words
    run_jobs()
    job = db.session.scalars(select(Job)).one()
    assert (job.state, job.sentence) == (JobState.RETRYING, StorageAway.sentence)

    own_s3.resume()
    run_jobs(hours=1)
    image = db.session.scalars(select(Image)).one()
    assert image.status == ImageStatus.READY
    rendition = image.rendition("resize")
    answer = client.get(f"/media/{rendition.key}", headers={"Range": "bytes=100-299"})
    with files.storage().open(rendition.key) as file:
        whole = file.read()
    assert (answer.status_code, answer.data) == (206, whole[100:300])


def test_browsers_are_led_to_the_store(
    kept_in, conditional_s3, log_in, client, run_jobs, set_setting
):
    set_setting(storage_address=conditional_s3.endpoint)
    kept_in(conditional_s3, conditional_s3.endpoint)
    log_in("editor")
    upload(client)
    run_jobs()
    rendition = db.session.scalars(select(Image)).one().rendition("resize")

    led = client.get(f"/media/{rendition.key}")
    assert led.status_code == 302
    with urllib.request.urlopen(led.location) as answer:
        assert answer.headers["Content-Type"] == rendition.mime
        assert "harbour" in answer.headers["Content-Disposition"]
        assert len(answer.read()) == rendition.size
    policy = client.get("/en/").headers["Content-Security-Policy"]
    assert conditional_s3.endpoint in policy


def test_an_address_is_good_for_its_file_alone(s3, tmp_path):
    storage = from_url(s3.url, tmp_path / "incoming", s3.endpoint)
    first, second = (new_key("originals", "jpg") for _ in range(2))
    for key in (first, second):
        (tmp_path / "source").write_bytes(key.encode())
        storage.save(key, tmp_path / "source")

    address = storage.address(first, mime="image/jpeg", name="1.jpg")
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == first.encode()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(address.replace(first, second))


def test_a_file_is_read_on_where_the_connection_broke(own_s3, tmp_path):
    storage = from_url(own_s3.url, tmp_path / "incoming")
    data = bytes(range(256)) * (TOUCHED // 256)
    (tmp_path / "source").write_bytes(data)
    key = new_key("originals", "jpg")
    storage.save(key, tmp_path / "source")

    with storage.open(key) as file:
        assert file.read(1000) == data[:1000]
        own_s3.halt()
        own_s3.resume()
        assert file.read() == data[1000:]
        assert file.seek(-10, 2) == len(data) - 10
        assert file.read() == data[-10:]


def test_of_two_that_write_one_key_at_once_one_is_refused(conditional_s3, tmp_path):
    class Late(S3Storage):
        def exists(self, key):
            return False  # as it was a moment ago

    bucket = from_url(conditional_s3.url, tmp_path).bucket
    storage, key = Late(bucket, tmp_path / "incoming"), new_key("originals", "jpg")
    (tmp_path / "source").write_bytes(b"first")
    storage.save(key, tmp_path / "source")
    with pytest.raises(KeyTaken):
        storage.save(key, tmp_path / "source")


def test_web_server_and_worker_share_a_bucket(own_s3, tmp_path):
    site = Site(tmp_path, CMS_STORAGE_URL=own_s3.url)
    site.prepare("editor")
    try:
        site.start_web()
        site.start_consumer()
        with site.inside():
            before = clock.now() - timedelta(minutes=1)
            image = make_picture(pictures.jpeg(1200, 900))
            db.session.commit()
            wait_for(lambda: db.session.rollback() or image.status == ImageStatus.READY, "it")
            assert image.processed_at > before
            key = services.find_rendition(image.rendition("resize").key).key
            size = image.rendition("resize").size
        with urllib.request.urlopen(f"{site.url}/media/{key}") as answer:
            assert len(answer.read()) == size
    finally:
        site.close()


def test_the_head_of_the_audit_trail_is_kept_there(kept_in, conditional_s3):
    kept_in(conditional_s3)
    head.replace(Head())
    for number in (2, 1, 3):
        head.advance(Head(Seal(number, f"{number:064}")))
    assert head.read() == Head(Seal(3, f"{3:064}"))
    assert len(list(files.storage().walk(head.PREFIX))) == 1


def test_the_zip_of_a_site_is_read_where_it_lies_and_only_for_pictures(
    kept_in, own_s3, run_jobs, monkeypatch
):
    """Jobs that wait for renditions do not ask for it, and an outage leaves no picture out."""
    storage = kept_in(own_s3)
    site = WordPress()
    boat = site.attachment("2019/05/boat.jpg")
    site.text("Boat", meta={"_thumbnail_id": boat}, slug="boat")
    media = zipped({"noise.bin": bytes(3_000_000), "2019/05/boat.jpg": pictures.jpeg(90, 60)},
                   method=ZIP_STORED)  # fmt: skip
    with (
        closing(make_upload(site.xml(), "site.xml")) as export,
        closing(make_upload(media, "uploads.zip")) as uploads,
    ):
        job = moving.begin(Origin.WORDPRESS, make_user("editor"), export, uploads, fetches=False)
    db.session.commit()
    run_jobs()
    job.state = SiteImportState.RUNNING
    db.session.commit()
    key, asked, copied = job.media_key, [], []
    for name, keys in (("open", asked), ("path", copied)):
        whole = getattr(storage, name)
        monkeypatch.setattr(storage, name, _noting(whole, keys))

    own_s3.halt()
    with pytest.raises(StorageAway):
        work_on(job, lambda: False)
    db.session.rollback()
    own_s3.resume()
    assert work_on(job, lambda: False) == 1
    assert (asked, copied) == ([key, key], [])
    assert work_on(job, lambda: False) == 1
    assert (asked, copied) == ([key, key], [])

    run_jobs()
    assert work_on(job, lambda: False) == 0
    article, image = (db.session.scalars(select(kind)).one() for kind in (Article, Image))
    assert (job.state, article.is_live) == (SiteImportState.DONE, True)
    assert (article.cover_id, image.title) == (image.id, "boat.jpg")


def _noting(act, keys):
    def go(key):
        keys.append(key)
        return act(key)

    return go
