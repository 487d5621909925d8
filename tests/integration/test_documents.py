"""Documents: from the upload to who may have them."""

import io
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from cms import clock, trash
from cms.audit.models import AuditEntry
from cms.editorial import content
from cms.editorial import documents as acts
from cms.editorial.trash import empty
from cms.errors import NotAllowed
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media import documents as domain
from cms.media import files, usage
from cms.media.models import Document, DocumentStatus
from cms.notifications.models import AdminNotification
from cms.storage.base import MissingFile, StorageAway
from cms.storage.local import LocalStorage
from tests import documents
from tests.factories import form_file, make_article, make_page, make_upload, make_user
from tests.processes import PASSWORD

JSON = {"Accept": "application/json"}


@pytest.fixture
def send(client):
    def go(data, name="report.pdf", **more):
        form = MultiDict([("file", FileStorage(io.BytesIO(data), name)), *more.items()])
        boundary, body = encode_multipart(form)
        kind = f"multipart/form-data; boundary={boundary}"
        return client.post("/admin/document/upload", data=body, content_type=kind, headers=JSON)

    return go


@pytest.fixture
def editor(log_in):
    return log_in("editor")


def make_document(by, data=None, name="report.pdf", **more):
    data = documents.pdf() if data is None else data
    result = acts.upload([make_upload(data, name)], by, again=True, **more)
    db.session.commit()
    ((made, _job),) = result.taken
    return made


def fetch(client, address, **headers):
    """The answer, read to its end."""
    with client.get(address, headers=headers) as answer:
        answer.get_data()
        return answer


def switch(client, role):
    client.post("/logout")
    user = make_user(role)
    db.session.commit()
    client.post("/login", data={"email": user.email, "password": PASSWORD})
    return user


