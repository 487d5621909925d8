"""Rows enter by a file: looked at first, then all of them or none."""

import csv
import io
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from cms import clock
from cms.audit.models import AuditEntry
from cms.editorial.exchange import apply, begin_export, begin_import, check
from cms.editorial.retries import retry_job
from cms.errors import CmsError
from cms.exchange import imports, sources
from cms.exchange.models import Format, Import, ImportRow, ImportState, Outcome
from cms.exchange.sources import Scope
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media import files
from cms.media.models import Image
from cms.tasks import huey
from cms.tasks.imports import clear_exchange
from tests.factories import form_file, make_picture, make_upload, make_user


@pytest.fixture
def add():
    """Add pictures of these titles; return them."""

    def go(*titles, owner=None):
        made = [make_picture(owner=owner) for _title in titles]
        for image, title in zip(made, titles, strict=True):
            image.title = title
        db.session.query(Job).delete()
        db.session.commit()
        return made

    return go


def as_csv(*rows, encoding="utf-8-sig"):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(*rows):
    book, data = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(data)
    return data.getvalue()


@pytest.fixture
def look(run_jobs):
    """Import a file as somebody, with the columns that are proposed, and let it be checked."""

    def go(by, data, name="pictures.csv", **more):
        view = sources.find("image")
        job = begin_import(view, by, make_upload(data, name))
        check(job, view, more.pop("mapping", job.mapping), creates=more.pop("creates", False))
        db.session.commit()
        run_jobs()
        return job

    return go


@pytest.fixture
def save(run_jobs):
    def go(job):
        apply(job)
        db.session.commit()
        run_jobs()
        return job

    return go


def problems(job):
    rows = imports.rows_of(job, [Outcome.BAD], 100)
    return [(row.line, name, words) for row in rows for name, words in row.problems]


def figures(job):
    return {name: getattr(job, name) for name in ("rows", "new", "changed", "unchanged", "bad")}


# Looking


def test_a_check_that_failed_is_done_by_its_retry(ctx, add, run_jobs):
    (one,) = add("One")
    data = as_csv(["ID", "Title"], [one.id, "Zwei"])
    view = sources.find("image")
    job = begin_import(view, make_user(), make_upload(data, "pictures.csv"))
    check(job, view, job.mapping, creates=False)
    db.session.commit()
    with files.storage().path(job.key) as path:
        away = path.rename(path.with_name("away"))
        run_jobs(hours=1)
        assert (job.state, job.sentence) == (ImportState.FAILED, "The stored file is missing.")
        away.rename(path)

    failed = db.session.query(Job).filter_by(task="check_import").one()
    assert retry_job(failed).state is JobState.QUEUED
    db.session.commit()
    assert (job.state, job.sentence) == (ImportState.CHECKING, None)
    run_jobs()
    assert job.state is ImportState.CHECKED


def test_a_check_tells_what_would_change_and_changes_nothing(each_ctx, add, look):
    one, two, three = add("One", "Two", "Three")
    data = as_csv(
        ["ID", "Title", "Alternative text"],
        [one.id, "One", ""],
        [two.id, "Zwei", "A 2"],
        [three.id, "Three", "A 3"],
    )
    job = look(make_user(), data)
    assert job.state is ImportState.CHECKED
    assert figures(job) == {"rows": 3, "new": 0, "changed": 2, "unchanged": 1, "bad": 0}
    rows = imports.rows_of(job, [Outcome.CHANGED], 10)
    assert [(row.line, row.changes) for row in rows] == [
        (3, {"title": ["Two", "Zwei"], "alt_text": ["", "A 2"]}),
        (4, {"alt_text": ["", "A 3"]}),
    ]
    assert [image.title for image in (one, two, three)] == ["One", "Two", "Three"]


