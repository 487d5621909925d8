"""The screens of articles and pages: who sees what, what is saved, and what is refused where."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from cms import clock
from cms.accounts.policy import ROLES
from cms.admin import choices
from cms.content import revisions, waiting, writing
from cms.content.models import Article, Page, ReviewComment, State
from cms.editorial import content
from cms.extensions import db
from cms.media.models import ImageStatus
from tests.factories import make_article, make_page, make_picture, make_user


@pytest.fixture
def become(client, log_in):
    """Log in with another account, of a role."""

    def go(role):
        client.post("/logout")
        return log_in(role)

    return go


@pytest.fixture
def article(ctx):
    """A draft of an author who is not logged in."""
    made = make_article(title="Harbour", body="<p>The water is still.</p>")
    db.session.commit()
    return made


def form_of(client, thing):
    """What the form of a text remembers when its page is opened."""
    text = client.get(f"/admin/{thing.kind}/edit/?id={thing.id}").text
    return dict(re.findall(r'name="(_seen|_seen_fields)" value="([^"]*)"', text))


def save(client, thing, seen=None, **fields):
    seen = seen or form_of(client, thing)
    answer = client.post(f"/admin/{thing.kind}/edit/?id={thing.id}", data={**seen, **fields})
    db.session.expire_all()
    return answer


def autosave(client, thing, seen, **fields):
    data = {**seen, "id": thing.id, **fields}
    answer = client.post(f"/admin/{thing.kind}/autosave", data=data)
    db.session.expire_all()
    return answer


def publish(thing):
    content.take(thing, "publish", make_user("editor"))
    db.session.commit()


def row_names(client, address):
    return re.findall(r'data-name="([^"]*)"', client.get(address).text)


# Who may ask for what

V, A, E, D = ROLES
ALL = dict.fromkeys(ROLES, 200)
AUTHORS = {V: 403, A: 200, E: 200, D: 200}
NOT_THERE = dict.fromkeys(ROLES, 404)
OTHERS = {V: 403, A: 404, E: 200, D: 200}  # an author sees nothing of another's draft
EDITORS = {V: 403, A: 403, E: 200, D: 200}

PAGES = {
    "": ALL,
    "new/": AUTHORS,
    "edit/?id={draft}": OTHERS,
    "edit/?id={live}": EDITORS,
    "edit/?id={mine}": AUTHORS,
    "details/?id={draft}": {V: 404, A: 404, E: 200, D: 200},
    "details/?id={live}": ALL,
    "revisions?id={draft}": OTHERS,
    "revisions?id={live}": EDITORS,
    "lacks?id={draft}": OTHERS,
    "pictures": ALL,
    "links?query=x": AUTHORS,
    "embed?address=https://vimeo.com/123456": AUTHORS,
    "tags?language=en&query=x": AUTHORS,
    "choices/?name=owner_of": ALL,
    "choices/?name=x": NOT_THERE,
    "ajax/lookup/?name=x": {V: 403, A: 404, E: 404, D: 404},
    "export/csv/": NOT_THERE,
    "trash/": EDITORS,
    "trash/details/?id={draft}": NOT_THERE,
    "trash/edit/?id={draft}": NOT_THERE,
    "trash/new/": NOT_THERE,
    "trash/export/csv/": NOT_THERE,
    "trash/choices/?name=x": {V: 403, A: 404, E: 404, D: 404},
    "trash/ajax/lookup/?name=x": {V: 403, A: 404, E: 404, D: 404},
}
DONE = {V: 403, A: 404, E: 302, D: 302}
DONE_TO_LIVE = {V: 403, A: 403, E: 302, D: 302}
ACTS = [
    ("autosave", {"id": "{draft}", "title": "x"}, {V: 403, A: 404, E: 409, D: 409}),
    ("autosave", {"id": "{live}", "title": "x"}, {V: 403, A: 403, E: 409, D: 409}),
    ("restore", {"id": "{draft}", "number": "1"}, DONE),
    ("restore", {"id": "{live}", "number": "1"}, DONE_TO_LIVE),
    ("translate", {"id": "{draft}", "language": "zh_Hans_CN"}, DONE),
    ("ajax/update/", {"id": "{draft}"}, {V: 403, A: 404, E: 404, D: 404}),
    ("action/", {"action": "delete", "rowid": "{live}"}, {V: 403, A: 302, E: 302, D: 302}),
    ("delete/", {"id": "{draft}"}, DONE),
    ("trash/restore", {"id": "{draft}"}, DONE_TO_LIVE),
    ("trash/purge", {"id": "{draft}"}, {V: 403, A: 403, E: 403, D: 302}),
    ("trash/empty", {}, {V: 403, A: 403, E: 403, D: 302}),
    ("trash/action/", {"action": "restore", "rowid": "{draft}"}, DONE_TO_LIVE),
    ("trash/delete/", {"id": "{draft}"}, NOT_THERE),
    ("trash/ajax/update/", {"id": "{draft}"}, NOT_THERE),
]
ADDRESSES = {
    f"/admin/{kind}/{path.partition('?')[0]}"
    for kind in ("article", "page")
    for path in [*PAGES, *(path for path, *_ in ACTS)]
} | {"/admin/page/move"}


@pytest.mark.case(32)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_and_does_what_the_policy_says(client, log_in, role):
    me = log_in(role)
    opened, done = {}, []
    for kind, make in (("article", make_article), ("page", make_page)):
        draft, live, mine = make(), make(), make(me)
        publish(live)
        ids = {"draft": draft.id, "live": live.id, "mine": mine.id}
        for path in PAGES:
            with client.get(f"/admin/{kind}/{path.format(**ids)}") as answer:
                opened[kind, path] = answer.status_code
        for path, form, codes in ACTS:
            data = {name: value.format(**ids) for name, value in form.items()}
            code = client.post(f"/admin/{kind}/{path}", data=data).status_code
            if code != codes[role]:
                done.append((kind, path, form, code))
    assert opened == {(kind, path): PAGES[path][role] for kind, path in opened}
    assert done == []
    live = db.session.query(Page).filter_by(id=live.id).one_or_none()
    assert (live is None) == (role in (E, D))


# The lists


def test_everybody_sees_the_rows_that_they_may(client, become, article):
    publish(make_article(title="Live"))
    mine = become("author")
    make_article(mine, title="Mine")
    db.session.commit()
    assert row_names(client, "/admin/article/") == ["Mine", "Live"]
    assert client.get(f"/admin/article/edit/?id={article.id}").status_code == 404
    live = db.session.query(Article).filter_by(title="Live").one()
    assert client.get(f"/admin/article/edit/?id={live.id}").status_code == 403
    read = client.get(f"/admin/article/details/?id={live.id}").text
    assert "Some words." in read
    for path in ("revisions", "lacks"):
        assert client.get(f"/admin/article/{path}?id={article.id}").status_code == 404
        assert client.get(f"/admin/article/{path}?id={live.id}").status_code == 403
    become("viewer")
    assert row_names(client, "/admin/article/") == ["Live"]
    become("editor")
    assert row_names(client, "/admin/article/") == ["Mine", "Live", "Harbour"]


def test_the_list_is_searched_and_parted(client, log_in, article):
    log_in("editor")
    publish(make_article(title="Lighthouse", category_id=None, tags=["tower"]))
    make_article(title="灯塔", language="zh_Hans_CN")
    db.session.commit()
    for query, names in (
        ("tab=draft", ["灯塔", "Harbour"]),
        ("tab=published", ["Lighthouse"]),
        ("search=water", ["Harbour"]),
        ("flt0_language_is=zh_Hans_CN", ["灯塔"]),
        (f"flt0_owner_of={article.owner_id}", ["Harbour"]),
    ):
        assert row_names(client, f"/admin/article/?{query}") == names, query


def test_a_text_goes_to_the_trash_and_comes_back(client, log_in, article):
    log_in("editor")
    client.post("/admin/article/delete/", data={"id": article.id})
    assert row_names(client, "/admin/article/") == []
    assert row_names(client, "/admin/article/trash/") == ["Harbour"]
    client.post("/admin/article/trash/restore", data={"id": article.id})
    assert row_names(client, "/admin/article/") == ["Harbour"]


# Writing


def test_one_begins_with_a_title_and_writes_on(client, log_in):
    log_in("author")
    answer = client.post("/admin/article/new/", data={"title": " ", "language": "en"})
    assert answer.status_code == 422
    assert "Give it a title." in answer.text
    client.post("/admin/article/new/", data={"title": "Port", "language": "zh_Hans_CN"})
    article = db.session.query(Article).one()
    assert (article.title, article.language, article.slug) == ("Port", "zh_Hans_CN", "port")

    cover = make_picture()
    db.session.commit()
    answer = save(
        client, article, title="Harbour", slug="", body="<p>Calm<script>x</script></p>",
        summary="A bay", tags="sea，wind, sea", cover=cover.id, seo_title="Bay",
        language="en", owner_id="1", state="published", version="9",
    )  # fmt: skip
    assert answer.location.endswith(f"/admin/article/edit/?id={article.id}")
    assert (article.title, article.slug, article.body) == ("Harbour", "harbour", "<p>Calm</p>")
    assert ([tag.title for tag in article.tags], article.cover_id) == (["sea", "wind"], cover.id)
    assert (article.language, article.state) == ("zh_Hans_CN", State.DRAFT)  # fields of no form


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"title": ""}, "title", "Give it a title."),
        ({"slug": "a b"}, "slug", "a-b"),
        ({"slug": "taken"}, "slug", "“taken-2” is free."),
        ({"category": "99"}, "category", "There is no such category in this language."),
        ({"cover": "99"}, "cover", "This picture is not in the library any more."),
        ({"summary": "x" * 2001}, "summary", "2000 signs"),
        ({"_do": "step:submit", "body": ""}, "body", "There is nothing to read yet"),
        ({"_do": "step:schedule"}, "publish_at", "Say when it is to be published."),
        ({"_do": "step:schedule", "publish_at": "soon"}, "publish_at", "Say when"),
        ({"_do": "step:schedule", "publish_at": "2001-01-01T10:00"}, "publish_at", "has passed"),
        ({"_do": "step:schedule", "publish_at": "2099-01-01T10:00", "zone": "Mars"}, "zone",
         "no time zone “Mars”"),
        ({"_do": "comment"}, "comment", "Say something."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    client, log_in, article, given, field, words
):
    log_in("editor")
    make_article(title="Taken")
    db.session.commit()
    answer = save(client, article, **{"title": "Typed", "body": "<p>Long typed.</p>", **given})
    assert answer.status_code == 422
    told = re.search(
        f'class="field-error"( id="{field}-error")?>(.*?)</ul>', answer.text, re.DOTALL
    )
    assert words in told[2]
    assert "Typed" in answer.text or "title" in given
    assert (article.title, article.state) == ("Harbour", State.DRAFT)


def test_a_long_text_is_saved_and_one_too_long_is_told_and_not_lost(client, log_in, article):
    log_in("editor")
    seen = form_of(client, article)
    long = "<p>" + "海" * 250_000 + "</p>"  # over 2 MB as a form sends it
    assert save(client, article, seen, title="Harbour", body=long).status_code == 302
    assert article.body == long
    seen = form_of(client, article)
    longer = f"<p>{'a' * 2_500_000}</p>"
    answer = save(client, article, seen, title="Harbour", body=longer)
    assert answer.status_code == 422
    assert "This is longer than the 1000000 signs that have room here." in answer.text
    assert "a" * 2_500_000 in answer.text
    answer = autosave(client, article, seen, title="Harbour", body=longer)
    assert (answer.status_code, answer.json["field"]) == (422, "body")
    assert article.body == long

    # What is larger than all of it could be is not read, and told all the same.
    answer = client.post(
        "/admin/article/autosave",
        data=b"title=" + b"x" * 16_000_000,
        content_type="application/x-www-form-urlencoded",
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 413
    assert answer.json["error"] == "This is larger than 16 MB, the most that is accepted at once."


def test_an_address_to_embed_is_looked_at(client, log_in, article, set_setting):
    log_in("editor")
    set_setting(embeds=("vimeo", "bilibili"))
    assert "Of Vimeo, 哔哩哔哩." in client.get(f"/admin/article/edit/?id={article.id}").text
    ask = "/admin/article/embed?address="
    assert client.get(f"{ask}https://vimeo.com/123456").json == {"name": "Vimeo"}
    refused = client.get(f"{ask}https://youtu.be/dQw4w9WgXcQ")
    assert "of a video or a map of Vimeo, 哔哩哔哩, as the browser" in refused.json["error"]


def test_without_a_token_nothing_happens(client, log_in, article):
    log_in("editor")
    for path in ("edit/", "autosave", "restore", "translate"):
        data = {"title": "Forged", "id": article.id, "csrf_token": "forged"}
        answer = client.post(f"/admin/article/{path}?id={article.id}", data=data)
        assert answer.status_code == 400, path
    for path in ("autosave", "restore", "translate"):
        assert client.get(f"/admin/article/{path}?id={article.id}").status_code == 405
    db.session.expire_all()
    assert article.title == "Harbour"


@pytest.mark.case(39)
def test_the_second_of_two_compares_and_chooses(client, log_in, article):
    log_in("editor")
    seen = form_of(client, article)
    content.save(article, article.owner, title="Port", body="<p>The water is rough.</p>")
    db.session.commit()
    mine = {"title": "Bay", "body": "<p>The water is still.</p>", "summary": "Mine"}
    answer = save(client, article, seen, **mine)
    assert answer.status_code == 422
    sides = re.findall(r"<(del|ins)>.*?</span>(.*?)</", answer.text)
    assert sides == [("del", "Port"), ("ins", "Bay"), ("del", "rough"), ("ins", "still")]
    assert article.owner.email in answer.text
    again = dict(re.findall(r'name="(_seen|_seen_fields)" value="([^"]*)"', answer.text))
    answer = save(client, article, again, **mine, **{"_choice-body": "theirs"})
    assert answer.status_code == 302
    assert (article.title, article.body) == ("Bay", "<p>The water is rough.</p>")
    assert article.summary == "Mine"


@pytest.mark.case(39)
def test_what_somebody_saves_just_before_the_lock_is_a_conflict_too(
    client, log_in, article, monkeypatch
):
    log_in("editor")
    seen, hold = form_of(client, article), writing.hold

    def late(thing, version=None):
        db.session.execute(update(Article).values(title="Port", version=Article.version + 1))
        return hold(thing, version)

    monkeypatch.setattr(writing, "hold", late)
    assert "Somebody else saved this in the meantime" in save(client, article, seen, title="B").text
    assert autosave(client, article, seen, title="B").status_code == 422


def test_what_is_typed_is_saved_by_the_way(client, log_in, article):
    log_in("editor")
    seen = form_of(client, article)
    for title in ("H", "Ha", "Har"):
        answer = autosave(client, article, seen, title=title)
        assert answer.status_code == 200
        seen = {"_seen": answer.json["seen"], "_seen_fields": answer.json["fields"]}
    assert (article.title, len(revisions.of(article, 9))) == ("Har", 2)
    assert seen == form_of(client, article)
    assert autosave(client, article, seen, title="").json["field"] == "title"
    refused = autosave(client, article, seen, title="Har\x00bour")  # as the button would
    assert (refused.status_code, refused.json) == (
        422, {"field": "title", "error": "This holds a character that cannot be saved."}
    )  # fmt: skip
    content.save(article, article.owner, title="Theirs")
    db.session.commit()
    assert autosave(client, article, seen, title="Mine").status_code == 409
    assert article.title == "Theirs"
    content.take(article, "submit", article.owner)
    db.session.commit()
    assert autosave(client, article, form_of(client, article), title="x").status_code == 403


@pytest.mark.parametrize("live", [False, True])
def test_what_was_saved_and_comes_again_is_no_conflict(client, log_in, article, live):
    log_in("editor")
    if live:
        publish(article)
    seen = form_of(client, article)  # in two tabs
    typed = {"title": " Port ", "slug": "", "body": "<p>Calm <b>sea</b></p><script>x</script>",
             "tags": "wind, sea"}  # fmt: skip
    assert autosave(client, article, seen, **typed).status_code == 200  # and nobody hears it
    kept = article.version, len(revisions.of(article, 9))
    again = autosave(client, article, seen, **typed)
    assert again.status_code == 200
    assert (article.version, len(revisions.of(article, 9))) == kept
    assert {"_seen": again.json["seen"], "_seen_fields": again.json["fields"]} == form_of(
        client, article
    )
    assert autosave(client, article, seen, **typed, summary="In the other tab").status_code == 409
    assert (article.version, waiting.newest(article)["summary"]) == (kept[0], "")
    seen = {"_seen": again.json["seen"]}
    assert autosave(client, article, seen, **typed, summary="Written on").status_code == 200
    assert autosave(client, article, seen, **typed, summary="").status_code == 409
    assert waiting.newest(article)["summary"] == "Written on"


def test_pictures_are_found_and_told(client, log_in, run_jobs, article):
    log_in("author")
    first, second = make_picture(filename="boat.jpg"), make_picture(filename="tower.jpg")
    second.status = ImageStatus.FAILED
    db.session.commit()
    found = client.get("/admin/article/pictures?query=boat").json["pictures"]
    assert [(one["id"], one["words"], one["moving"]) for one in found] == [
        (first.id, "Waiting", True)
    ]
    found = client.get(f"/admin/article/pictures?ids={first.id},{second.id},999,x").json
    assert [one["failed"] for one in found["pictures"]] == [True, False]
    older = client.get(f"/admin/article/pictures?before={second.id}").json["pictures"]
    assert [one["id"] for one in older] == [first.id]
    links = client.get("/admin/article/links?query=Harbour").json["links"]
    assert links == []  # another's draft
    publish(article)
    (link,) = client.get("/admin/article/links?query=Harbour").json["links"]
    assert link["address"] == "/en/articles/harbour"


# Its life


def test_an_article_goes_from_the_author_over_the_editor_to_the_public(client, become, moment):
    author = become("author")
    article = make_article(author)
    db.session.commit()
    page = client.get(f"/admin/article/edit/?id={article.id}").text
    assert re.findall(r'value="step:(\w+)"', page) == ["submit"]
    save(client, article, title="Harbour", _do="step:submit", comment="Is this enough?")
    assert (article.state, article.title) == (State.REVIEW, "Harbour")
    answer = save(client, article, title="Too late", _do="step:withdraw")
    assert (answer.status_code, article.state, article.title) == (302, State.DRAFT, "Harbour")
    save(client, article, _do="step:submit")
    assert save(client, article, _do="step:publish").status_code == 422
    assert save(client, article, _do="step:nonsense").status_code == 400
    assert save(client, article, _do="nonsense").status_code == 400

    become("editor")
    save(client, article, _do="comment", comment="A picture would help.")
    said = [comment.words for comment in db.session.query(ReviewComment)]
    assert said == ["Is this enough?", "A picture would help."]
    with clock.stopped_at(moment):
        answer = save(client, article, _do="step:schedule", publish_at="2026-03-01T20:02",
                      zone="Asia/Shanghai", expire_at="2026-03-02T20:00")  # fmt: skip
        assert answer.status_code == 302
        assert article.publish_at == moment + timedelta(minutes=2)
        page = client.get(f"/admin/article/edit/?id={article.id}").text
        assert 'value="2026-03-01T20:02"' in page
    other = make_user("author")
    db.session.commit()
    save(client, article, _do="hand-over", owner=other.id)
    assert article.owner_id == other.id


def test_whose_a_text_is_can_be_chosen_among_any_number(client, become, article):
    become("editor")
    article.owner.email = "zoe@example.com"
    for number in range(choices.MOST_AT_ONCE):
        make_user("author", f"a{number:02}@example.com")
    last, viewer = make_user("author", "zz@example.com"), make_user("viewer", "zy@example.com")
    db.session.commit()
    page = client.get(f"/admin/article/edit/?id={article.id}").text
    assert f'<option selected value="{article.owner_id}">zoe@example.com</option>' in page
    assert 'data-lookup="/admin/article/choices/?name=owner"' in page
    look_up = "/admin/article/choices/?name=owner&query="
    assert client.get(f"{look_up}zz").json["options"] == [
        {"value": str(last.id), "words": "zz@example.com"}
    ]
    assert client.get(f"{look_up}{viewer.email}").json["options"] == []
    # What was chosen stays chosen where the page comes back.
    refused = save(client, article, _do="hand-over", owner=last.id, title="").text
    assert f'<option selected value="{last.id}">zz@example.com</option>' in refused
    save(client, article, _do="hand-over", owner=last.id)
    assert article.owner_id == last.id
    become("author")
    assert client.get(f"{look_up}zz").status_code == 403


def test_what_is_live_changes_when_an_editor_says_so(client, become):
    author = become("author")
    article = make_article(author, title="Harbour")
    publish(article)
    save(client, article, title="Port", _do="save")
    assert (article.title, waiting.newest(article)["title"]) == ("Harbour", "Port")
    page = client.get(f"/admin/article/edit/?id={article.id}").text
    assert 'value="Port"' in page
    assert "publish-changes" not in page
    preview = client.get(re.search(r'href="(/preview/[^"]+)"', page)[1]).text
    assert "Port" in preview
    assert "Port" not in client.get("/en/articles/harbour").text
    assert save(client, article, _do="publish-changes").status_code == 422
    assert article.title == "Harbour"

    become("editor")
    assert row_names(client, "/admin/article/?tab=waiting") == ["Harbour"]
    save(client, article, summary="By the editor", _do="publish-changes")
    assert (article.title, article.summary, article.waiting) == ("Port", "By the editor", None)
    save(client, article, title="Not this", _do="save")
    save(client, article, title="", _do="discard")
    assert (article.title, article.waiting) == ("Port", None)


def test_who_may_not_write_in_a_state_reads(client, log_in):
    author = log_in("author")
    article = make_article(author, title="Harbour")
    content.take(article, "submit", author)
    db.session.commit()
    page = client.get(f"/admin/article/edit/?id={article.id}").text
    assert "In this state you can read it, but not change it." in page
    assert re.search(r'<input [^>]*name="title"[^>]*readonly', page) or "readonly" in page
    save(client, article, title="Changed")
    assert article.title == "Harbour"


def test_of_a_translation_that_one_may_not_see_it_is_said_that_there_is_one(client, log_in):
    author = log_in("author")
    article = make_article(author)
    make_article(title="还没有公开", language="zh_Hans_CN", translation_of=article)
    db.session.commit()
    page = client.get(f"/admin/article/edit/?id={article.id}").text
    assert "There is one that you may not see." in page
    assert "还没有公开" not in page
    assert 'name="language" value="zh_Hans_CN"' not in page


def test_a_translation_is_begun_with_one_press(client, log_in, article):
    log_in("editor")
    data = {"id": article.id, "language": "zh_Hans_CN"}
    client.post("/admin/article/translate", data=data)
    other = db.session.query(Article).filter_by(language="zh_Hans_CN").one()
    assert (other.title, other.translation_group) == ("Harbour", article.translation_group)
    assert other.title in client.get(f"/admin/article/edit/?id={article.id}").text
    answer = client.post("/admin/article/translate", data=data, follow_redirects=True)
    assert "There is a translation into that language already." in answer.text


def test_revisions_are_compared_and_restored(client, log_in, run_jobs, article):
    log_in("editor")
    picture = make_picture(filename="boat.jpg")
    db.session.commit()
    run_jobs()
    body = f'<p>The water is rough.</p><img data-picture="{picture.id}" alt="A boat">'
    save(client, article, body=body, cover=picture.id)
    page = client.get(f"/admin/article/revisions?id={article.id}").text
    assert re.findall(r"<(del|ins)>.*?</span>(.*?)</", page) == [("del", "still"), ("ins", "rough")]
    assert page.count("Picture added") == 2
    assert "/media/" in page
    assert (
        client.get(f"/admin/article/revisions?id={article.id}&earlier=2&later=1").status_code == 200
    )
    answer = client.post("/admin/article/restore", data={"id": article.id, "number": "1"})
    db.session.expire_all()
    assert answer.status_code == 302
    assert article.body == "<p>The water is still.</p>"
    for number in ("99", "x", ""):
        answer = client.post("/admin/article/restore", data={"id": article.id, "number": number})
        assert answer.status_code in (302, 404)


# Pages


def order(client):
    return row_names(client, "/admin/page/")


@pytest.fixture
def move(client):
    """Move a page as the list does: `to` a place, or between the rows `above` and `below`."""

    def go(page, **where):
        data = {"id": page.id, "seen": page.position, **where}
        answer = client.post("/admin/page/move", data=data, headers={"Accept": "application/json"})
        db.session.expire_all()
        return answer

    return go


def test_pages_are_moved_in_their_tree(client, log_in, move):
    log_in("editor")
    about, contact, team = (make_page(title=title) for title in ("About", "Contact", "Team"))
    make_page(title="关于", language="zh_Hans_CN")
    db.session.commit()
    assert order(client) == ["About", "Contact", "Team", "关于"]

    assert move(team, above=about.id, below=contact.id).json["again"] is True
    assert order(client) == ["About", "Team", "Contact", "关于"]
    save(client, team, parent=about.id)
    assert (team.path, order(client)) == ("about/team", ["About", "Team", "Contact", "关于"])
    move(contact, above=about.id, below=team.id)  # between a page and what is below it
    assert contact.path == "about/contact"
    move(contact, to="bottom")
    assert order(client) == ["About", "Team", "Contact", "关于"]
    assert move(about, above=team.id).status_code == 422  # below itself
    assert move(contact, seen="99", to="top").status_code == 409
    answer = client.post("/admin/page/new/", data={"title": "Map", "parent": about.id})
    assert answer.status_code == 302
    assert db.session.query(Page).filter_by(title="Map").one().path == "about/map"


@pytest.mark.parametrize("hidden", ["in the trash", "of others"])
def test_a_page_lands_where_it_was_seen_to_go_past_what_is_not_seen(client, log_in, move, hidden):
    me = log_in("author" if hidden == "of others" else "editor")
    pages = {}
    for title in ("x", "A", "y", "B", "C", "z"):
        mine = title.isupper()
        pages[title] = make_page(me if mine else make_user("editor"), title=title)
        if hidden == "in the trash" and not mine:
            content.delete(pages[title], me)
    db.session.commit()
    a, b, c = (pages[title] for title in "ABC")

    def moved(page, **where):
        assert move(page, **where).status_code == 200
        return "".join(order(client))

    assert order(client) == ["A", "B", "C"]
    assert moved(a, to="down") == "BAC"
    assert moved(a, to="up") == "ABC"
    assert moved(a, to="up") == "ABC"  # there is no further up
    assert moved(c, to="place", place="2") == "ACB"
    assert moved(a, to="place", place="2") == "CAB"
    assert moved(c, to="bottom") == "ABC"
    assert moved(c, to="top") == "CAB"
    assert moved(c, above=a.id, below=b.id) == "ACB"
    assert moved(a, above=b.id) == "CBA"
    assert moved(a, below=c.id) == "ACB"
    assert moved(b, above=a.id, below=c.id) == "ABC"
