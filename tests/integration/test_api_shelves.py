"""What orders the site by the API, and documents: who changes what, and what is refused."""

import pytest

from cms.accounts.policy import ROLES
from cms.content import menus
from cms.extensions import db
from tests.factories import form_file, make_article, make_page

V, A, E, D = ROLES
PROBLEM = "application/problem+json"


def wrong(answer, code=422):
    """The fields that a refusal names."""
    assert (answer.status_code, answer.mimetype) == (code, PROBLEM), answer.text
    return {it["name"] for it in answer.json.get("errors", ())}


def test_categories_are_added_moved_and_deleted(program):
    ask = program(E)
    travel = ask("POST", "/categories", json={"title": "Travel"})
    assert (travel.status_code, travel.json["path"]) == (201, "travel")
    below = {"title": "Asia", "parent_id": travel.json["id"]}
    asia = ask("POST", "/categories", json=below).json
    assert asia["path"] == "travel/asia"
    path = f"/categories/{asia['id']}"
    assert wrong(ask("POST", "/categories", json={**below, "slug": "asia"})) == {"slug"}
    assert wrong(ask("PATCH", path, json={"parent_id": asia["id"]})) == {"parent_id"}
    assert wrong(ask("DELETE", f"/categories/{travel.json['id']}"), 409) == set()
    moved = ask("PATCH", path, json={"parent_id": None, "title": "The East", "slug": "east"})
    assert (moved.json["address"], moved.json["title"]) == ("/en/categories/east", "The East")
    (redirect,) = ask.get("/redirects").json["items"]
    assert redirect["target"] == "/en/categories/east"
    assert ask("DELETE", path).status_code == 204
    assert ask.get(path).status_code == 404


def test_tags_are_renamed_and_merged(program):
    ask = program(E)
    first, second = make_article(tags=["Sea"]), make_article(tags=["Ocean"])
    db.session.commit()
    sea, ocean = (f"/tags/{it.tags[0].id}" for it in (first, second))
    assert wrong(ask("PATCH", sea, json={"title": "Ocean"})) == {"title"}
    assert ask("PATCH", sea, json={"title": "High sea"}).json["slug"] == "high-sea"
    assert wrong(ask("POST", f"{sea}/merge", json={"into": 999})) == {"into"}
    merged = ask("POST", f"{sea}/merge", json={"into": second.tags[0].id})
    assert merged.json["title"] == "Ocean"
    told = ask.get("/articles?tag=ocean&fields=id").json["items"]
    assert {it["id"] for it in told} == {first.id, second.id}
    assert ask("DELETE", ocean).status_code == 204
    assert ask.get("/tags").json["items"] == []


def test_a_menu_is_read_as_it_is_kept_and_put_back(program):
    ask = program(E)
    draft = make_page(title="Draft")
    main = menus.get("main", "en")
    db.session.commit()
    path = f"/menus/{main.id}/items"
    tag = ask.get(path).headers["ETag"]
    items = [
        {"page_id": draft.id, "items": [{"label": "Shop", "address": "https://shop.example/"}]},
        {"label": "Home", "address": "/"},
    ]
    assert ask("PUT", path, json={"items": items}).status_code == 428
    put = ask("PUT", path, json={"items": items}, headers={"If-Match": tag})
    assert put.status_code == 200, put.text
    kept = ask.get(path)
    assert kept.json == put.json
    assert kept.json["items"][0]["items"][0]["address"] == "https://shop.example/"
    assert [it["label"] for it in ask.get(f"/menus/{main.id}").json["items"]] == ["Home"]
    assert ask("PUT", path, json=kept.json, headers={"If-Match": tag}).status_code == 412
    again = ask("PUT", path, json=kept.json, headers={"If-Match": kept.headers["ETag"]})
    assert again.json == kept.json

    for item, field in (
        ({"article_id": 999}, "address"),
        ({"label": "x", "address": "javascript:x"}, "target"),
        ({"address": "/"}, "label"),
    ):
        answer = ask("PUT", path, json={"items": [item]}, headers={"If-Match": "*"})
        assert wrong(answer) == {field}
    deep = {"label": "x", "address": "/"}
    for _level in range(3):
        deep = {**deep, "items": [{"label": "x", "address": "/", **deep}]}
    answer = ask("PUT", path, json={"items": [deep]}, headers={"If-Match": "*"})
    assert wrong(answer) == {"items.0.items.0.items.0.items"}