def test_each_bad_row_says_its_number_its_column_and_why(each_ctx, add, look):
    one, two = add("One", "Two")
    data = as_csv(
        ["ID", "Title", "Alternative text"],
        [one.id, "", "x" * 501],
        [987_654, "Nothing", ""],
        ["", "No ID", ""],
        [two.id, "Zwei", ""],
        [two.id, "Zwo", ""],
        ["1 or 2", "Nonsense", ""],
        [one.id + 10_000, "a\x00b", ""],
    )
    job = look(make_user(), data)
    assert figures(job) == {"rows": 7, "new": 0, "changed": 1, "unchanged": 0, "bad": 6}
    found = problems(job)
    assert [line for line, _name, _words in found] == [2, 2, 3, 4, 6, 7, 8]
    assert {name for line, name, _words in found if line == 2} == {"title", "alt_text"}
    assert found[2][1:] == ("id", "There is none with the ID “987654”.")
    assert found[3][1:] == ("", "The ID is missing.")
    assert found[4][1:] == ("id", "Row 5 has the same ID.")
    with pytest.raises(CmsError):
        apply(job)


def test_text_that_no_database_keeps_is_a_bad_row(ctx, add, look):
    (one,) = add("One")
    job = look(make_user(), as_csv(["ID", "Title"], [one.id, "a\x00b"]))
    assert problems(job) == [(2, "title", "This holds a character that cannot be saved.")]


def test_an_author_imports_ones_own_alone(ctx, add, look):
    author = make_user("author")
    (own,) = add("Own", owner=author)
    (others,) = add("Other’s")
    data = as_csv(["ID", "Title"], [own.id, "Mine"], [others.id, "Mine"])
    job = look(author, data)
    assert problems(job) == [(3, "id", "You are not allowed to do this.")]
    assert job.changed == 1


def test_columns_are_known_in_every_language_and_by_their_names(ctx):
    view, by = sources.find("image"), make_user()

    def proposed(*headings):
        data = as_csv(headings, ["1", *["x"] * (len(headings) - 1)])
        return begin_import(view, by, make_upload(data, "x.csv")).mapping

    assert proposed("ID", "Title", "Alternative text", "Size") == {
        "0": "id", "1": "title", "2": "alt_text"}  # fmt: skip
    assert proposed("id", "标题", "替代文本") == {"0": "id", "1": "title", "2": "alt_text"}
    assert proposed("ALT_TEXT", "whatever", "id") == {"0": "alt_text", "2": "id"}
    assert proposed("title", "Title", "id") == {"0": "title", "2": "id"}


def test_what_was_chosen_is_proposed_again(ctx, add, look):
    (one,) = add("One")
    by = make_user()
    data = as_csv(["No.", "Beschriftung"], [one.id, "Eins"])
    look(by, data, mapping={"0": "id", "1": "title"})
    again = begin_import(sources.find("image"), by, make_upload(data, "x.csv"))
    assert again.mapping == {"0": "id", "1": "title"}
    others = begin_import(sources.find("image"), make_user(), make_upload(data, "x.csv"))
    assert others.mapping == {}


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"1": "title"}, "Choose the column that holds the ID."),
        ({"0": "id", "1": "title", "2": "title"}, "Choose each column once."),
        ({"0": "id"}, "Choose at least one column to import."),
        ({"0": "id", "1": "owner"}, "Choose at least one column to import."),
    ],
)
def test_columns_that_make_no_sense_are_refused(ctx, add, look, chosen, words):
    add("One")
    data = as_csv(["ID", "Title", "More"], ["1", "x", "y"])
    with pytest.raises(CmsError) as caught:
        look(make_user(), data, mapping=chosen)
    assert str(caught.value) == words


# Saving


def test_all_rows_are_saved_by_who_asked(each_ctx, add, look, save):
    one, two = add("One", "Two")
    editor = make_user()
    data = as_csv(["ID", "Title"], [one.id, "Eins"], [two.id, "Zwei"])
    job = save(look(editor, data))
    assert job.state is ImportState.APPLIED
    assert (one.title, two.title) == ("Eins", "Zwei")
    edits = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).all()
    assert [(entry.user_id, entry.changes) for entry in edits] == [
        (editor.id, {"title": ["One", "Eins"]}),
        (editor.id, {"title": ["Two", "Zwei"]}),
    ]


