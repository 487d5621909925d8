"""The JSON API, as a program meets it: who may what, jobs and notifications, errors.

Read it as its manual, with those of tokens and pictures beside it; the page is docs/api.md.
"""

import re

import pytest
from sqlalchemy import select

from cms.accounts.policy import ROLES
from cms.accounts.tokens import SCOPES
from cms.editorial.tokens import make
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media.models import Image
from cms.notifications.models import AdminNotification, NotificationState
from tests.factories import make_picture, make_user

V, A, E, D = ROLES
PROBLEM = "application/problem+json"
CHINESE = {"Accept-Language": "zh-CN"}


def only(kind):
    db.session.expire_all()
    return db.session.scalars(select(kind)).one()


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
        "articles", "pages", "categories", "tags", "menus", "redirects", "settings",
        "pictures", "documents", "jobs", "notifications", "tokens",
    }  # fmt: skip
    scopes = {scope for it in operations for scope in it["security"][0]["token"]}
    assert scopes == set(SCOPES)
    assert all(it["summary"] and it["operationId"] for it in operations)