def test_redirects_and_settings_are_changed(program):
    ask = program(D)
    made = ask("POST", "/redirects", json={"source": "/en/old", "target": "/en/new"})
    assert (made.status_code, made.json["target"]) == (201, "/en/new")
    path = f"/redirects/{made.json['id']}"
    again = {"source": "/en/old", "target": "/en/x"}
    assert wrong(ask("POST", "/redirects", json=again)) == {"source"}
    assert wrong(ask("PATCH", path, json={"target": "/en/old"})) == {"target"}
    assert ask("PATCH", path, json={"target": "/en/x"}).json["target"] == "/en/x"
    assert ask("DELETE", path).status_code == 204

    changed = ask("PATCH", "/settings", json={"title": {"en": "News"}, "articles_per_page": 5})
    assert (changed.json["title"], changed.json["articles_per_page"]) == ({"en": "News"}, 5)
    assert wrong(ask("PATCH", "/settings", json={"articles_per_page": 101})) == {
        "articles_per_page"
    }
    more = ask("PATCH", "/settings", json={"title": {"zh_Hans_CN": "新闻"}}).json["title"]
    assert more == {"en": "News", "zh_Hans_CN": "新闻"}, "the other language stays"
    assert ask("PATCH", "/settings", json={"title": {"en": ""}}).json["title"] == {
        "zh_Hans_CN": "新闻"
    }


@pytest.mark.case(32)
def test_only_editors_change_what_orders_the_site(program):
    author, narrow = program(A), program(E, scopes=["content:read", "content:write"])
    for ask in (author, narrow):
        assert ask("POST", "/categories", json={"title": "x"}).status_code == 403
        assert ask("PATCH", "/tags/1", json={"title": "x"}).status_code == 403
        assert ask("PUT", "/menus/1/items", json={"items": []}).status_code == 403
        assert ask("POST", "/redirects", json={"source": "/a", "target": "/"}).status_code == 403
    assert program(E)("PATCH", "/settings", json={}).status_code == 403


@pytest.mark.case(33)
def test_what_is_nested_without_end_is_not_understood(program):
    body = '{"items": ' + "[" * 100_000 + "]" * 100_000 + "}"
    kind = {"Content-Type": "application/json"}
    answer = program(E)("POST", "/articles", data=body, headers=kind)
    assert (answer.status_code, answer.mimetype) == (400, PROBLEM)


def test_documents_are_taken_told_and_given_to_whom_the_policy_lets(program, client, run_jobs):
    ask, other = program(A), program(A)
    file = form_file(b"Boats leave at noon", "timetable.txt")
    taken = ask.upload(file, to="/documents?private=true")
    assert taken.status_code == 202, taken.text
    run_jobs()
    (told,) = ask.get("/documents?search=timetable&private=true").json["items"]
    path = f"/documents/{told['id']}"
    assert taken.headers["Location"] == f"/api/v1{path}"
    assert (told["title"], told["status"], told["mime"]) == ("timetable", "ready", "text/plain")
    assert other.get(path).status_code == 404
    assert client.get(told["url"]).status_code == 404
    link = ask("POST", f"{path}/link").json["url"]
    with client.get(link) as fetched:
        assert fetched.data == b"Boats leave at noon"

    tag = ask.get(path).headers["ETag"]
    public = ask(
        "PATCH", path, json={"private": False, "title": "Boats"}, headers={"If-Match": tag}
    )
    assert (public.json["private"], public.json["title"]) == (False, "Boats")
    with client.get(told["url"]) as fetched:
        assert fetched.status_code == 200
    assert other.get(path).status_code == 200
    assert other("DELETE", path).status_code == 403
    assert wrong(ask("POST", f"{path}/link"), 409) == set()
    assert wrong(ask("POST", f"{path}/retry"), 409) == set()

    twice = ask.upload(form_file(b"Boats leave at noon", "x.txt"), to="/documents")
    assert (twice.status_code, twice.json["duplicates"][0]["id"]) == (200, told["id"])
    bad = ask.upload(form_file(b"MZ\x90\x00" * 50, "x.pdf"), to="/documents")
    assert wrong(bad) == {"x.pdf"}
    assert ask("DELETE", path).status_code == 204
    assert client.get(told["url"]).status_code == 404
    assert client.get("/api/v1/documents").status_code == 401
