"""Pictures by the API: what a list can be asked, as any other, and what is done with one."""

import io
import re

import pytest
from sqlalchemy import select

from cms.accounts.policy import ROLES
from cms.accounts.tokens import SCOPES
from cms.audit.models import AuditEntry
from cms.editorial import content
from cms.editorial.tokens import make
from cms.extensions import db
from cms.media import usage
from cms.media.models import Image
from tests import pictures
from tests.clients import Program
from tests.factories import form_file, make_article, make_page, make_picture, make_user

V, A, E, D = ROLES
PROBLEM = "application/problem+json"
CHINESE = {"Accept-Language": "zh-CN"}


# Lists


@pytest.mark.parametrize("sort", ["id", "-id", "title", "-title", "status", "size", "created_at"])
def test_pages_follow_one_another_by_cursor(program, five, sort):
    found = program().walk(f"/pictures?limit=2&sort={sort}&fields=id,title,size")
    assert sorted(item["id"] for item in found) == five
    name = sort.removeprefix("-")
    if name in ("id", "title"):
        told = [item[name] for item in found]
        assert told == sorted(told, reverse=sort.startswith("-"))


def test_a_cursor_goes_on_where_it_was_whatever_comes_in_between(program, five):
    ask = program()
    first = ask.get("/pictures?limit=2&fields=id").json
    assert [item["id"] for item in first["items"]] == five[:-3:-1]
    make_picture()
    db.session.delete(db.session.get(Image, five[3]))
    db.session.commit()
    then = ask.get(f"/pictures?limit=2&fields=id&cursor={first['next']}").json
    assert [item["id"] for item in then["items"]] == [five[2], five[1]]


def test_the_next_page_is_linked_with_what_was_asked(program, five):
    ask = program()
    answer = ask.get("/pictures?limit=3&fields=id&sort=title")
    address, rel = answer.headers["Link"].split("; ")
    assert rel == 'rel="next"'
    last = ask.get(address.strip("<>").removeprefix("/api/v1"))
    assert len(last.json["items"]) == 2
    assert (last.json["next"], "Link" in last.headers) == (None, False)


def test_only_the_fields_that_are_wanted_are_told(program, five):
    ask = program()
    assert list(ask.get("/pictures?limit=1&fields=title,id").json["items"][0]) == ["id", "title"]
    assert ask.get(f"/pictures/{five[0]}?fields=alt_text").json == {"alt_text": "A cat"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=sea+cow", ["cow"]),
        ("search=ow", ["cow"]),
        ("search=nothing", []),
        ("has_text=true", ["cat", "cow"]),
        ("has_text=false&search=hen", ["hen"]),
        ("status=ready", []),
        ("status=pending&search=dog", ["dog"]),
        ("mime=image/png", []),
        ("orientation=wide&search=ewe", ["ewe"]),
        ("mine=true", []),
        ("mine=false&search=dog", ["dog"]),
        ("created_since=2000-01-01T00:00:00%2B08:00&search=cat", ["cat"]),
        ("created_before=0001-01-01T00:00:00%2B23:59", []),
    ],
)
def test_filters_and_words_narrow_a_list(program, five, query, found):
    told = program().get(f"/pictures?sort=title&fields=title&{query}")
    assert [item["title"] for item in told.json["items"]] == found


@pytest.mark.case(33)
@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "sort=owner", "fields=key", "fields=", "status=odd",
     "cursor=x", "cursor=WzEsMV0", "cursor=WzAsInggeSJd", "page=2", "search=", "search=%00",
     "created_since=yesterday", "created_since=2026-01-01T00:00:00", "search=" + "x" * 201],
)  # fmt: skip
def test_a_wrong_question_is_told_at_its_field(program, five, query):
    answer = program().get(f"/pictures?{query}")
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)
    if query != "search=%00":
        (error,) = answer.json["errors"]
        assert error["in"] == "query"
        assert error["name"].partition(".")[0] == query.partition("=")[0]


