"""Sites come in from WordPress and from Markdown, once, however often they are sent."""

import hashlib
import signal
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from cms import clock
from cms.accounts.models import User
from cms.content import redirects
from cms.content.models import Article, Page, State
from cms.editorial import moving
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs.models import Job
from cms.media.models import Document, Image, ImageStatus
from cms.moving import items, reading
from cms.moving.models import ImportItem, ImportOrigin, Origin, SiteImport, SiteImportState, What
from cms.tasks import taking_in as builder
from cms.tasks.site_imports import work_on
from tests import pictures
from tests.factories import make_upload, make_user
from tests.processes import Site, wait_for
from tests.receivers import http_receiver, reply
from tests.sites import OLD, UPLOADS, WordPress, awkward, damaged, outline, zipped


@pytest.fixture
def send(ctx, run_jobs):
    """Send the file of a site, and let it be looked at."""

    def go(data, *, by=None, name=None, media=None, origin=Origin.WORDPRESS, **more):
        upload = make_upload(
            data, name or ("site.xml" if origin is Origin.WORDPRESS else "site.zip")
        )
        beside = make_upload(media, "uploads.zip") if media else None
        try:
            job = moving.begin(
                origin, by or make_user("editor"), upload, beside, fetches=False, **more
            )
        finally:
            upload.close()
        db.session.commit()
        run_jobs()
        return job

    return go


@pytest.fixture
def bring(send, run_jobs):
    """Send the file of a site, and take it in."""

    def go(data, **more):
        job = send(data, **more)
        assert job.state is SiteImportState.READ, job.sentence
        moving.go_on(job)
        db.session.commit()
        run_jobs(hours=1)
        assert job.state is SiteImportState.DONE
        return job

    return go


@pytest.fixture
def receiver():
    with http_receiver() as server:
        yield server


def told(job):
    return [(note.title, note.sentence % note.facts) for note in items.notes(job, 100)]


def article(slug):
    return db.session.scalars(select(Article).where(Article.slug == slug)).one()


def page(path):
    return db.session.scalars(select(Page).where(Page.path == path)).one()


def everything():
    db.session.rollback()
    kept = ("article", "page", "category", "tag", "image", "redirect", "revision", "import_origin")
    return {
        name: sorted(map(repr, db.session.execute(db.metadata.tables[name].select())))
        for name in kept
    }