def test_a_row_that_was_changed_meanwhile_stops_all(each_ctx, add, look, save):
    one, two, three = add("One", "Two", "Three")
    rows = ([one.id, "Eins"], [two.id, "Zwei"], [three.id, "Three"])
    job = look(make_user(), as_csv(["ID", "Title"], *rows))
    two.title = "Hers"
    three.title = "Hers too"  # which the file does not change
    save(job)
    assert job.state is ImportState.REFUSED
    assert problems(job) == [(3, "title", "Somebody has changed this meanwhile, to “Hers”.")]
    assert [image.title for image in (one, two, three)] == ["One", "Hers", "Hers too"]
    assert set(db.session.scalars(select(Job.state))) == {JobState.SUCCEEDED}


def test_a_row_that_was_deleted_meanwhile_stops_all(ctx, add, look, save):
    one, two = add("One", "Two")
    job = look(make_user(), as_csv(["ID", "Title"], [one.id, "Eins"], [two.id, "Zwei"]))
    db.session.delete(two)
    save(job)
    assert problems(job) == [(3, "", "It has been deleted meanwhile.")]
    assert one.title == "One"


def test_what_was_refused_can_be_checked_again_and_saved(ctx, add, look, save, run_jobs):
    (one,) = add("One")
    job = look(make_user(), as_csv(["ID", "Title"], [one.id, "Eins"]))
    one.title = "Hers"
    save(job)
    check(job, sources.find("image"), job.mapping, creates=False)
    db.session.commit()
    run_jobs()
    save(job)
    assert (job.state, one.title) == (ImportState.APPLIED, "Eins")


def test_who_may_no_longer_edit_saves_nothing(ctx, add, look, save):
    (one,) = add("One")
    editor = make_user()
    job = look(editor, as_csv(["ID", "Title"], [one.id, "Eins"]))
    editor.active = False
    save(job)
    assert (job.state, job.sentence) == (ImportState.FAILED, "You may not import here any more.")
    assert one.title == "One"


def test_saving_twice_saves_once(ctx, add, look, save, run_jobs):
    (one,) = add("One")
    job = look(make_user(), as_csv(["ID", "Title"], [one.id, "Eins"]))
    apply(job)
    with pytest.raises(CmsError):
        apply(job)
    db.session.commit()
    run_jobs()
    one.title = "Later"
    db.session.commit()
    run_jobs()
    assert one.title == "Later"


# There and back


@pytest.mark.case(38)
@pytest.mark.parametrize("form", [Format.CSV, Format.XLSX])
def test_what_is_exported_edited_and_imported_is_the_same_text(
    each_ctx, add, look, save, run_jobs, form
):
    titles = ["=HYPERLINK(1)", "+49 89", "-1", "@home", "'=x", "'quoted'", "片, “x”", "a\tb"]
    made = add(*titles)
    for image in made:
        image.alt_text = f"=two\r\nlines of {image.id}"
    editor = make_user()
    names = ["id", "title", "alt_text", "created_at"]
    row = begin_export(sources.find("image"), editor, Scope("all"), names, form)
    db.session.commit()
    run_jobs()
    with files.storage().open(row.key) as file:
        data = file.read()
    job = look(editor, data, row.filename)
    assert figures(job) == {"rows": 8, "new": 0, "changed": 0, "unchanged": 8, "bad": 0}

    edited = edit(data, form, titles[0], "=EDITED")
    save(look(editor, edited, row.filename))
    assert [image.title for image in made] == ["=EDITED", *titles[1:]]
    assert made[0].alt_text == f"=two\r\nlines of {made[0].id}"


