"""The JSON API, as a program meets it. Read it as its manual; the page is docs/api.md."""

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from cms import clock
from cms.accounts.models import User
from cms.accounts.policy import ROLES
from cms.accounts.tokens import SCOPES, ApiToken, offered_to
from cms.audit.models import AuditEntry
from cms.editorial.tokens import UnusableEnd, UnusableName, UnusableScopes, make, revoke
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job, JobState
from cms.media import usage
from cms.media.models import Image, ImageStatus
from cms.notifications.models import AdminNotification, NotificationState
from cms.tasks import huey
from tests import pictures
from tests.factories import form_file, make_picture, make_user

V, A, E, D = ROLES
PROBLEM = "application/problem+json"
CHINESE = {"Accept-Language": "zh-CN"}


class Program:
    """A program that has a token, and no cookie."""

    def __init__(self, app, user, text):
        self.user, self.text = user, text
        self._client = app.test_client(use_cookies=False)

    def __call__(self, method, path, **options):
        headers = {"Authorization": f"Bearer {self.text}", **options.pop("headers", {})}
        address = f"/api/v1{path}"
        return self._client.open(address, method=method, headers=headers, token=False, **options)

    def get(self, path, **options):
        return self("GET", path, **options)

    def upload(self, *files, **options):
        form = MultiDict([("file", FileStorage(*file)) for file in files])
        boundary, body = encode_multipart(form)  # in memory: nothing of a client's to close
        kind = f"multipart/form-data; boundary={boundary}"
        return self("POST", "/pictures", data=body, content_type=kind, **options)


@pytest.fixture
def program(ctx):
    """A program of somebody with a role; its token has all scopes that they can give."""

    def go(role=D, scopes=None, user=None, ends=None):
        user = user or make_user(role)
        _token, text = make(user, "Newsletter", scopes or list(offered_to(user)), ends)
        db.session.commit()
        return Program(ctx, user, text)

    return go


@pytest.fixture
def failed(ctx):
    """A picture that has failed, its job, and what administrators are told of it."""
    image = make_picture()
    db.session.commit()
    job = db.session.scalars(select(Job)).one()
    job.attempts_allowed = 1
    db.session.flush()
    ledger.claim(job.id, huey.holder())
    huey.record_failure(job.id, 1, RuntimeError("broken"))
    db.session.commit()
    image.status = ImageStatus.FAILED
    db.session.commit()
    return image


def only(kind):
    db.session.expire_all()
    return db.session.scalars(select(kind)).one()


# Tokens


def test_a_token_is_told_once_and_kept_as_a_digest(ctx):
    token, text = make(make_user(E), " Newsletter ", ["pictures:read"], None)
    db.session.commit()
    assert re.fullmatch(r"qscms_[\w-]{43}", text)
    assert (token.name, token.scopes, token.state) == ("Newsletter", ["pictures:read"], "active")
    assert text.endswith(token.hint)
    kept = repr(db.session.execute(ApiToken.__table__.select()).one())
    assert text not in kept
    assert text not in repr([entry.changes for entry in db.session.scalars(select(AuditEntry))])


@pytest.mark.parametrize(
    ("name", "scopes", "ends", "error"),
    [
        (" ", ["pictures:read"], None, UnusableName),
        ("x" * 81, ["pictures:read"], None, UnusableName),
        ("a\x00b", ["pictures:read"], None, UnusableName),
        ("x", [], None, UnusableScopes),
        ("x", ["notifications:read"], None, UnusableScopes),
        ("x", ["everything"], None, UnusableScopes),
        ("x", ["pictures:read"], timedelta(0), UnusableEnd),
    ],
)
def test_what_no_token_can_be_is_refused(ctx, name, scopes, ends, error):
    with pytest.raises(error):
        make(make_user(E), name, scopes, None if ends is None else clock.now() + ends)


def test_a_role_can_give_no_more_than_it_has(ctx):
    own = {"pictures:read", "tokens:read", "tokens:write"}
    assert set(offered_to(make_user(V))) == own
    assert set(offered_to(make_user(A))) == own | {"pictures:write"}
    assert set(offered_to(make_user(E))) == own | {"pictures:write", "jobs:read"}
    assert set(offered_to(make_user(D))) == set(SCOPES)


def test_without_a_token_nothing_is_told(client, ctx):
    for path in ("/pictures", "/pictures/1", "/jobs", "/notifications", "/tokens"):
        answer = client.get(f"/api/v1{path}")
        assert (answer.status_code, answer.mimetype) == (401, PROBLEM)
        assert answer.headers["WWW-Authenticate"] == "Bearer realm=QsCMS"