def test_a_wordpress_site_comes_in_with_all_its_awkward_parts(ctx, bring, send, run_jobs):
    ada = make_user("author", "Ada@example.com")
    editor = make_user("editor")
    media = zipped({"uploads/2019/05/boat.jpg": pictures.jpeg(90, 60), "uploads/../x.jpg": b"x"})
    job = send(awkward(), by=editor, media=media)

    # The look says what would come; nothing has.
    counts = items.count(job)
    assert {what: sum(states.values()) for what, states in counts.items()} == {
        What.CATEGORY: 3, What.PICTURE: 2, What.DOCUMENT: 1, What.PAGE: 3, What.ARTICLE: 9,
    }  # fmt: skip
    assert db.session.query(Article).count() == db.session.query(Image).count() == 0
    looked = told(job)
    assert (
        "关于",
        "These shortcodes are not known here, and stay as text: [contact-form-7].",
    ) in looked
    assert ("Secret", "It was private, and is a draft here.") in looked
    assert ("", "1 of the kind “nav_menu_item” are not taken.") in looked
    assert any(
        words.startswith("Nobody who may write here has the address bob@") for _t, words in looked
    )

    moving.go_on(job)
    db.session.commit()
    run_jobs(hours=1)
    assert (job.state, job.done, job.total) == (SiteImportState.DONE, 18, 18)
    assert (job.key, job.media_key) == (None, None)

    boat = db.session.query(Image).one()
    assert (boat.status, boat.alt_text, boat.title) == (ImageStatus.READY, "A boat", "boat.jpg")

    harbour = article("harbour")
    about = article("关于")
    assert (harbour.title, harbour.owner, harbour.state) == ("Harbour & sea", ada, State.PUBLISHED)
    assert harbour.published_at == harbour.created_at == datetime(2019, 5, 4, 10, tzinfo=UTC)
    assert harbour.changed_at == datetime(2019, 6, 1, 8, tzinfo=UTC)
    assert (harbour.summary, harbour.seo_title, harbour.cover_id) == ("Short", "Harbours", boat.id)
    assert (harbour.category.path, [tag.title for tag in harbour.tags]) == (
        "travel/asia", ["Boats", "Food", "sea"],
    )  # fmt: skip
    assert harbour.body == (
        "<p>Sea.</p>\n"
        f'<figure><img alt="Our boat" data-picture="{boat.id}">'
        "<figcaption>At dawn</figcaption></figure>\n"
        '<figure data-embed="https://vimeo.com/123456">'
        "<figcaption>Boats</figcaption></figure>\n"
        '<p><a href="/en/articles/%E5%85%B3%E4%BA%8E#top" rel="noopener">About</a> and '
        f'<a href="{OLD}/x" rel="noopener">x</a></p>'
    )
    assert about.owner == editor
    assert about.body == (
        "<p>First line<br>second line</p>\n<p>A new paragraph</p>\n"
        f'<figure><img data-picture="{boat.id}"><figcaption>The boat</figcaption></figure>\n'
        f'<figure><img data-picture="{boat.id}"></figure>\n<figure>gone.jpg</figure>\n'
        '<p><a href="https://video.example/1" rel="noopener">https://video.example/1</a></p>\n'
        '<figure data-embed="https://www.youtube.com/watch?v=abcdefghijk"></figure>\n'
        f'<p><a href="{UPLOADS}/gone.jpg" rel="noopener">The lost one</a></p>\n'
        '<p>[contact-form-7 id="12" title="Write"] and [gallery]</p>'
    )
    states = {one.slug: one.state for one in db.session.scalars(select(Article))}
    assert states == {
        "harbour": State.PUBLISHED, "harbour-2": State.PUBLISHED, "关于": State.PUBLISHED,
        "without-a-title": State.DRAFT, "secret": State.DRAFT, "locked": State.DRAFT,
        "waiting": State.REVIEW, "tomorrow": State.SCHEDULED, "nothing": State.DRAFT,
    }  # fmt: skip
    assert article("tomorrow").publish_at == datetime(2031, 1, 1, 9, tzinfo=UTC)
    assert {one.path for one in db.session.scalars(select(Page))} == {"about", "about/team", "lost"}

    # Who knows an old address is led on.
    assert redirects.find("/2019/05/harbour/") == "/en/articles/harbour"
    assert redirects.find("/2020/01/harbour") == "/en/articles/harbour-2"
    assert redirects.find("/2019/05/%E5%85%B3%E4%BA%8E/") == "/en/articles/关于"
    assert redirects.find("/about/team/") == "/en/about/team"
    assert redirects.find("/2019/05/secret/") is None

    said = told(job)
    assert ("gone.jpg", "Its file is missing.") in said
    assert ("Harbour again", "“harbour” was taken: its address ends in “harbour-2”.") in said
    assert ("Lost", "What it stood below is not there: it stands at the top.") in said
    assert ("Nothing", "There is nothing to read yet: write the text.") in said
    assert ("Nothing", "It stays a draft.") in said

    # Once more, and nothing is new.
    before = everything()
    again = bring(awkward(), by=editor, media=media)
    assert everything() == before
    assert (again.done, again.total) == (2, 2)  # the two files that are still missing


def test_a_number_leads_to_a_post_only_on_the_host_of_the_site(bring):
    site = WordPress()
    forum = "https://forum.example/viewtopic.php"
    links = [f"{OLD}/?p=2", f"{forum}?p=2", f"{OLD}/"]
    text = "".join(f'<p><a href="{link}">x</a></p>' for link in links)
    site.text("One", text, slug="one")
    site.text("Two", slug="two", link=f"{OLD}/?p=2")
    bring(site.xml())
    led = [link["href"] for link in BeautifulSoup(article("one").body, "html.parser").find_all("a")]
    assert led == ["/en/articles/two", f"{forum}?p=2", f"{OLD}/"]