def edit(data, form, old, new):
    """Change a cell as a spreadsheet would, and save."""
    if form is Format.CSV:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        return as_csv(*[[cell.replace(f"'{old}", f"'{new}") for cell in row] for row in rows])
    book, saved = openpyxl.load_workbook(io.BytesIO(data)), io.BytesIO()
    (cell,) = [cell for row in book.active for cell in row if cell.value == old]
    cell.value, cell.data_type = new, "s"
    book.save(saved)
    return saved.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_chinese_arrives_in_either_encoding(ctx, add, look, save, encoding):
    (one,) = add("One")
    data = as_csv(["编号", "标题"], [one.id, "日出时的港口与运河边的老茶馆"], encoding=encoding)
    save(look(make_user(), data, mapping={"0": "id", "1": "title"}))
    assert one.title == "日出时的港口与运河边的老茶馆"


def test_numbers_of_a_workbook_are_ids(ctx, add, look):
    (one,) = add("One")
    job = look(make_user(), as_xlsx(["ID", "Title"], [float(one.id), 2026]), "x.xlsx")
    assert imports.rows_of(job, [Outcome.CHANGED], 1)[0].changes == {"title": ["One", "2026"]}


def test_an_id_may_have_spaces_around_it(ctx, add, look):
    one, two = add("One", "Two")
    data = as_csv(["ID", "Title"], [f" {one.id}", "Eins"], [f"{two.id}\t", "Zwei"])
    job = look(make_user(), data)
    assert (figures(job)["changed"], problems(job)) == (2, [])


# The screens


@pytest.fixture
def upload(client):
    def go(data, name="pictures.csv", source="image"):
        form = {"source": source, "file": form_file(data, name)}
        return client.post("/admin/import/begin", data=form)

    return go


def number_of(answer):
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.location).query)["id"][0]


def test_from_the_list_to_the_saved_rows(ctx, client, log_in, add, upload, run_jobs):
    log_in("editor")
    one, two = add("One", "Two")
    assert 'href="/admin/import/file?source=image"' in client.get("/admin/image/").text
    assert "Alternative text" in client.get("/admin/import/file?source=image").text
    number = number_of(upload(as_csv(["ID", "Title"], [one.id, "Eins"], [two.id, "<b>"])))
    page = client.get(f"/admin/import/details/?id={number}").text
    assert '<option value="title" selected>Title</option>' in page

    form = {"id": number, "column-0": "id", "column-1": "title"}
    assert client.post("/admin/import/check", data=form).status_code == 302
    run_jobs()
    page = client.get(f"/admin/import/details/?id={number}").text
    assert "Save 2 changes" in page
    assert "<ins>&lt;b&gt;</ins>" in page
    client.post("/admin/import/apply", data={"id": number})
    run_jobs()
    assert "All rows are saved." in client.get(f"/admin/import/details/?id={number}").text
    assert (one.title, two.title) == ("Eins", "<b>")


def test_bad_rows_are_shown_by_pages_and_can_be_downloaded(
    ctx, client, log_in, add, upload, run_jobs
):
    log_in("editor")
    rows = [[900_000 + number, "=x"] for number in range(60)]
    number = number_of(upload(as_csv(["ID", "Title"], *rows), "图片.csv"))
    form = {"id": number, "column-0": "id", "column-1": "title"}
    client.post("/admin/import/check", data=form)
    run_jobs()
    page = client.get(f"/admin/import/details/?id={number}").text
    assert "Mend the rows below" in page
    assert page.count("There is none with the ID") == 50
    assert "/admin/import/apply" not in page
    page = client.get(f"/admin/import/details/?id={number}&page=1").text
    assert page.count("There is none with the ID") == 10
    answer = client.get(f"/admin/import/problems?id={number}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    lines = answer.text.lstrip("\ufeff").splitlines()
    assert lines[:2] == ["Row,Column,Reason", "2,ID,There is none with the ID “900000”."]
    assert len(lines) == 61


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "x.csv", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "x.csv", "neither a CSV file nor"),
        (b"PK\x03\x04xxxx", "x.xlsx", "no Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(50), "x.xls", "old Excel file"),
        (b"ID,Title\n", "x.csv", "no rows below its headings"),
        (b'ID,Title\n1,"x', "x.csv", "quotation mark"),
    ],
)
def test_a_wrong_file_is_refused_in_words(ctx, client, log_in, upload, data, name, words):
    log_in("editor")
    answer = upload(data, name)
    assert answer.status_code == 422
    assert words in answer.text
    assert db.session.scalars(select(Import)).all() == []
    assert list(files.storage().walk("imports")) == []