def test_lists_are_the_same_on_each_database(each_ctx):
    user = make_user(D)
    _token, text = make(user, "x", list(SCOPES), None)
    for name in ("cat", "dog", "cow"):
        make_picture(filename=f"{name}.jpg")
    db.session.commit()
    ask = Program(each_ctx, user, text)
    titles = ask.walk("/pictures?limit=1&sort=title&fields=title")
    assert [item["title"] for item in titles] == ["cat", "cow", "dog"]
    assert len(ask.walk("/pictures?limit=2&search=o")) == 2
    assert len(ask.walk("/jobs?limit=2&sort=finished_at")) == 3
    assert len(ask.walk("/jobs?limit=2&sort=-finished_at")) == 3
    assert ask.walk("/notifications?search=x") == []
    for title in ("Dawn", "Dusk", "Noon"):
        thing = make_article(user, title=title, tags=["Sea"])
        if title != "Noon":
            content.take(thing, "publish", user)
        make_page(user, title=title)
    db.session.commit()
    for query in ("sort=published_at", "sort=-published_at", "tag=sea", "search=some+words"):
        assert len(ask.walk(f"/articles?limit=1&{query}")) == 3
    told = ask.walk("/articles?limit=1&search=wn&expand=body,cover,pictures,translations")
    assert [it["title"] for it in told] == ["Dawn"]
    assert [it["path"] for it in ask.walk("/pages?limit=2&sort=path")] == ["dawn", "dusk", "noon"]


# Pictures


def test_an_upload_is_answered_at_once_with_its_jobs_address(program, run_jobs):
    ask = program(E)
    answer = ask.upload(form_file(pictures.jpeg(64, 48), "harbour.jpg"))
    assert answer.status_code == 202, answer.text
    (taken,) = answer.json["images"]
    assert answer.json == {"images": [taken], "errors": [], "duplicates": []}
    assert taken["status"] == "pending"
    assert answer.headers["Location"] == f"/api/v1/jobs/{taken['job_id']}"

    run_jobs()
    assert ask.get(f"/jobs/{taken['job_id']}").json["state"] == "succeeded"
    told = ask.get(f"/pictures/{taken['id']}").json
    assert (told["title"], told["status"], told["error"]) == ("harbour", "ready", None)
    assert told["owner"] == {"id": ask.user.id, "email": ask.user.email}
    thumbnail = next(it for it in told["renditions"] if it["name"] == "thumbnail")
    assert thumbnail["url"].startswith("/media/")


def test_who_may_not_see_jobs_watches_the_picture(program):
    answer = program(A).upload(form_file(pictures.jpeg(8, 8)))
    assert answer.headers["Location"] == f"/api/v1/pictures/{answer.json['images'][0]['id']}"


def test_good_files_are_taken_whatever_the_others_are(program):
    ask = program(E)
    good = pictures.jpeg(8, 8)
    answer = ask.upload(
        form_file(good, "a.jpg"), form_file(b"no", "b.jpg"), form_file(good, "c.jpg")
    )
    assert answer.status_code == 202
    assert [error["filename"] for error in answer.json["errors"]] == ["b.jpg"]
    assert [it["filename"] for it in answer.json["duplicates"]] == ["c.jpg"]


def test_a_file_that_is_here_already_is_taken_when_asked_for_again(program):
    ask = program(E)
    for query, code in (("", 202), ("", 200), ("?again=true", 202)):
        files = {"file": [form_file(pictures.jpeg(8, 8))]}
        assert ask("POST", f"/pictures{query}", data=files).status_code == code


@pytest.mark.case(19)
def test_files_that_are_refused_are_told_in_words(program, set_setting):
    ask = program(E)
    answer = ask.upload(form_file(b"", "a.jpg"), headers=CHINESE)
    assert (answer.status_code, answer.json["errors"][0]["name"]) == (422, "a.jpg")
    assert re.search(r"[\u4e00-\u9fff]", answer.json["detail"])
    assert (
        ask("POST", "/pictures", data={"file": []}, content_type="multipart/form-data").status_code
        == 422
    )
    set_setting(upload_max_mb=1)
    assert ask.upload(form_file(b"x" * 1_000_001)).status_code == 413
    set_setting(request_max_mb=1)
    assert ask.upload(form_file(b"x" * 2_000_001)).status_code == 413
    assert db.session.scalars(select(Image)).all() == []