def test_what_breaks_unforeseen_keeps_none_of_the_others(send, run_jobs, monkeypatch, caplog):
    site = WordPress()
    site.text("Bad", slug="bad")
    site.text("Deep", "<div>" * 3_000 + "down here", slug="deep")
    site.text("Good", "<p>Fine.</p>", slug="good")
    job = send(site.xml())
    whole = builder.Builder._order

    def breaking(self, item, language):
        if item.title == "Bad":
            raise KeyError("unforeseen")
        return whole(self, item, language)

    monkeypatch.setattr(builder.Builder, "_order", breaking)
    moving.go_on(job)
    db.session.commit()
    run_jobs(hours=1)
    assert job.state is SiteImportState.DONE
    assert {one.slug for one in db.session.scalars(select(Article))} == {"deep", "good"}
    assert ("Bad", "It could not be imported: the log of the program says why.") in told(job)
    assert "unforeseen" in caplog.text


# Markdown


def markdown():
    return {
        "blog/posts/2024-05-01-harbour.md": "# Harbour\n\nSee "
        "[the team](../pages/about/team.md#us), "
        '[gone](gone.md), [tides](papers/tides.csv) and ![Our boat](pics/boat.jpg "At dawn").\n\n'
        '| a | b |\n|---|---|\n| 1 | 2 |\n',
        "blog/posts/pics/boat.jpg": pictures.jpeg(80, 50),
        "blog/posts/papers/tides.csv": b"time,height\n06:00,2\n",
        "blog/posts/pics/unused.jpg": pictures.jpeg(70, 50),
        "blog/posts/asia/茶馆.md": "---\ntitle: 老茶馆\nlanguage: zh_Hans_CN\ntags: [茶, 河]\n"
        "cover: ../pics/boat.jpg\n"
        "date: 2024-06-01 08:00\nslug: tea\nauthor: ada@example.com\n---\n茶。\n".encode("gb18030"),
        "blog/posts/draft.md": "---\ndraft: true\ncategory: Travel/Asia\ntags: one, two\n"
        "---\n# Draft\n\nNo.",
        "blog/posts/later.md": "---\ndate: 2031-01-01\n---\nLater ![lost](lost.jpg)",
        "blog/posts/broken.md": "---\ntitle: [a\nb: 1\n---\nx",
        "blog/posts/noise.md": b"\x00\x01",
        "blog/pages/about/index.md": "---\ntitle: About\n---\n[post](/posts/2024-05-01-harbour.md)",
        "blog/pages/about/team.md": "# Team\n\nUs.",
    }  # fmt: skip


def test_a_folder_of_markdown_comes_in_with_its_pictures(ctx, bring):
    ada = make_user("author", "ada@example.com")
    job = bring(zipped(markdown()), origin=Origin.MARKDOWN, name="blog.zip")

    boat, tides = db.session.query(Image).one(), db.session.query(Document).one()
    harbour, tea, later = article("harbour"), article("tea"), article("later")
    assert (harbour.state, harbour.published_at.date().isoformat()) == (
        State.PUBLISHED,
        "2024-05-01",
    )
    assert harbour.body == (
        '<p>See <a href="/en/about/team#us" rel="noopener">the team</a>, gone, '
        f'<a href="/document/{tides.id}/tides.csv" rel="noopener">tides</a> and '
        f'<img alt="Our boat" data-picture="{boat.id}">.</p>\n'
        "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n"
        "<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>"
    )
    assert (tea.title, tea.language, tea.owner, tea.cover_id) == (
        "老茶馆",
        "zh_Hans_CN",
        ada,
        boat.id,
    )
    assert (tea.plain, tea.category.path, {tag.title for tag in tea.tags}) == (
        "茶。", "posts/asia", {"茶", "河"},
    )  # fmt: skip
    assert (article("draft").state, article("draft").category.path) == (State.DRAFT, "travel/asia")
    assert (later.state, later.body) == (State.SCHEDULED, "<p>Later lost</p>")
    assert page("about").body == '<p><a href="/en/articles/harbour" rel="noopener">post</a></p>'
    assert page("about/team").parent == page("about")
    assert set(told(job)) == {
        ("blog/posts/broken.md", "Its front matter cannot be read, at line 3."),
        ("blog/posts/noise.md", "It is no text, or too long for one."),
        ("Harbour", "A link to “blog/posts/gone.md” leads nowhere, and is taken out."),
        ("Later", "The picture “lost” is not there. The text has its words in its place."),
    }

    before = everything()
    bring(zipped(markdown()), origin=Origin.MARKDOWN, name="blog.zip")
    assert everything() == before