def test_a_file_over_the_limit_is_refused(ctx, client, log_in, set_setting):
    log_in("editor")
    set_setting(upload_max_mb=1)
    form = MultiDict(
        {
            "source": "image",
            "file": FileStorage(io.BytesIO(b"ID,Title\n" + b"1,x\n" * 300_000), "x.csv"),
        }
    )
    boundary, body = encode_multipart(form)
    kind = f"multipart/form-data; boundary={boundary}"
    answer = client.post("/admin/import/begin", data=body, content_type=kind)
    assert answer.status_code == 422
    assert "larger than 1 MB" in answer.text


def test_others_do_not_see_it(ctx, client, log_in, add, upload):
    log_in("editor")
    (one,) = add("One")
    number = number_of(upload(as_csv(["ID", "Title"], [one.id, "x"])))
    client.post("/logout")
    log_in("administrator")
    for page in ("details/", "problems"):
        assert client.get(f"/admin/import/{page}?id={number}").status_code == 404
    for act in ("check", "apply", "delete/"):
        assert client.post(f"/admin/import/{act}", data={"id": number}).status_code == 404


def test_lists_that_take_nothing_in_are_not_there(ctx, client, log_in, upload):
    log_in("administrator")
    assert client.get("/admin/import/file?source=job").status_code == 404
    assert upload(b"ID,Title\n1,x\n", source="job").status_code == 404
    assert db.session.scalars(select(Import)).all() == []


def test_a_viewer_imports_nothing(ctx, client, log_in, upload):
    log_in("viewer")
    assert "/admin/import/" not in client.get("/admin/image/").text
    assert client.get("/admin/import/file?source=image").status_code == 403
    assert upload(b"ID,Title\n1,x\n").status_code in (403, 413)


def test_after_a_day_the_file_is_gone_and_what_was_chosen_is_kept(ctx, add, look, run_jobs):
    (one,) = add("One")
    job = look(
        make_user(), as_csv(["No.", "Title"], [one.id, "x"]), mapping={"0": "id", "1": "title"}
    )
    key = job.key
    with clock.stopped_at(clock.now() + timedelta(hours=25)):
        clear_exchange.submit()
        db.session.commit()
        run_jobs()
    assert not files.storage().exists(key)
    assert db.session.scalars(select(ImportRow)).all() == []
    assert (job.state, job.key, job.mapping) == (
        ImportState.ENDED, None, {"0": "id", "1": "title"})  # fmt: skip
    assert db.session.get(Image, one.id).title == "One"


def test_what_failed_to_be_saved_is_saved_by_its_retry_unless_it_was_checked_once_more(
    ctx, add, look, run_jobs
):
    (one,) = add("One")
    job = look(make_user(), as_csv(["ID", "Title"], [one.id, "Zwei"]))
    apply(job)
    saving = db.session.query(Job).filter_by(task="apply_import").one()
    saving.state, job.state = JobState.FAILED, ImportState.FAILED
    db.session.commit()
    huey.storage.flush_queue()

    checked = db.session.query(Job).filter_by(task="check_import").one()
    checked.created_at = saving.created_at + timedelta(seconds=1)
    db.session.commit()
    retry_job(saving)
    assert job.state is ImportState.FAILED, "what the later check has left is no whole file"
    db.session.rollback()

    checked.created_at = saving.created_at - timedelta(seconds=1)
    db.session.commit()
    retry_job(saving)
    db.session.commit()
    run_jobs()
    assert (job.state, one.title) == (ImportState.APPLIED, "Zwei")