def test_who_may_not_upload_is_refused_before_the_body_is_read(program, ctx):
    ask, body = program(V), io.BytesIO(b"--x\r\n")
    sent = {"input_stream": body, "content_length": 10**12}
    answer = ask("POST", "/pictures", content_type="multipart/form-data; boundary=x", **sent)
    assert (answer.status_code, body.tell()) == (403, 0)


@pytest.mark.case(39)
def test_a_change_says_which_state_it_changes(program, five):
    ask, other = program(E), program(E)
    path = f"/pictures/{five[0]}"
    assert ask("PATCH", path, json={"title": "New"}).status_code == 428

    tag = ask.get(path).headers["ETag"]
    changed = other("PATCH", path, json={"title": "Theirs"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json["title"]) == (200, "Theirs")
    refused = ask("PATCH", path, json={"title": "Mine"}, headers={"If-Match": tag})
    assert (refused.status_code, refused.mimetype) == (412, PROBLEM)

    again = {"If-Match": changed.headers["ETag"]}
    assert ask("PATCH", path, json={"alt_text": "Tom"}, headers=again).json["title"] == "Theirs"
    assert ask("PATCH", path, json={"title": "Any"}, headers={"If-Match": "*"}).status_code == 200
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "edit")).all()
    assert [entry.user_email for entry in entries] == [other.user.email] + 2 * [ask.user.email]


def test_what_has_not_changed_is_not_sent_again(program, five):
    ask = program()
    tag = ask.get(f"/pictures/{five[0]}").headers["ETag"]
    answer = ask.get(f"/pictures/{five[0]}", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")


@pytest.mark.case(33)
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"json": {"title": ""}}, 422),
        ({"json": {"title": "  "}}, 422),
        ({"json": {"title": "x" * 256}}, 422),
        ({"json": {"title": ["x"]}}, 422),
        ({"json": {"title": "a\x00b"}}, 422),
        ({"data": b'{"title": "\\ud800"}', "content_type": "application/json"}, 422),
        ({"json": {"status": "ready"}}, 422),
        ({"json": ["title"]}, 422),
        ({"data": b"null", "content_type": "application/json"}, 422),
        ({"data": b"{", "content_type": "application/json"}, 400),
        ({"data": b"\xff", "content_type": "application/json"}, 400),
        ({"data": b'{"title": "' + b"x" * 2_100_000, "content_type": "application/json"}, 413),
        ({"data": {"title": "x"}}, 415),
    ],
)
def test_a_wrong_change_changes_nothing(program, five, sent, code):
    answer = program()("PATCH", f"/pictures/{five[0]}", headers={"If-Match": "*"}, **sent)
    assert (answer.status_code, answer.mimetype) == (code, PROBLEM), answer.text
    assert db.session.get_one(Image, five[0]).title == "cat"


def test_a_deleted_picture_is_in_the_trash_and_nowhere_else(program, five):
    ask = program(E)
    assert ask("DELETE", f"/pictures/{five[0]}").status_code == 204
    assert ask.get(f"/pictures/{five[0]}").status_code == 404
    assert len(ask.walk("/pictures")) == 4
    assert ask("DELETE", f"/pictures/{five[0]}").status_code == 404


def test_a_picture_in_use_is_not_deleted(program, five):
    usage.of("poster", keys=lambda: select(Image.id))(
        lambda _ids, _most: [(five[0], 1, "Poster", None, True)]
    )
    try:
        answer = program(E)("DELETE", f"/pictures/{five[0]}")
    finally:
        usage.forget("poster")
    assert (answer.status_code, answer.json["title"]) == (409, "Changed meanwhile")
    assert answer.json["detail"] == "“cat” is used in “Poster”, and cannot be deleted."


def test_a_failed_picture_is_tried_again(program, failed):
    ask = program(E)
    answer = ask("POST", f"/pictures/{failed.id}/retry")
    assert (answer.status_code, answer.json["state"]) == (202, "queued")
    assert answer.headers["Location"] == f"/api/v1/jobs/{answer.json['id']}"
    assert ask("POST", f"/pictures/{failed.id}/retry").status_code == 409