def test_times_of_front_matter_are_of_the_clocks_here(bring, set_setting):
    set_setting(time_zone="Asia/Shanghai")
    said = {
        "morning": "2024-06-01 08:00",
        "day": "2024-06-01",
        "words": '"2024-06-01T08:00"',
        "elsewhere": "2024-06-01 08:00:00+02:00",
        "zulu": "2024-06-01T08:00:00Z",
    }
    files = {f"{name}.md": f"---\ndate: {date}\n---\nWords." for name, date in said.items()}
    bring(zipped({**files, "2024-06-01-named.md": "Words."}), origin=Origin.MARKDOWN)

    found = {one.slug: one.published_at for one in db.session.scalars(select(Article))}
    midnight = datetime(2024, 5, 31, 16, tzinfo=UTC)
    assert found == {
        "morning": midnight + timedelta(hours=8),
        "day": midnight,
        "words": midnight + timedelta(hours=8),
        "elsewhere": datetime(2024, 6, 1, 6, tzinfo=UTC),
        "zulu": datetime(2024, 6, 1, 8, tzinfo=UTC),
        "named": midnight,
    }


# What can go wrong


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>\n'


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no xml at all", "This is not a WordPress export."),
        (b'<?xml version="1.0"?><html><body/></html>', "This is not a WordPress export."),
        (b'<?xml version="1.0"?><rss><channel><item/></channel></rss>', "This is not a WordPress"),
        (WordPress().xml(BOMB), "This file declares entities, which could fill the memory."),
        (awkward()[:-200], "This WordPress export cannot be read from line "),
        (
            awkward().replace("关于".encode(), "关于".encode("gb18030")),
            "This WordPress export cannot",
        ),
        (awkward().replace(b'"UTF-8"', b'"klingon"'), "This WordPress export cannot be read"),
    ],
    ids=["text", "html", "feed", "bomb", "cut", "encoding", "unknown encoding"],
)
def test_a_broken_export_is_refused_whole(send, data, sentence):
    job = send(data)
    assert job.state is SiteImportState.FAILED
    assert (job.sentence % job.facts).startswith(sentence)
    assert db.session.query(ImportItem).count() == db.session.query(Article).count() == 0


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK", "This is not a whole ZIP file."),
        (zipped(markdown())[:-300], "This is not a whole ZIP file."),
        (zipped({"a.md": b"0" * 120_000_000}), "What is in this ZIP file would take 120 MB"),
        (b"", "The file is empty."),
    ],
    ids=["no zip", "cut", "bomb", "empty"],
)
def test_a_zip_that_cannot_be_read_is_refused_at_once(send, data, sentence):
    with pytest.raises(CmsError) as refused:
        send(data, origin=Origin.MARKDOWN)
    assert str(refused.value).startswith(sentence)
    assert db.session.query(Job).count() == 0


def test_a_picture_of_another_host_is_taken_from_the_zip_by_more_than_its_name(bring):
    addresses = (
        "https://cdn.example/logo.png",
        "https://cdn.example/old/2019/05/boat.jpg",
        f"{OLD}/moved/quay.jpg",
    )
    site = WordPress()
    site.text("One", "".join(f'<p><img src="{address}"></p>' for address in addresses))
    names = ("uploads/2019/05/boat.jpg", "uploads/2019/06/quay.jpg", "uploads/logo.png")
    media = {name: pictures.jpeg(90 + place, 60) for place, name in enumerate(names)}
    job = bring(site.xml(), media=zipped(media))
    came = sorted(image.title for image in db.session.scalars(select(Image)))
    assert came == ["boat.jpg", "quay.jpg"]
    assert ("logo.png", "Its file is missing.") in told(job)


def test_a_damaged_picture_in_a_zip_keeps_none_of_the_others(bring):
    site = WordPress()
    site.attachment("2019/05/boat.jpg")
    site.attachment("2019/05/quay.jpg")
    media = zipped({f"2019/05/{name}.jpg": pictures.jpeg(90, 60) for name in ("boat", "quay")})
    job = bring(site.xml(), media=damaged(media, "2019/05/boat.jpg"))
    assert [one.title for one in db.session.scalars(select(Image))] == ["quay.jpg"]
    assert told(job) == [
        ("boat.jpg", "This is not a whole ZIP file. Make it, or download it, once more.")
    ]


