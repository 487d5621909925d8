"""Links in what is live: found once a week, looked at, dead only after several tries."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from cms import clock
from cms.content import links, menus, redirects
from cms.content.links import Link, LinkState, LinkUse
from cms.editorial import content, documents
from cms.extensions import db
from cms.jobs.models import Job
from cms.notifications.models import AdminNotification, NotificationState
from cms.tasks import huey
from cms.tasks.links import check_links, find_links, look_for_due_links
from tests import receivers
from tests.factories import make_article, make_page, make_upload, make_user
from tests.queries import statements

DAY = timedelta(days=1)


@pytest.fixture
def editor(ctx):
    return make_user("editor")


@pytest.fixture
def other(set_setting):
    """Another site, on this machine, that links may lead to."""
    with receivers.http_receiver() as receiver:
        set_setting(
            webhook_allow=(f"127.0.0.1:{receiver.port}",),
            link_pause=0,
            site_url="https://cms.example.org",
        )
        yield receiver


def make_document(name, *, private=False):
    upload = make_upload(name.encode(), name)
    ((document, _job),) = documents.upload([upload], make_user("editor"), private=private).taken
    return document.id


def live(make, by, *hrefs, **fields):
    body = "<p>Words.</p>" + "".join(f'<p><a href="{href}">there</a></p>' for href in hrefs)
    made = make(by, body=body, **fields)
    content.take(made, "publish", by)
    db.session.commit()
    return made


@pytest.fixture
def look(run_jobs):
    """Find all links and look at each, as a worker does in a week; what became of them."""

    def go(*, again=True):
        if again:
            find_links.submit()
            db.session.commit()
            run_jobs()
        look_for_due_links(huey)
        run_jobs()
        return told()

    return go


def told():
    db.session.expire_all()
    return {link.url: link.state.value for link in db.session.scalars(select(Link))}


def test_links_to_this_site_are_looked_up(ctx, editor, other, look):
    about = live(make_page, editor, title="About")
    gone = live(make_page, editor, title="Gone")
    draft = make_page(editor, title="Draft", parent_id=about.id)
    redirects.add("/en/old", "/en/about")
    paper, secret = make_document("plan.txt"), make_document("secret.txt", private=True)
    db.session.commit()
    live(
        make_article,
        editor,
        f"/document/{paper}/plan.txt", f"/document/{secret}/x.txt", "/document/999/x.txt",
        "/en/about", "https://cms.example.org/en/gone?x=1#top", "/en/about/draft", "/en/old",
        "/en/nowhere", "/media/x.jpg", "/", "mailto:a@example.org", "#top", "../articles/harbour",
        title="Harbour",
    )  # fmt: skip
    assert look() == {
        f"/document/{paper}/plan.txt": "good",
        f"/document/{secret}/x.txt": "dead",
        "/document/999/x.txt": "dead",
        "/en/about": "good",
        "/en/gone?x=1": "good",
        "/en/about/draft": "dead",
        "/en/old": "good",
        "/en/nowhere": "dead",
        "/media/x.jpg": "good",
        "/": "good",
        "/en/articles/harbour": "good",
    }
    content.take(gone, "unpublish", editor)
    content.take(draft, "publish", editor)
    db.session.commit()
    found = look()
    assert (found["/en/gone?x=1"], found["/en/about/draft"]) == ("dead", "good")
    assert other.calls == []


def test_another_site_has_bad_days_before_a_link_is_dead(ctx, editor, other, look, moment):
    make_user("administrator")
    page = f"http://127.0.0.1:{other.port}/page"
    article = live(make_article, editor, page, page + "#part")
    states = []
    with clock.stopped_at(moment):
        other.answer = receivers.reply(404)
        states.append(look()[page])
        assert db.session.scalars(select(AdminNotification)).all() == []
        asked = [call for call, _headers, _body in other.calls]
        assert asked == ["HEAD /page", "GET /page"]
        agent = other.calls[0][1]["User-Agent"]
        assert agent == "QsCMS link checker (+https://cms.example.org)"
        look(again=False)
        assert len(other.calls) == 2  # not before tomorrow
    for days in (1, 2):
        with clock.stopped_at(moment + days * DAY):
            states.append(look(again=False)[page])
    assert states == ["failing", "failing", "dead"]
    (group,) = db.session.scalars(select(AdminNotification)).all()
    assert group.job_data["facts"] == {"count": 1, "new": 1, "url": page}

    other.answer = receivers.reply(200)
    with clock.stopped_at(moment + 7 * DAY):
        assert look()[page] == "good"
    db.session.refresh(group)
    assert group.state is NotificationState.RESOLVED
    content.take(article, "archive", editor)
    db.session.commit()
    assert look() == {}
    assert db.session.scalars(select(LinkUse)).all() == []


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([receivers.reply(405), receivers.reply(200)], "good"),
        ([receivers.reply(403), receivers.reply(403)], "good"),  # there, and not for programs
        ([receivers.reply(301, Location="/moved"), receivers.reply(200)], "good"),
        ([receivers.reply(302, Location="/x")] * 20, "failing"),
        ([receivers.reply(302, Location="ftp://127.0.0.1/")], "dead"),
        ([receivers.reply(302, Location="http://[bad")], "dead"),
        ([receivers.hang_up, receivers.hang_up], "failing"),
        ([receivers.reply(500), receivers.reply(503)], "failing"),
    ],
)
def test_what_an_answer_means(ctx, editor, other, look, answers, state):
    page = f"http://127.0.0.1:{other.port}/page"
    live(make_article, editor, page)
    other.answer = receivers.in_turn(*answers)
    assert look()[page] == state


@pytest.mark.case(41)
def test_private_networks_are_not_looked_at(ctx, editor, other, look):
    live(make_article, editor, "http://127.1:9/", "http://169.254.169.254/latest")
    other.answer = receivers.reply(302, Location="http://169.254.169.254/latest")
    page = f"http://127.0.0.1:{other.port}/page"
    live(make_page, editor, page)
    assert set(look().values()) == {"unknown"}


def test_nothing_is_looked_at_where_the_operator_wants_none(ctx, editor, other, look, set_setting):
    live(make_article, editor, "/en/nowhere")
    set_setting(links="never")
    assert look() == {}
    assert check_links.name not in db.session.scalars(select(Job.task)).all()


def test_the_list_says_why_and_where_each_is_used(client, log_in, editor, other, look):
    for number in range(7):
        live(make_article, editor, "/en/nowhere", title=f"Harbour {number}")
    look()
    log_in("editor")
    page = client.get("/admin/link/?tab=dead").text
    for words in ("/en/nowhere", "Nothing is at this address.", "Harbour 0", "and 2 more"):
        assert words in page
    link = db.session.scalars(select(Link)).one()
    assert link.due_at is None
    assert client.post("/admin/link/again", data={"id": link.id}).status_code == 302
    db.session.refresh(link)
    assert link.due_at is not None
    assert client.get("/admin/link/", headers={"Accept-Language": "zh-CN"}).status_code == 200

    def count():
        with statements() as asked:
            client.get("/admin/link/")
        return len(asked)

    before = count()
    live(make_page, editor, *(f"/en/nowhere-{number}" for number in range(9)))
    look()
    assert count() == before + 1  # that of the pages


def test_titles_are_for_those_alone_who_may_see_them(client, log_in, editor, other, look):
    draft = make_page(editor, title="Layoffs", slug="plan")
    secret = make_document("secret.txt", private=True)
    live(make_page, editor, "/en/plan", f"/document/{secret}/x.txt")
    was_live = live(make_page, editor, "/en/plan", title="Until today")
    look()
    content.take(was_live, "unpublish", editor)
    db.session.commit()
    titles = ("“Layoffs” is there, but not live.", "“secret” is private", "Until today")
    log_in("editor")
    page = client.get("/admin/link/?tab=dead").text
    assert [it for it in titles if it in page] == list(titles)
    client.post("/logout")
    log_in("author")
    page = client.get("/admin/link/?tab=dead").text
    assert [it for it in ("Layoffs", "secret", "Until today") if it in page] == []
    for words in (f"“/document/{secret}/x.txt” is private", "“/en/plan” is there", "and 1 more"):
        assert words in page
    assert draft.title == "Layoffs"


def test_menus_and_redirects_are_looked_at_too(client, log_in, other, look):
    other.answer = receivers.reply(404)
    outside = f"http://127.0.0.1:{other.port}/gone"
    menus.put(menus.get("main", "en"), [{"address": "/en/nowhere", "label": "Nowhere"}])
    redirects.add("/old", outside)
    redirects.add("/older", "/en/nowhere-else")  # here they follow what moves
    db.session.commit()
    assert look() == {"/en/nowhere": "dead", outside: "failing"}
    log_in("editor")
    page = client.get("/admin/link/?tab=all").text
    assert "<bdi>Main menu of the site</bdi>" in page
    assert "<bdi>/old</bdi>" in page


def test_links_are_found_a_second_time_without_a_trace(each_ctx):
    editor = make_user("editor")
    old = redirects.add("/old", "https://example.org/x")
    menu = menus.get("main", "en")
    menus.put(menu, [{"address": "https://example.org/x", "label": "Out"}])
    article = live(make_article, editor, "/en/nowhere", "/en/elsewhere")
    live(make_page, editor, "/en/nowhere")
    kept = []
    for _twice in range(2):
        links.collect(lambda _done, _total: db.session.commit())
        db.session.commit()
        kept.append(db.session.execute(select(LinkUse.id, LinkUse.link_id)).all())
    assert kept[0] == kept[1]
    assert len(kept[0]) == 5
    assert {link.state for link in db.session.scalars(select(Link))} == {LinkState.NEW}

    content.save(article, editor, body='<p>x<a href="/en/third">y</a></p>')
    redirects.turn(old, "/en/about")
    menus.put(menu, [])
    db.session.commit()
    links.collect(lambda _done, _total: db.session.commit())
    db.session.commit()
    assert set(told()) == {"/en/nowhere", "/en/third"}