def test_every_address_is_closed_without_a_token(client, ctx):
    adapter = ctx.url_map.bind("localhost")
    for rule in ctx.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/") or rule.endpoint.startswith("api."):
            continue
        path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 1))
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            answer = client.open(path, method=method)
            assert (answer.status_code, answer.mimetype) == (401, PROBLEM), (method, path)


@pytest.mark.parametrize(
    "given", ["Bearer wrong", "Bearer ", "Basic YTpi", "nonsense", "Bearer qscms_\xff"]
)
def test_what_is_no_token_is_refused_even_from_somebody_who_is_logged_in(client, log_in, given):
    log_in(D)
    answer = client.get("/api/v1/pictures", headers={"Authorization": given})
    assert answer.status_code == 401
    assert "error=invalid_token" in answer.headers["WWW-Authenticate"]


def test_a_token_that_ended_was_revoked_or_is_of_nobody_active_is_useless(program):
    ended = program(ends=clock.now() + timedelta(days=1))
    assert ended.get("/pictures").status_code == 200
    with clock.stopped_at(clock.now() + timedelta(days=2)):
        assert ended.get("/pictures").status_code == 401

    revoked = program()
    revoke(db.session.scalars(select(ApiToken).where(ApiToken.user == revoked.user)).one())
    db.session.commit()
    assert revoked.get("/pictures").status_code == 401

    dismissed = program()
    dismissed.user.active = False
    db.session.commit()
    assert dismissed.get("/pictures").status_code == 401


def test_a_token_is_good_for_its_scopes_alone(program):
    narrow = program(D, scopes=["jobs:read"])
    assert narrow.get("/jobs").status_code == 200
    answer = narrow.get("/pictures")
    assert answer.status_code == 403
    assert answer.json["detail"] == "This token is not good for “pictures:read”."
    assert narrow("DELETE", "/pictures/1").status_code == 403


def test_a_token_may_never_more_than_its_person_may_now(program):
    ask = program(D)
    ask.user.roles = make_user(V).roles
    db.session.commit()
    assert ask.get("/pictures").status_code == 200
    assert ask.get("/jobs").status_code == 403


@pytest.mark.case(40)
def test_a_token_is_in_no_log(program, caplog):
    ask = program()
    with caplog.at_level("DEBUG"):
        ask.get("/pictures")
        ask.get("/pictures/999")
    assert ask.text not in caplog.text


def test_when_a_token_was_last_used_is_kept_to_the_minute(program, moment):
    ask = program()
    seen = []
    for seconds in (0, 30, 61):
        with clock.stopped_at(moment + timedelta(seconds=seconds)):
            ask.get("/pictures")
        seen.append((only(ApiToken).last_used_at - moment).seconds)
    assert seen == [0, 0, 61]


def test_a_program_gets_no_cookie_and_no_shared_cache_keeps_what_it_reads(program):
    answer = program().get("/pictures")
    assert "Set-Cookie" not in answer.headers
    assert answer.cache_control.private
    assert {"authorization", "cookie"} <= set(answer.vary.as_set())


def test_ones_own_tokens_are_listed_and_revoked(program):
    ask, other = program(E), program(E)
    (told,) = ask.get("/tokens").json["items"]
    assert told["name"] == "Newsletter"
    assert "digest" not in told
    assert ask.text not in repr(told)
    (others,) = other.get("/tokens").json["items"]
    assert ask.get(f"/tokens/{others['id']}").status_code == 404
    assert ask("DELETE", f"/tokens/{others['id']}").status_code == 404

    assert ask("DELETE", f"/tokens/{told['id']}").status_code == 204
    assert ask.get("/tokens").status_code == 401
    assert other.get("/tokens").status_code == 200


# The session of a browser


def test_a_session_reads(client, log_in):
    log_in(E)
    assert client.get("/api/v1/pictures").json == {"items": [], "next": None}
    assert client.get("/api/v1/notifications").status_code == 403


@pytest.mark.case(31)
def test_a_session_writes_with_the_token_of_a_page_only(client, log_in):
    log_in(E)
    image = make_picture()
    db.session.commit()
    path = f"/api/v1/pictures/{image.id}"
    assert client.delete(path, token=False).status_code == 400
    assert only(Image).deleted_at is None
    assert client.delete(path).status_code == 204


# Each role