def test_names_that_lead_out_of_a_zip_are_told_and_not_read(bring):
    files = {"../../evil.md": "# Evil", "/etc/evil.md": "# Evil", "good.md": "# Good\n\nWords."}
    job = bring(zipped(files), origin=Origin.MARKDOWN)
    assert [one.title for one in db.session.scalars(select(Article))] == ["Good"]
    assert [title for title, _words in told(job)] == ["../../evil.md", "/etc/evil.md"]


def test_control_characters_that_xml_forbids_do_no_harm(bring):
    site = WordPress()
    site.text("Bell", "<p>ding</p>", slug="bell")
    bring(site.xml().replace(b"ding", b"di\x0bng\x08"))
    assert article("bell").body == "<p>ding</p>"


@pytest.mark.parametrize("fetches", [False, True])
def test_addresses_that_nobody_can_read_do_no_harm(send, run_jobs, fetches):
    site = WordPress("http://[old")
    site.attachment("boat.jpg")
    site.text("Sea", f'<p><img src="{site.address}/sea.jpg" alt="waves"> and '
                     f'<a href="{site.address}">land</a></p>', slug="sea")  # fmt: skip
    job = send(site.xml())
    assert job.state is SiteImportState.READ, job.sentence
    job.fetches = fetches
    moving.go_on(job)
    db.session.commit()
    run_jobs(hours=1)
    body = article("sea").body
    assert "waves" in body
    assert "land" in body
    left = "This is no address that can be called" if fetches else "Its file is missing."
    assert any(words.startswith(left) for title, words in told(job) if title == "boat.jpg")


def test_an_import_that_dies_goes_on_where_it_was(send, run_jobs, monkeypatch):
    """Each attempt dies after four things; what was made half is made once."""
    job = send(awkward(), media=zipped({"2019/05/boat.jpg": pictures.jpeg(90, 60)}))
    whole, left = builder.Builder._do, [4]

    def dying(self, item, act):
        left[0] -= 1
        if left[0] == 0:
            left[0] = 4
            with db.session.begin_nested():
                act(item)
            raise OSError("killed")
        whole(self, item, act)

    monkeypatch.setattr(builder.Builder, "_do", dying)
    moving.go_on(job)
    db.session.commit()
    for _attempt in range(30):
        run_jobs(hours=1)
        if job.state is SiteImportState.DONE:
            break
        if job.state is SiteImportState.FAILED:
            moving.go_on(job)
            db.session.commit()
    assert (job.state, job.done, job.total) == (SiteImportState.DONE, 18, 18)
    assert db.session.query(Article).count() == 9
    assert db.session.query(Page).count() == 3
    assert db.session.query(ImportOrigin).count() == 9 + 3 + 3 + 1


def test_a_consumer_that_is_killed_in_the_middle_changes_nothing_of_the_end(bring, tmp_path):
    media = zipped({"2019/05/boat.jpg": pictures.jpeg(90, 60)})
    bring(awkward(), by=make_user("editor", "editor@example.com"), media=media)
    undisturbed = outline()

    export, uploads = tmp_path / "site.xml", tmp_path / "uploads.zip"
    export.write_bytes(awkward())
    uploads.write_bytes(media)
    site = Site(tmp_path / "site", CMS_JOB_RETRY_DELAY="1", CMS_JOB_LEASE="3")
    with closing(site), site.inside():
        site.prepare("editor")
        editor = db.session.scalars(select(User)).one()
        job = moving.begin_from_path(Origin.WORDPRESS, editor, export, uploads, fetches=False)
        for _found in reading.read(job):
            db.session.commit()
        job.state, job.read_at = SiteImportState.READ, clock.now()
        moving.go_on(job)
        db.session.commit()
        job_id = job.id

        def here():
            db.session.rollback()
            return db.session.query(Article).count()

        site.start_consumer()
        wait_for(here, "the first article")
        site.stop("consumer", signal.SIGKILL)
        assert 0 < here() < 9, "it was killed in the middle"
        site.start_consumer()
        wait_for(
            lambda: (
                db.session.rollback()
                or db.session.get_one(SiteImport, job_id).state is SiteImportState.DONE
            ),
            "the import to end",
        )
        assert outline() == undisturbed