def test_a_pdf_is_taken_looked_at_and_given_as_an_attachment(client, editor, send, run_jobs):
    data = documents.pdf(pages=3)
    answer = send(data, "年度 报告.pdf")
    assert answer.status_code == 202, answer.text
    ((taken,), job) = answer.json["documents"], db.session.scalars(select(Job)).one()
    assert taken == {"id": taken["id"], "status": "pending", "job_id": job.id}
    assert (job.task, job.subject_kind, job.subject_id) == (
        "process_document", "document", str(taken["id"])
    )  # fmt: skip
    run_jobs()
    document = db.session.get(Document, taken["id"])
    assert (document.status, document.findings) == (DocumentStatus.READY, {"pages": 3})
    assert (document.preview_width, document.preview_height) == (534, 800)
    preview = fetch(client, f"/admin/document/preview?id={document.id}")
    assert (preview.mimetype, preview.data[8:12]) == ("image/webp", b"WEBP")
    client.post("/logout")
    with client.get(f"/document/{document.id}/report.pdf") as answer:
        assert answer.data == data
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert (
            "%E5%B9%B4%E5%BA%A6%20%E6%8A%A5%E5%91%8A.pdf" in (answer.headers["Content-Disposition"])
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.cache_control.no_cache
        tag = answer.headers["ETag"]
    kept = fetch(client, f"/document/{document.id}/x", **{"If-None-Match": tag})
    assert kept.status_code == 304
    part = fetch(client, f"/document/{document.id}/x", Range="bytes=5-9")
    assert (part.status_code, part.data) == (206, data[5:10])


@pytest.mark.case(20)
def test_what_cannot_be_taken_is_refused_in_words_and_leaves_nothing(
    ctx, editor, send, set_setting
):
    for data, name, words in (
        (b"", "empty.pdf", "empty"),
        (b"<svg/>", "drawing.pdf", "This is no document of a kind that is accepted here: PDF,"),
        (documents.swelling(), "a.docx", "would unpack to more than 2000 MB"),
        (documents.docx(**{"../x": "y"}), "a.docx", "outside of its own folder"),
        (documents.docx(**{"word/vbaProject.bin": "y"}), "a.docx", "macros"),
    ):
        answer = send(data, name)
        assert answer.status_code == 422
        assert words in answer.json["errors"][0]["error"]
    set_setting(document_max_mb=1)
    answer = send(documents.pdf() + b"\0" * 1_000_001, "large.pdf")
    assert (answer.status_code, answer.json["errors"][0]["error"]) == (
        413,
        "This file is larger than 1 MB, the most that is accepted.",
    )
    assert db.session.scalars(select(Document)).all() == []
    assert db.session.scalars(select(Job)).all() == []
    stored = Path(ctx.config["CMS_SETTINGS"].data_dir, "files").rglob("*")
    assert [path for path in stored if path.is_file()] == []


def test_the_same_file_again_is_shown_and_not_stored(client, editor, send):
    first = send(documents.docx(), "letter.docx").json["documents"][0]["id"]
    again = send(documents.docx(), "copy.docx")
    assert again.status_code == 200
    assert again.json["duplicates"][0]["id"] == first
    assert send(documents.docx(), "copy.docx", again="1").status_code == 202
    listed = client.get("/admin/document/").text
    assert "Word (DOCX)" in listed
    assert "2" in listed


def test_a_script_in_a_pdf_is_told(client, editor, run_jobs):
    document = make_document(editor, documents.pdf_with_script())
    run_jobs()
    assert document.findings == {"pages": 1, "scripts": 1}
    assert "It holds scripts." in client.get(f"/admin/document/details/?id={document.id}").text


def test_a_pdf_that_cannot_be_read_fails_tells_and_can_be_fetched(client, editor, run_jobs):
    document = make_document(editor, b"%PDF-1.7 and then nothing")
    run_jobs(hours=1)
    job = db.session.scalars(select(Job)).one()
    assert (document.status, job.state) == (DocumentStatus.FAILED, JobState.FAILED)
    told = db.session.scalars(select(AdminNotification)).one()
    assert "The PDF cannot be read" in told.message
    assert "The PDF cannot be read" in client.get("/admin/document/?tab=failed").text
    assert fetch(client, f"/document/{document.id}/x").status_code == 200
    client.post("/admin/document/retry", data={"id": document.id})
    db.session.refresh(document)
    assert (document.status, document.sentence) == (DocumentStatus.PENDING, None)
    data = {"id": document.id, "file": form_file(documents.pdf(), "whole.pdf")}
    client.post("/admin/document/replace", data=data)
    run_jobs()
    assert (document.status, document.version) == (DocumentStatus.READY, 2)


def test_another_file_takes_the_place_and_the_address_stays(client, editor, run_jobs):
    document = make_document(editor)
    run_jobs()
    old, preview = document.key, document.preview_key
    address = f"/document/{document.id}/report.pdf"
    tag = fetch(client, address).headers["ETag"]
    same = {"id": document.id, "file": form_file(documents.pdf(), "again.pdf")}
    answer = client.post("/admin/document/replace", data=same, follow_redirects=True)
    assert "already" in answer.text
    new = {"id": document.id, "file": form_file(documents.docx(), "report.docx")}
    assert client.post("/admin/document/replace", data=new).status_code == 302
    run_jobs()
    with client.get(address, headers={"If-None-Match": tag}) as answer:
        assert (answer.status_code, answer.data) == (200, documents.docx())
        assert "report.docx" in answer.headers["Content-Disposition"]
    for key in (old, preview):
        with pytest.raises(MissingFile):
            files.storage().open(key)
    assert document.preview_key is None


class TakesNothing(LocalStorage):
    """A storage that gives and deletes files, and answers 503 to what is to be kept."""

    def adopt(self, temporary, key):
        with temporary:
            raise StorageAway


@pytest.fixture
def take_nothing(ctx, monkeypatch):
    """Let nothing more be stored from now on."""

    def go():
        monkeypatch.setitem(ctx.extensions, "cms.storage", TakesNothing(files.storage().folder))

    return go


def test_a_file_that_cannot_be_stored_leaves_the_one_before(client, editor, take_nothing):
    document = make_document(editor)
    before = document.key, document.filename, document.version
    take_nothing()
    new = {"id": document.id, "file": form_file(documents.docx(), "report.docx")}
    answer = client.post("/admin/document/replace", data=new, follow_redirects=True)
    assert "does not answer" in answer.text
    db.session.expire_all()
    assert (document.key, document.filename, document.version) == before
    assert files.storage().exists(document.key)


def test_whoever_goes_on_after_a_file_was_not_stored_changes_nothing(editor, take_nothing):
    document = make_document(editor)
    take_nothing()
    new = make_upload(documents.docx(), "report.docx")
    kind = acts.inspected(new.stream, new.filename)
    with pytest.raises(StorageAway):
        domain.replace(document, new.filename, new.stream, kind)
    db.session.commit()
    assert (document.filename, document.version) == ("report.pdf", 1)
    assert files.storage().exists(document.key)


@pytest.mark.case(32)
def test_a_private_document_is_given_to_whom_the_policy_lets(client, editor, monkeypatch):
    document = make_document(editor, private=True)
    number, address = document.id, f"/document/{document.id}/report.pdf"
    assert fetch(client, address).status_code == 200
    assert fetch(client, address).cache_control.private
    made = client.post("/admin/document/link", data={"id": number}).text
    link = made.partition('readonly value="')[2].partition('"')[0].replace("&amp;", "&")
    entries = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert entries[-1] == "share"
    for role, there in (("viewer", 404), ("author", 404), ("editor", 200), ("administrator", 200)):
        switch(client, role)
        assert fetch(client, address).status_code == there, role
        page = client.get(f"/admin/document/details/?id={number}")
        assert page.status_code == there, role
        assert ("report" in client.get("/admin/document/").text) == (there == 200), role
        assert client.get(f"/admin/document/preview?id={number}").status_code == 404  # not made yet
    client.post("/logout")
    assert fetch(client, address).status_code == 404
    path = link.partition("localhost")[2]
    assert fetch(client, path).status_code == 200
    assert fetch(client, path[:-9] + path[-9:].swapcase()).status_code == 404  # another signature
    other = make_document(make_user("editor"), documents.docx(), "other.docx", private=True)
    assert fetch(client, path.replace(f"/{number}/", f"/{other.id}/")).status_code == 404
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert fetch(client, path).status_code == 404


def test_an_author_keeps_to_what_is_theirs(client, log_in):
    author, other = log_in("author"), make_user("editor")
    mine = make_document(author, private=True)
    theirs = make_document(other, documents.docx(), "other.docx")
    listed = client.get("/admin/document/").text
    assert f"/admin/document/edit/?id={mine.id}" in listed
    assert f"/admin/document/edit/?id={theirs.id}" not in listed
    assert client.get(f"/admin/document/edit/?id={theirs.id}").status_code == 403
    assert client.post("/admin/document/delete/", data={"id": theirs.id}).status_code == 403
    viewer = make_user("viewer")
    with closing(make_upload(documents.pdf())) as sent:
        with pytest.raises(NotAllowed):
            acts.replace_file(theirs, sent, author)
        with pytest.raises(NotAllowed):
            acts.upload([sent], viewer)


def test_who_may_not_see_what_links_to_it_learns_only_how_many_those_are(ctx):
    author, editor = make_user("author"), make_user("editor")
    document = make_document(author)
    body = f'<p><a href="/document/{document.id}/report.pdf">Report</a></p>'

    def told_to(person):
        with pytest.raises(usage.StillUsed) as refused:
            acts.delete(document, person)
        return refused.value.facts["where"]

    make_article(editor, title="Layoffs", body=body)
    assert told_to(author) == "1 place that you may not see"
    make_article(author, title="Figures", body=body)
    shown = make_page(editor, title="Report", body=body)
    content.take(shown, "publish", editor)
    assert told_to(author) == "“Figures”, “Report”, 1 more place that you may not see"
    assert told_to(editor) == "“Layoffs”, “Figures”, “Report”"
    content.delete(shown, editor)  # in the trash it is nobody's to read
    assert told_to(author) == "“Figures”, 2 more places that you may not see"
    assert told_to(None) == "3 places that you may not see"


def test_one_that_a_text_links_to_is_not_deleted(client, editor, run_jobs):
    document = make_document(editor)
    body = f'<p><a href="/document/{document.id}/report.pdf">Report</a></p>'
    article = make_article(editor, title="Figures", body=body)
    db.session.commit()
    assert usage.documents.uses_of([document.id])[document.id][0].title == "Figures"
    assert "Figures" in client.get(f"/admin/document/details/?id={document.id}").text
    refused = client.post(
        "/admin/document/delete/", data={"id": document.id}, follow_redirects=True
    )
    assert "“report” is used in “Figures”, and cannot be deleted." in refused.text
    content.save(article, editor, body="<p>No link.</p>")
    db.session.commit()
    done = client.post("/admin/document/delete/", data={"id": document.id}, follow_redirects=True)
    assert "was moved to the trash" in done.text
    assert fetch(client, f"/document/{document.id}/x").status_code == 404
    restored = {"id": document.id}
    client.post("/admin/document/trash/restore", data=restored)
    assert fetch(client, f"/document/{document.id}/x").status_code == 200
    client.post("/admin/document/delete/", data={"id": document.id})
    run_jobs()
    administrator = switch(client, "administrator")
    key = document.key
    empty(Document, administrator)
    db.session.commit()
    run_jobs()
    with trash.included():
        assert db.session.scalars(select(Document)).all() == []
    with pytest.raises(MissingFile):
        files.storage().open(key)


def test_the_job_of_one_that_is_gone_is_moot(ctx, run_jobs):
    document = make_document(make_user("editor"))
    domain.delete(document)
    db.session.commit()
    run_jobs()
    assert db.session.scalars(select(Job)).one().state is JobState.MOOT