@pytest.mark.case(32)
@pytest.mark.parametrize(
    ("method", "path", "codes"),
    [
        ("GET", "/pictures", {V: 200, A: 200, E: 200, D: 200}),
        ("GET", "/pictures/{picture}", {V: 200, A: 200, E: 200, D: 200}),
        ("GET", "/pictures/2147483648", {V: 404, A: 404, E: 404, D: 404}),
        ("POST", "/pictures", {V: 403, A: 415, E: 415, D: 415}),
        ("PATCH", "/pictures/{picture}", {V: 403, A: 403, E: 200, D: 200}),
        ("DELETE", "/pictures/{picture}", {V: 403, A: 403, E: 204, D: 204}),
        ("POST", "/pictures/{picture}/retry", {V: 403, A: 403, E: 202, D: 202}),
        ("GET", "/jobs", {V: 403, A: 403, E: 200, D: 200}),
        ("GET", "/jobs/{job}", {V: 403, A: 403, E: 200, D: 200}),
        ("GET", "/jobs/nonsense", {V: 403, A: 403, E: 404, D: 404}),
        ("POST", "/jobs/{job}/retry", {V: 403, A: 403, E: 403, D: 202}),
        ("GET", "/notifications", {V: 403, A: 403, E: 403, D: 200}),
        ("GET", "/notifications/{told}", {V: 403, A: 403, E: 403, D: 200}),
        ("POST", "/notifications/{told}/resolve", {V: 403, A: 403, E: 403, D: 200}),
        ("GET", "/tokens", {V: 200, A: 200, E: 200, D: 200}),
        ("GET", "/tokens/{token}", {V: 404, A: 404, E: 404, D: 404}),
        ("DELETE", "/tokens/{token}", {V: 404, A: 404, E: 404, D: 404}),
    ],
)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_what_the_policy_says(program, failed, method, path, codes, role):
    token, _text = make(make_user(D), "Another's", ["pictures:read"], None)
    db.session.commit()
    filled = path.format(
        picture=failed.id, job=only(Job).id, told=only(AdminNotification).id, token=token.id
    )
    ask = program(role)
    sent = {"json": {"title": "x"}, "headers": {"If-Match": "*"}} if method == "PATCH" else {}
    answer = ask(method, filled, **sent)
    assert answer.status_code == codes[role], answer.text
    assert answer.mimetype == (PROBLEM if answer.status_code >= 400 else answer.mimetype)


def test_an_author_changes_pictures_of_their_own(program):
    ask = program(A)
    mine, anothers = make_picture(owner=ask.user), make_picture(owner=make_user(A))
    db.session.commit()
    change = {"json": {"title": "x"}, "headers": {"If-Match": "*"}}
    assert ask("PATCH", f"/pictures/{mine.id}", **change).status_code == 200
    assert ask("PATCH", f"/pictures/{anothers.id}", **change).status_code == 403


# Lists


@pytest.fixture
def five(ctx):
    made = [make_picture(filename=f"{name}.jpg") for name in ("cat", "dog", "cow", "hen", "ewe")]
    for image, alt in zip(made, ("A cat", "", "A cow at sea", "", ""), strict=True):
        image.alt_text = alt
    db.session.commit()
    return [image.id for image in made]


def walked(ask, path):
    """All items of a list, page by page."""
    found, cursor = [], None
    while True:
        sign = "&" if "?" in path else "?"
        page = ask.get(path + (f"{sign}cursor={cursor}" if cursor else "")).json
        found += page["items"]
        cursor = page["next"]
        if not cursor:
            return found


@pytest.mark.parametrize("sort", ["id", "-id", "title", "-title", "status", "size", "created_at"])
def test_pages_follow_one_another_by_cursor(program, five, sort):
    found = walked(program(), f"/pictures?limit=2&sort={sort}&fields=id,title,size")
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
    titles = walked(ask, "/pictures?limit=1&sort=title&fields=title")
    assert [item["title"] for item in titles] == ["cat", "cow", "dog"]
    assert len(walked(ask, "/pictures?limit=2&search=o")) == 2
    assert len(walked(ask, "/jobs?limit=2&sort=finished_at")) == 3
    assert len(walked(ask, "/jobs?limit=2&sort=-finished_at")) == 3
    assert walked(ask, "/notifications?search=x") == []


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
    assert len(walked(ask, "/pictures")) == 4
    assert ask("DELETE", f"/pictures/{five[0]}").status_code == 404


def test_a_picture_in_use_is_not_deleted(program, five):
    usage.of("poster", keys=lambda: select(Image.id))(lambda _ids: [(five[0], 1, "Poster")])
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


# Jobs and notifications


def test_a_job_is_told_without_its_arguments(program, failed):
    (job,) = program().get("/jobs?state=failed").json["items"]
    assert (job["task"], job["state"], job["attempts_made"]) == ("process_image", "failed", 1)
    assert job["subject"] == {"kind": "image", "id": str(failed.id)}
    assert job["error"]
    assert {"args", "kwargs", "traceback"}.isdisjoint(job)