@pytest.mark.parametrize("steps", [5, 12, 20, 30])
def test_another_import_ends_what_one_that_was_left_has_begun(send, bring, steps):
    media = zipped({"2019/05/boat.jpg": pictures.jpeg(90, 60)})
    editor = make_user("editor")
    left = send(awkward(), by=editor, media=media)
    left.state = SiteImportState.RUNNING
    calls = iter(range(steps))
    work_on(left, lambda: next(calls, None) is None)
    left.state = SiteImportState.STOPPED
    moving.remove(left)
    db.session.commit()

    bring(awkward(), by=editor, media=media)
    states = sorted(one.state for one in db.session.scalars(select(Article)))
    assert states == ["draft"] * 4 + ["published"] * 3 + ["review", "scheduled"]
    assert article("harbour").body.startswith("<p>Sea.</p>")
    assert redirects.find("/2019/05/harbour/") == "/en/articles/harbour"
    assert db.session.query(ImportOrigin).filter_by(whole=False).count() == 0


def test_what_is_stopped_stays_and_can_go_on(send, run_jobs):
    job = send(awkward())
    moving.go_on(job)
    moving.stop(job)
    db.session.commit()
    run_jobs()
    assert (job.state, db.session.query(Article).count()) == (SiteImportState.STOPPED, 0)
    moving.go_on(job)
    db.session.commit()
    run_jobs(hours=1)
    assert job.state is SiteImportState.DONE
    moving.remove(job)
    db.session.commit()
    assert db.session.query(ImportItem).count() == 0
    assert db.session.query(Article).count() == 9


def test_pictures_are_fetched_within_limits(ctx, send, run_jobs, receiver, set_setting):
    """From where they are, by redirects too; never from a private network."""
    set_setting(webhook_allow=(f"127.0.0.1:{receiver.port}",))
    here = f"http://127.0.0.1:{receiver.port}"
    boat = pictures.jpeg(90, 60)

    def answer(handler):
        if handler.path == "/moved.jpg":
            reply(302, Location="/boat.jpg")(handler)
        elif handler.path == "/boat.jpg":
            reply(200, boat)(handler)
        else:
            reply(404)(handler)

    receiver.answer = answer
    site = WordPress()
    site.text("One", f'<p><img src="{here}/moved.jpg"><img src="{here}/none.jpg">'
                     '<img src="http://10.0.0.1/secret.jpg"></p>', slug="one")  # fmt: skip
    job = send(site.xml())
    job.fetches = True
    moving.go_on(job)
    db.session.commit()
    run_jobs(hours=1)
    assert job.state is SiteImportState.DONE
    image = db.session.query(Image).one()
    assert image.sha256 == hashlib.sha256(boat).hexdigest()
    assert f'<img data-picture="{image.id}">' in article("one").body
    assert ("none.jpg", "127.0.0.1 does not give this file (404).") in told(job)
    (refused,) = (words for title, words in told(job) if title == "secret.jpg")
    assert refused.startswith("10.0.0.1 is on this machine or in a private network")


# From a shell


def test_operators_look_at_and_import_a_site_of_any_size(ctx, runner, run_jobs, tmp_path):
    """Pictures may be in a folder, too; jobs publish what waits for them."""
    make_user("editor", "Ed@example.org")  # as it is kept: only the host in small letters
    db.session.commit()
    site, uploads = tmp_path / "site.xml", tmp_path / "uploads"
    site.write_bytes(awkward())
    (uploads / "2019" / "05").mkdir(parents=True)
    (uploads / "2019" / "05" / "boat.jpg").write_bytes(pictures.jpeg(90, 60))

    def cms(*command):
        given = [str(part) for part in command]
        return runner.invoke(ctx.cli, ["cms", "import", *given], prog_name="flask")

    command = ("wordpress", site, "--media", uploads, "--as", "ED@example.org", "--no-fetch")
    looked = cms(*command, "--dry-run")
    assert "  article: 9 new, 0 here before, 0 not taken" in looked.output
    assert "Secret: It was private, and is a draft here." in looked.output
    assert db.session.query(Article).count() == db.session.query(ImportItem).count() == 0

    done = cms(*command)
    assert (done.exit_code, "texts are published by jobs" in done.output) == (0, True), done.output
    assert article("harbour").state is State.DRAFT
    run_jobs(hours=1)
    assert article("harbour").state is State.PUBLISHED

    site.write_bytes(b"<rss/>")
    refused = cms(*command)
    assert (refused.exit_code, "This is not a WordPress export" in refused.output) == (1, True)
    assert "Nobody has an account" in cms("markdown", site, "--as", "x@example.com").output
