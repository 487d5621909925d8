"""Texts by the API: what strangers read of the site, and what a program with a token writes."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from cms import clock
from cms.accounts.policy import ROLES
from cms.audit.models import AuditEntry
from cms.content import articles, bodies, categories, menus, redirects, site_settings
from cms.content.models import Article, Page, State
from cms.editorial import content
from cms.extensions import db
from tests.factories import make_article, make_page, make_picture, make_user
from tests.queries import statements

V, A, E, D = ROLES
PROBLEM = "application/problem+json"
CHINESE = {"Accept-Language": "zh-CN"}


@pytest.fixture
def editor(ctx):
    return make_user(E)


@pytest.fixture
def site(editor, run_jobs):
    """A small site: an article and a page that are live, with all that belongs to them."""
    image = make_picture(owner=editor)
    image.alt_text = "A harbour"
    db.session.commit()
    run_jobs()
    travel = categories.create("Travel")
    asia = categories.create("Asia", parent=travel)
    body = f'<p>Still water.</p><img data-picture="{image.id}" alt="">'
    live = make_article(
        editor,
        title="Harbour",
        body=body,
        cover_id=image.id,
        category_id=asia.id,
        tags=["Sea", "Dawn"],
    )
    content.take(live, "publish", editor)
    translated = articles.create(
        editor, title="港口", body="<p>水</p>", language="zh_Hans_CN", translation_of=live
    )
    content.take(translated, "publish", editor)
    about = make_page(editor, title="About")
    content.take(about, "publish", editor)
    make_page(editor, title="Draft page", parent_id=about.id)
    make_article(editor, title="Draft")
    main = menus.get("main", "en")
    menus.put(main, [{"page_id": about.id, "items": [{"address": "/en/x", "label": "X"}]}])
    site_settings.write(editor, title={"en": "Harbour news"})
    redirects.add("/en/old", "https://example.com/new")
    db.session.commit()
    return {"live": live, "about": about, "image": image, "travel": travel, "main": main}


# What strangers read


def test_strangers_read_what_is_live_and_nothing_else(client, site):
    def get(path):
        answer = client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json

    live, image = site["live"], site["image"]
    assert [it["title"] for it in get("/articles?sort=title")["items"]] == ["Harbour", "港口"]
    assert [it["title"] for it in get("/pages")["items"]] == ["About"]

    told = get(f"/articles/{live.id}?expand=cover,pictures,translations")
    assert told["body"].startswith("<p>Still water.</p>")
    assert (told["address"], told["owner"], told["steps"]) == ("/en/articles/harbour", None, [])
    inner = ("version", "waiting", "publish_at", "expire_at", "zone")
    assert [told[name] for name in inner] == [None] * 5, "that it ends is the editors' to know"
    assert {tag["slug"] for tag in told["tags"]} == {"sea", "dawn"}
    assert told["category"]["address"] == "/en/categories/travel/asia"
    assert [it["address"] for it in told["translations"]] == ["/zh-Hans-CN/articles/港口"]
    assert [it["id"] for it in told["pictures"]] == [image.id]
    assert told["cover"]["alt_text"] == "A harbour"
    assert told["cover"]["sources"][-1]["srcset"].startswith("/media/")
    (first, *_others) = told["cover"]["sources"][-1]["srcset"].split(", ")
    with client.get(first.split(" ")[0]) as file:
        assert file.status_code == 200

    assert [it["path"] for it in get("/categories")["items"]] == ["travel", "travel/asia"]
    assert [it["title"] for it in get("/tags?search=se")["items"]] == ["Sea"]
    (menu,) = get("/menus?name=main")["items"]
    assert get(f"/menus/{menu['id']}")["items"] == [
        {"label": "About", "address": "/en/about",
         "below": [{"label": "X", "address": "/en/x", "below": []}]}
    ]  # fmt: skip
    assert get("/settings")["title"] == {"en": "Harbour news"}
    assert "cover_needed" not in get("/settings")

    draft = db.session.scalars(select(Article).where(Article.title == "Draft")).one()
    for path in (f"/articles/{draft.id}", "/articles/999", "/pages/2147483648"):
        assert client.get(f"/api/v1{path}").status_code == 404
    for path in (f"/articles/{live.id}/revisions", "/redirects", f"/pages/{live.id}/comments"):
        answer = client.get(f"/api/v1{path}")
        assert (answer.status_code, answer.mimetype) == (401, PROBLEM)
    assert client.post("/api/v1/articles", json={"title": "x"}).status_code == 401


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("language=zh_Hans_CN", ["港口"]),
        ("slug=harbour", ["Harbour"]),
        ("tag=sea", ["Harbour"]),
        ("tag=fog", []),
        ("category={travel}", ["Harbour"]),
        ("category=999", []),
        ("search=still", ["Harbour"]),
        ("state=draft", ["Draft"]),
        ("author={author}&state=published&language=en", ["Harbour"]),
        ("author=999", []),
        ("changed_since=2100-01-01T00:00:00Z", []),
        ("published_since=2000-01-01T00:00:00Z&language=en", ["Harbour"]),
        ("published_before=2000-01-01T00:00:00Z", []),
    ],
)
def test_articles_are_found(program, site, query, found):
    asked = query.format(travel=site["travel"].id, author=site["live"].owner_id)
    told = program(E).get(f"/articles?fields=title&{asked}")
    assert [it["title"] for it in told.json["items"]] == found


def test_strangers_ask_for_nobodys_texts_since_they_are_told_no_author(client, site):
    answer = client.get(f"/api/v1/articles?author={site['live'].owner_id}")
    assert answer.status_code == client.get("/api/v1/articles?nobody=1").status_code == 422
    told = client.get("/api/v1/articles?nobody=1").json["errors"]
    assert answer.json["errors"] == [{**told[0], "name": "author"}]


def test_pages_are_found_by_their_place(program, site):
    ask, about = program(E), site["about"]
    for query, found in (
        ("root=true", ["About"]),
        (f"parent={about.id}", ["Draft page"]),
        ("path=about/draft-page", ["Draft page"]),
        ("sort=path", ["About", "Draft page"]),
    ):
        told = ask.get(f"/pages?fields=title&{query}").json["items"]
        assert [it["title"] for it in told] == found, query
    (redirect,) = ask.get("/redirects").json["items"]
    assert (redirect["source"], redirect["target"]) == ("/en/old", "https://example.com/new")


def test_a_list_of_any_length_takes_the_same_few_queries(program, site, editor):
    ask, counts = program(E), []
    path = "/articles?limit=100&expand=body,cover,pictures,translations"
    ask.get(path)  # the first use of a token is noted
    for _more in range(2):
        with statements() as asked:
            assert ask.get(path).status_code == 200
        counts.append(len(asked))
        for number in range(5):
            make_article(
                editor, tags=[f"t{number}"], cover_id=site["image"].id, body=site["live"].body
            )
        db.session.commit()
    assert counts[0] == counts[1]
    assert counts[0] < 20


def test_scripts_of_other_sites_read_only_where_a_setting_says_so(client, site, set_setting):
    def allowed(method="GET", origin="https://www.example.org"):
        answer = client.open("/api/v1/articles", method=method, headers={"Origin": origin})
        return answer.headers.get("Access-Control-Allow-Origin")

    assert allowed() is None
    set_setting(api_origins=("https://www.example.org",))
    assert allowed() == "https://www.example.org"
    assert allowed(origin="https://evil.example") is None
    assert allowed("POST") is None
    set_setting(api_origins=("*",))
    answer = client.get("/api/v1/tags", headers={"Origin": "https://evil.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "origin" in answer.vary.as_set()


# What a program writes


def test_an_article_is_written_reviewed_and_published(program, site):
    author, editor = program(A), program(E)
    begun = author(
        "POST",
        "/articles",
        json={"title": "Fog", "body": '<p onclick="x()">Mist</p>', "tags": ["Sea"]},
    )
    assert begun.status_code == 201, begun.text
    path = begun.headers["Location"].removeprefix("/api/v1")
    assert (begun.json["state"], begun.json["body"]) == ("draft", "<p>Mist</p>")
    assert begun.json["owner"]["email"] == author.user.email
    assert begun.json["steps"] == ["submit"]

    tag = begun.headers["ETag"]
    assert author("PATCH", path, json={"title": "Thick fog"}).status_code == 428
    changed = author("PATCH", path, json={"title": "Thick fog"}, headers={"If-Match": tag})
    assert (changed.json["title"], changed.json["version"]) == ("Thick fog", 2)
    late = editor("PATCH", path, json={"title": "Mine"}, headers={"If-Match": tag})
    assert (late.status_code, late.mimetype) == (412, PROBLEM)
    fresh = author.get(path)
    assert fresh.headers["ETag"] == changed.headers["ETag"]
    again = author.get(path, headers={"If-None-Match": fresh.headers["ETag"]})
    assert again.status_code == 304

    sent = author("POST", f"{path}/steps/submit", json={"comment": "Please read"})
    assert (sent.status_code, sent.json["state"]) == (200, "review")
    assert author("POST", f"{path}/steps/publish", json={}).status_code == 403
    stale = editor("POST", f"{path}/steps/publish", json={"version": 1})
    assert (stale.status_code, stale.mimetype) == (409, PROBLEM)
    answered = editor("POST", f"{path}/comments", json={"comment": "Good"})
    assert answered.status_code == 201
    said = [it["comment"] for it in editor.get(f"{path}/comments").json["items"]]
    assert said == ["Please read", "Good"]

    at = (clock.now() + timedelta(days=2)).replace(tzinfo=None, microsecond=0)
    later = editor("POST", f"{path}/schedule", json={"at": at.isoformat(), "zone": "Asia/Shanghai"})
    assert (later.json["state"], later.json["zone"]) == ("scheduled", "Asia/Shanghai")
    live = editor("POST", f"{path}/steps/publish", json={"version": 2})
    assert (live.status_code, live.json["state"]) == (200, "published")
    assert editor("POST", f"{path}/steps/submit", json={}).status_code == 409

    numbers = [it["number"] for it in editor.get(f"{path}/revisions").json["items"]]
    assert numbers == [2, 1]
    first = editor.get(f"{path}/revisions/1").json
    assert first["content"]["title"] == "Fog"
    back = editor("POST", f"{path}/revisions/1/restore")
    assert (back.json["title"], back.json["waiting"]) == ("Thick fog", 3)
    assert editor.get(f"{path}/revisions/9").status_code == 404

    actions = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.thing_kind == "article")
    ).all()
    assert {"create", "edit", "submit", "schedule", "publish"} <= set(actions)
    assert editor("DELETE", path).status_code == 204
    assert editor.get(path).status_code == 404


def test_changes_to_what_is_live_wait_until_they_are_published(program, client):
    author, editor = program(A), program(E)
    article = make_article(author.user, title="Own")
    content.take(article, "publish", editor.user)
    db.session.commit()
    path = f"/articles/{article.id}"
    mist = {"json": {"title": "Mist"}, "headers": {"If-Match": "*"}}
    assert author("PATCH", path, **mist).status_code == 403
    assert author("PATCH", f"{path}/changes", **mist).json["waiting"] == 2
    any_state = {"If-Match": "*"}
    past = editor("PATCH", path, json={"title": "x"}, headers=any_state)
    assert (past.status_code, past.mimetype) == (409, PROBLEM)
    more = author("PATCH", f"{path}/changes", json={"summary": "Grey"}, headers=any_state)
    assert (more.status_code, more.json["title"]) == (200, "Own")
    waits = editor.get(f"{path}/changes").json["content"]
    assert (waits["title"], waits["summary"]) == ("Mist", "Grey")
    assert client.get(f"/api/v1{path}").json["waiting"] is None
    assert author("POST", f"{path}/changes/publish").status_code == 403
    seen = editor("POST", f"{path}/changes/publish")
    assert (seen.json["title"], seen.json["waiting"]) == ("Mist", None)
    assert editor("DELETE", f"{path}/changes").status_code == 409
    assert editor.get(f"{path}/changes").status_code == 404


def test_a_text_may_be_as_long_as_the_longest_and_nothing_else(program, site):
    path, any_state = f"/articles/{site['live'].id}", {"If-Match": "*"}
    body = f"<p>{'海' * (bodies.LONGEST - len('<p></p>'))}</p>"  # 6 MB, as `json` writes it
    ask = program(E)
    assert (
        ask("PATCH", f"{path}/changes", headers=any_state, json={"body": body}).status_code == 200
    )
    begun = ask("POST", "/articles", json={"title": "Sea", "body": body})
    assert (begun.status_code, begun.json["body"]) == (201, body)
    begun = ask("POST", "/pages", json={"title": "Sea", "body": body})
    assert (begun.status_code, begun.json["body"]) == (201, body)

    too_much = {"body": "x" * 16_000_000}
    assert ask("PATCH", path, headers=any_state, json=too_much).status_code == 413
    assert ask("POST", f"{path}/comments", json={"comment": body}).status_code == 413
    unread = program(V)("PATCH", path, headers=any_state, json=too_much)
    assert unread.status_code == 403, "who may not write is told so, whatever is sent"


def test_what_is_wrong_is_told_at_its_field_in_the_language_of_who_asks(program, site):
    ask = program(E)

    def errors(method, path, sent, **headers):
        answer = ask(method, path, json=sent, headers={**CHINESE, **headers})
        assert (answer.status_code, answer.mimetype) == (422, PROBLEM), answer.text
        assert all(re.search(r"[\u4e00-\u9fff]", it["detail"]) for it in answer.json["errors"])
        return {it["name"] for it in answer.json["errors"]}

    assert errors("POST", "/articles", {"titel": 1}) == {"title", "titel"}
    assert errors("POST", "/articles", {"title": 7, "tags": "x"}) == {"title", "tags"}
    assert errors("POST", "/articles", {"title": None, "cover_id": "x"}) == {"title", "cover_id"}
    assert errors("POST", "/articles", {"title": "x", "cover_id": 999}) == {"cover_id"}
    assert errors("POST", "/articles", {"title": "x", "category_id": 999}) == {"category_id"}
    other = {"title": "x", "language": "zh_Hans_CN", "translation_of": site["live"].id}
    assert errors("POST", "/articles", other) == {"language"}
    assert errors("POST", "/articles", {**other, "translation_of": 999}) == {"translation_of"}
    assert errors("POST", "/pages", {"title": "x", "parent_id": 999}) == {"parent_id"}
    about = f"/pages/{site['about'].id}"
    loop = {"parent_id": site["about"].id}
    assert errors("PATCH", about, loop, **{"If-Match": "*"}) == {"parent_id"}

    empty = ask("POST", "/articles", json={"title": "Empty"}).headers["Location"]
    path = empty.removeprefix("/api/v1")
    times = {"at": "2000-01-01T00:00:00", "zone": "UTC"}
    assert errors("POST", f"{path}/schedule", times) == {"body"}
    assert errors("POST", f"{path}/schedule", {"at": "x", "zone": 1}) == {"at", "zone"}
    assert errors("POST", f"{path}/schedule", {**times, "zone": "Moon"}) == {"zone"}
    site_settings.write(None, cover_needed=True)
    db.session.commit()
    assert errors("POST", f"{path}/steps/publish", {}) == {"body", "cover_id"}
    answer = ask("DELETE", about, headers=CHINESE)
    assert (answer.status_code, answer.mimetype) == (409, PROBLEM)
    assert ask("POST", f"{path}/steps/fly", json={}).status_code == 404


@pytest.mark.case(32)
def test_each_sees_and_does_what_the_policy_says(program, site):
    author, viewer, editor = program(A), program(V), program(E)
    own = author("POST", "/articles", json={"title": "Own"}).json["id"]
    theirs = editor("POST", "/articles", json={"title": "Theirs"}).json["id"]
    live = site["live"].id
    change = {"json": {"title": "x"}, "headers": {"If-Match": "*"}}
    for ask, thing, seen, edit, history in (
        (viewer, live, 200, 403, 403),
        (viewer, own, 404, 403, 403),
        (author, live, 200, 403, 403),
        (author, own, 200, 200, 200),
        (author, theirs, 404, 404, 404),
        (editor, own, 200, 200, 200),
    ):
        path = f"/articles/{thing}"
        codes = (
            ask.get(path).status_code,
            ask("PATCH", path, **change).status_code,
            ask.get(f"{path}/revisions").status_code,
        )
        assert codes == (seen, edit, history), (ask.user.email, thing)
    assert viewer("POST", "/pages", json={"title": "x"}).status_code == 403
    assert author.get("/redirects").status_code == 403
    assert {it["title"] for it in author.get("/articles?language=en").json["items"]} == {
        "Harbour", "x"
    }  # fmt: skip

    narrow = program(E, scopes=["content:read", "content:write"])
    answer = narrow("POST", f"/articles/{live}/steps/unpublish", json={})
    assert answer.status_code == 403
    assert "content:publish" in answer.json["detail"]
    assert program(E, scopes=["pictures:read"]).get("/articles").status_code == 403
    assert db.session.get_one(Article, live).state is State.PUBLISHED


def test_a_page_moves_and_leaves_a_redirect(program, site):
    ask, about = program(E), site["about"]
    moved = ask("PATCH", f"/pages/{about.id}", json={"slug": "us"}, headers={"If-Match": "*"})
    assert (moved.status_code, moved.json["path"]) == (200, "us")
    below = db.session.scalars(select(Page).where(Page.title == "Draft page")).one()
    assert ask.get(f"/pages/{below.id}?fields=path").json == {"path": "us/draft-page"}
    told = ask.get("/redirects?search=about").json["items"]
    assert [(it["source"], it["target"]) for it in told] == [("/en/about", "/en/us")]