@pytest.mark.parametrize(
    ("query", "count"),
    [("task=process_image", 1), ("subject_kind=image&subject_id=0", 0), ("search=process_im", 1),
     ("search=nonsense", 0), ("state=running", 0), ("created_before=2000-01-01T00:00:00Z", 0)],
)  # fmt: skip
def test_jobs_are_found(program, failed, query, count):
    assert len(program().get(f"/jobs?{query}").json["items"]) == count


def test_a_job_is_tried_again_once(program, failed):
    ask, job = program(), only(Job)
    first, second = (ask("POST", f"/jobs/{job.id}/retry") for _twice in range(2))
    assert first.status_code == second.status_code == 202
    assert first.json["id"] == second.json["id"]
    assert first.json["retry_of"] == job.id
    waiting = ask("POST", f"/jobs/{first.json['id']}/retry")
    assert (waiting.status_code, waiting.mimetype) == (409, PROBLEM)
    assert db.session.scalars(select(Job.state)).all().count(JobState.QUEUED) == 1


def test_a_notification_speaks_the_readers_language_and_is_resolved(program, failed):
    ask = program()
    (told,) = ask.get("/notifications?state=open", headers=CHINESE).json["items"]
    assert re.search(r"[\u4e00-\u9fff]", told["title"])
    assert (told["type"], told["count"]) == ("job_failed", 1)

    for _twice in range(2):
        answer = ask("POST", f"/notifications/{told['id']}/resolve")
        assert (answer.status_code, answer.json["state"]) == (200, "resolved")
        assert answer.json["resolved_by"]["email"] == ask.user.email
    assert only(AdminNotification).state is NotificationState.RESOLVED
    assert ask.get("/notifications?state=open").json["items"] == []


# Errors


def test_an_error_is_a_problem_in_words_with_the_number_of_its_request(program):
    answer = program().get("/pictures/999")
    assert answer.mimetype == PROBLEM
    assert answer.json == {
        "type": "about:blank",
        "title": "Not found",
        "status": 404,
        "detail": "This does not exist, or you may not see it.",
        "request_id": answer.headers["X-Request-ID"],
    }


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/", "/api/v1/pictures/x"])
def test_what_is_not_there_is_a_problem_too(client, ctx, path):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, PROBLEM)


def test_another_method_is_told_which_there_are(program):
    answer = program()("PUT", "/pictures")
    assert (answer.status_code, answer.mimetype) == (405, PROBLEM)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_who_accepts_no_json_is_told_so(program):
    assert program().get("/pictures", headers={"Accept": "text/csv"}).status_code == 406
    assert program().get("/pictures", headers={"Accept": "text/html,*/*;q=0.1"}).status_code == 200


def test_a_fault_tells_nothing_inner(program, monkeypatch, ctx):
    def broken(*_args):
        raise RuntimeError("secret of the house")

    ask = program()
    monkeypatch.setattr("cms.api.access.may", broken)
    answer = ask.get("/pictures")
    assert (answer.status_code, answer.mimetype) == (500, PROBLEM)
    assert "secret" not in answer.text


@pytest.mark.case(36)
def test_what_people_typed_is_told_as_it_is_and_as_json(program, five):
    db.session.get_one(Image, five[0]).title = "<img src=x onerror=alert(1)>"
    db.session.commit()
    answer = program().get(f"/pictures/{five[0]}")
    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.json["title"] == "<img src=x onerror=alert(1)>"


def test_too_many_requests_are_stopped_for_a_token_and_for_an_address(program, set_setting, client):
    set_setting(api_limit="3 per minute")
    ask = program()
    codes = [ask.get("/pictures").status_code for _number in range(4)]
    assert codes == [200, 200, 200, 429]
    answer = client.get("/api/v1/pictures")  # whatever token it tries
    assert (answer.status_code, answer.mimetype) == (429, PROBLEM)
    assert 0 < int(answer.headers["Retry-After"]) <= 61


# The description


def test_the_document_is_openapi_with_all_parts(client, ctx):
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    operations = [it for path in document["paths"].values() for it in path.values() if "tags" in it]
    assert {tag for it in operations for tag in it["tags"]} == {
        "pictures", "jobs", "notifications", "tokens"
    }  # fmt: skip
    scopes = {scope for it in operations for scope in it["security"][0]["token"]}
    assert scopes == set(SCOPES)
    assert all(it["summary"] and it["operationId"] for it in operations)
    assert {User.__name__, "500"}.isdisjoint(document["components"]["schemas"])
