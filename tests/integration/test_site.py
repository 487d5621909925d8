"""The public site: every address in both languages, and nothing that is not live."""

import gzip
import json
import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import update

from cms import clock
from cms.content import (
    categories,
    menus,
    previews,
    redirects,
    site_settings,
    stamps,
    writing,
)
from cms.content.models import Article
from cms.editorial import content
from cms.extensions import db
from cms.media.sources import by_id
from cms.site import heads, uses
from tests import pictures
from tests.factories import make_article, make_page, make_picture, make_user
from tests.queries import statements

EN, ZH = "en", "zh_Hans_CN"
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
ATOM = "{http://www.w3.org/2005/Atom}"
MAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def editor(ctx):
    return make_user("editor")


@pytest.fixture
def live(editor):
    """Publish a text with these fields."""

    def go(make=make_article, **fields):
        thing = make(editor, **fields)
        content.take(thing, "publish", editor)
        db.session.commit()
        return thing

    return go


@pytest.fixture
def harbour(live, run_jobs):
    """An article in both languages, with a cover, a picture, a category and tags."""
    cover, inside = make_picture(pictures.jpeg(1600, 900), "cover.jpg"), make_picture()
    cover.alt_text = "Boats"
    db.session.commit()
    run_jobs()
    travel = categories.create("Travel")
    shelf = categories.create("Asia", parent=travel)
    body = (f'<p>Water & <b>wind</b>.</p><figure><img data-picture="{inside.id}" alt="A net">'
            '<figcaption>Nets</figcaption></figure>'
            "<table><tr><th>a</th></tr></table>")  # fmt: skip
    english = live(
        title="Harbour at dawn", summary="A bay.", body=body, cover_id=cover.id,
        category_id=shelf.id, tags=["sea"],
    )  # fmt: skip
    live(title="清晨的港湾", language=ZH, translation_of=english, tags=["海"])
    return english


@pytest.fixture
def queries(ctx):
    """The statements that are executed."""
    with statements() as sql:
        yield sql


def ld(page):
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text)
    return {one["@type"]: one for one in map(json.loads, found)}


# Addresses


def test_the_front_page_is_in_the_language_that_the_reader_wants(client, harbour):
    english, chinese = client.get("/"), client.get("/", headers=CHINESE)
    assert '<html lang="en">' in english.text
    assert "Harbour at dawn" in english.text
    assert "清晨的港湾" not in english.text
    assert '<html lang="zh-Hans-CN">' in chinese.text
    assert "清晨的港湾" in chinese.text
    for answer in (english, chinese):
        assert {"accept-language", "cookie"} <= {one.lower() for one in answer.vary}
        assert "Set-Cookie" not in answer.headers
    assert '<link rel="canonical" href="http://localhost/zh-Hans-CN/">' in chinese.text
    client.post("/language", data={"locale": ZH})
    assert "清晨的港湾" in client.get("/").text
    assert client.get("/en").location.endswith("/en/")
    assert client.get("/fr/").status_code == 404


def test_every_address_is_there_in_both_languages(client, live, harbour):
    about = live(make_page, title="About")
    live(make_page, title="Team", parent_id=about.id)
    guanyu = live(make_page, title="关于", language=ZH, translation_of=about, template="wide")
    shelf = categories.create("地方", language=ZH)
    db.session.commit()
    addresses = [
        "/en/", "/en/articles", "/en/articles/harbour-at-dawn", "/en/categories/travel",
        "/en/categories/travel/asia", "/en/tags/sea", "/en/about", "/en/about/team",
        "/en/search", "/en/search?q=harbour", "/zh-Hans-CN/", "/zh-Hans-CN/articles",
        "/zh-Hans-CN/articles/清晨的港湾", f"/zh-Hans-CN/categories/{shelf.path}",
        "/zh-Hans-CN/tags/海", f"/zh-Hans-CN/{guanyu.path}", "/zh-Hans-CN/search?q=港湾",
    ]  # fmt: skip
    for address in addresses:
        page = client.get(address)
        assert page.status_code == 200, address
        tag = address.split("/")[1]
        assert f'<html lang="{tag}">' in page.text
        assert page.headers["Content-Language"] == tag
        assert page.text.count("<h1") == page.text.count("<main") == 1
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<style|\sstyle=|\son\w+=|tabler", page.text)
        missing = client.get(f"{address.partition('?')[0].rstrip('/')}/nothing")
        assert missing.status_code == 404
    assert 'class="text wide"' in client.get(f"/zh-Hans-CN/{guanyu.path}").text
    assert '<a href="/en/about/team">Team</a>' in client.get("/en/about").text


def test_an_article_says_all_that_others_want_to_know(client, harbour):
    page = client.get("/en/articles/harbour-at-dawn")
    other = f"http://localhost/zh-Hans-CN/articles/{quote('清晨的港湾')}"
    assert f'<link rel="alternate" hreflang="zh-Hans-CN" href="{other}">' in page.text
    assert f'hreflang="zh-Hans-CN" href="{quote("/zh-Hans-CN/articles/清晨的港湾")}"' in page.text
    assert '<meta property="og:image:alt" content="Boats">' in page.text
    assert ld(page)["Article"]["headline"] == "Harbour at dawn"
    crumbs = [one["name"] for one in ld(page)["BreadcrumbList"]["itemListElement"]]
    assert crumbs == ["Home", "Travel", "Asia", "Harbour at dawn"]
    assert '<link rel="canonical" href="http://localhost/en/articles/harbour-at-dawn">' in page.text


def test_pictures_keep_their_place_and_only_the_first_is_not_lazy(client, harbour):
    page = client.get("/en/articles/harbour-at-dawn").text
    images = re.findall(r"<img [^>]*>", page)
    assert [re.search(r'loading="(\w+)"', one)[1] for one in images] == ["eager", "lazy"]
    assert all(re.search(r' width="\d+" height="\d+"', one) for one in images)
    assert 'alt="A net"' in images[1]
    assert "data-picture" not in page
    assert '<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>' in page


def test_a_page_asks_the_database_no_more_for_many_rows(client, harbour, live, queries):
    def count(address):
        stamps.change(stamps.SITE, stamps.ARTICLES, stamps.of(harbour.id))
        db.session.commit()
        queries.clear()
        assert client.get(address).status_code == 200
        return len(queries)

    addresses = (
        "/en/",
        "/en/categories/travel",
        "/en/tags/sea",
        "/en/search?q=harbour",
        "/en/feed",
    )
    for address in addresses:  # what is asked once a process is asked now
        client.get(address)
    few = {address: count(address) for address in addresses}
    for number in range(8):
        live(title=f"Harbour {number}", category_id=harbour.category_id, tags=["sea"],
             cover_id=harbour.cover_id)  # fmt: skip
    assert {address: count(address) for address in addresses} == few
    assert max(few.values()) <= 16


# What is not live


def test_a_draft_is_nowhere(client, live, editor, harbour):
    hidden = [
        make_article(editor, title="Secret harbour", tags=["sea"], category_id=harbour.category_id),
        make_page(editor, title="Secret page"),
        live(title="Secret archived"),
        live(title="Secret deleted"),
    ]
    content.take(hidden[2], "archive", editor)
    db.session.commit()
    content.take(hidden[3], "unpublish", editor)
    content.delete(hidden[3], editor)
    menus.put(menus.get("main", EN), [{"page_id": hidden[1].id}])
    db.session.commit()
    lists = ["/en/", "/en/articles", "/en/tags/sea", "/en/categories/travel/asia", "/en/feed",
             "/en/search?q=secret", "/sitemap/pages.xml", "/sitemap/articles-0.xml"]  # fmt: skip
    for address in lists:
        assert "Secret" not in client.get(address).text, address
    for name in ("articles/secret-harbour", "secret-page", "articles/secret-archived",
                 "articles/secret-deleted"):  # fmt: skip
        assert client.get(f"/en/{name}").status_code == 404


def test_where_nothing_is_the_site_says_so_and_offers_to_search(client, harbour):
    english = ("/en/nothing", "/no-such-page", "/en/articles?page=99", "/en/tags/sea?page=-1",
               "/en/%00")  # fmt: skip
    for address, words in (*((one, "Not found") for one in english), ("/zh-Hans-CN/x/y", "未找到")):
        page = client.get(address)
        assert page.status_code == 404, address
        assert words in page.text
        assert 'role="search"' in page.text
        assert "noindex" in page.text
        assert "no-cache" not in str(page.cache_control)
    assert client.get("/en/nothing", headers={"Accept": "application/json"}).json["error"]
    assert client.get("/admin/nothing").status_code == 404


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("A bay.", "A bay."),
        ("A bay of the sea, at dawn", "A bay of the sea…"),
        ("前言 " + "一" * 40, "前言 " + "一" * 16 + "…"),
    ],
)
def test_what_is_too_long_is_cut_after_a_word_if_there_are_words(words, shown, monkeypatch):
    monkeypatch.setattr(heads, "LONGEST_WORD", 10)
    assert heads.shortened(words, 20) == shown


def test_redirects_are_followed_in_one_step(client, live, editor, harbour):
    content.save(harbour, editor, slug="dawn")
    redirects.add("/old-site/index.php", "/en/articles/dawn")
    redirects.add("/en/elsewhere", "https://example.org/a?b=1")
    redirects.add("/en/zh", "/zh-Hans-CN/articles/清晨的港湾")
    db.session.commit()
    for source, target in (
        ("/en/articles/harbour-at-dawn", "/en/articles/dawn"),
        ("/old-site/index.php", "/en/articles/dawn"),
        ("/en/elsewhere", "https://example.org/a?b=1"),
        ("/en/zh", quote("/zh-Hans-CN/articles/清晨的港湾")),
        ("/en/articles/dawn/", "/en/articles/dawn"),
    ):
        answer = client.get(source)
        assert (answer.status_code, answer.location) == (301, target)
        assert client.get(source, base_url="http://localhost").location == target
    assert client.get("/admin/old").status_code == 404
    categories.save(harbour.category, title="Asia", slug="east", parent=harbour.category.parent)
    db.session.commit()
    feed = client.get("/en/feed/categories/travel/asia")
    assert (feed.status_code, feed.location) == (301, "/en/feed/categories/travel/east")
    # A draft hides no redirect.
    make_article(editor, title="Harbour at dawn", slug="harbour-at-dawn")
    db.session.commit()
    assert client.get("/en/articles/harbour-at-dawn").status_code == 301
    # None leads to what the public does not find.
    content.take(harbour, "unpublish", editor)
    db.session.commit()
    for source in ("/en/articles/harbour-at-dawn", "/old-site/index.php"):
        assert client.get(source).status_code == 404


def test_what_a_redirect_is_used_for_is_written_down_once_a_minute(each_ctx, moment):
    client, kept = each_ctx.test_client(), redirects.add("/old", "https://example.org/")
    unused = redirects.add("/older", "https://example.org/")
    db.session.commit()

    def written():
        db.session.rollback()
        return kept.uses, kept.used_at

    def ask(seconds, address="/old"):
        with clock.stopped_at(moment + timedelta(seconds=seconds)), statements() as seen:
            client.get(address)
        assert len([one for one in seen if one.startswith("UPDATE")]) <= 1
        return written()

    assert ask(0) == (1, moment)
    assert ask(1) == ask(2) == (1, moment), "the others wait in memory"
    assert ask(70, "/healthz") == (3, moment + timedelta(seconds=2))
    assert ask(71) == ask(75) == (3, moment + timedelta(seconds=2))
    redirects.used({kept.id: (5, moment)})  # by another process, which was slower
    db.session.commit()
    with clock.stopped_at(moment + timedelta(seconds=80)):
        uses.write()
    assert written() == (10, moment + timedelta(seconds=75))
    assert (unused.uses, unused.used_at) == (0, None)


def test_the_menu_shows_what_is_live_and_where_one_is(client, live, harbour):
    about = live(make_page, title="About & more")
    out = {"address": "https://example.org/?a=b&c=d", "label": "Out"}
    items = [{"page_id": about.id, "items": [out]}, {"article_id": harbour.id, "label": "Start"}]
    menus.put(menus.get("main", EN), items)
    db.session.commit()
    page = client.get("/en/about-more").text
    assert '<a href="/en/about-more" aria-current="page">About &amp; more</a>' in page
    assert '<a href="https://example.org/?a=b&amp;c=d">Out</a>' in page
    assert ">Start</a>" in page


@pytest.mark.case(36)
@pytest.mark.case(37)
def test_nothing_that_is_written_runs(client, live, ctx):
    evil = '"><script>alert(1)</script>'
    article = live(
        title=evil, summary=evil, seo_description=evil, tags=[evil],
        category_id=categories.create(evil).id, slug="evil",
    )  # fmt: skip
    stored = (
        '<p>a<img src=x onerror=alert(1)><img data-picture="999"><script>alert(1)</script>'
        '<a href="javascript:alert(1)">x</a></p>'
    )
    db.session.execute(update(Article).where(Article.id == article.id).values(body=stored))
    site_settings.write(None, title={EN: evil}, tagline={EN: evil})
    menus.put(menus.get("main", EN), [{"article_id": article.id}])
    db.session.commit()
    tag, asked = article.tags[0].slug, quote(evil)
    for name in (
        "",
        "articles/evil",
        "articles",
        f"search?q={asked}",
        f"tags/{tag}",
        "feed",
        asked,
    ):
        page = client.get(f"/en/{name}").text
        assert "<script>alert" not in page
        assert "onerror" not in page
        assert "javascript:" not in page
    assert ld(client.get("/en/articles/evil"))["Article"]["headline"] == evil


# Quick, and never old


def test_a_page_that_has_not_changed_is_not_drawn_again(client, harbour, queries):
    address = "/en/articles/harbour-at-dawn"
    first = client.get(address)
    assert str(first.cache_control) in ("public, no-cache", "no-cache, public")
    assert "Set-Cookie" not in first.headers
    queries.clear()
    same = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data, len(queries)) == (304, b"", 2)
    assert "Content-Security-Policy" not in same.headers
    queries.clear()
    assert client.get(address).data == first.data
    assert len(queries) == 2
    assert client.head(address).headers["ETag"] == first.headers["ETag"]
    small = client.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert (small.content_encoding, gzip.decompress(small.data)) == ("gzip", first.data)
    assert small.headers["ETag"] == first.headers["ETag"]
    assert "accept-encoding" in {one.lower() for one in first.vary}


def the(**given):
    return db.session.query(Article).filter_by(**given).one()


def _drop_a_file_of_the_cover(harbour):
    cover = by_id([harbour.cover_id])[harbour.cover_id]
    db.session.delete(cover.renditions[0])


def _describe(image_id):
    by_id([image_id])[image_id].alt_text = "Other"


def _rename(shelf):
    categories.save(shelf, title="Far", slug="far", parent=None)


def _save(article, **fields):
    content.save(article, article.owner, **fields)


def _save_and_take_back(harbour):
    _save(harbour, summary="Another.")
    db.session.flush()
    db.session.rollback()


# What is done, and whether the article, the front page and another article are new then.
CHANGES = {
    "its text": (lambda it: _save(it, summary="Another."), True, True, False),
    "other text": (lambda _it: _save(the(title="Second"), summary="Another."), False, True, True),
    "a draft": (lambda _it: _save(the(title="Draft"), tags=["new"]), False, False, False),
    "translation": (lambda _it: _save(the(language=ZH), slug="new"), True, True, False),
    "a picture": (lambda it: _describe(min(inside(it))), True, False, False),
    "the cover": (_drop_a_file_of_the_cover, True, True, False),
    "category": (lambda it: _rename(it.category), True, True, True),
    "a tag": (lambda it: setattr(it.tags[0], "title", "Ocean"), True, True, True),
    "a menu": (lambda it: put_menu([{"article_id": it.id}]), True, True, True),
    "a setting": (lambda _it: site_settings.write(None, title={EN: "Name"}), True, True, True),
    "a statement": (lambda _it: db.session.execute(update(Article).values(summary="x")),
                    True, True, True),
    "unused picture": (lambda _it: _describe(db.session.info["unused"]), False, False, False),
    "taken back": (_save_and_take_back, False, False, False),
}  # fmt: skip


def inside(article):
    return writing.picture_ids(article) - {article.cover_id}


def put_menu(items):
    menus.put(menus.get("main", EN), items)


def test_what_changes_makes_exactly_those_pages_new(client, harbour, live, editor):
    live(title="Second", body="<p>Two.</p>")
    make_article(editor, title="Draft")
    unused = make_picture(pictures.jpeg(50, 50), "unused.jpg")
    menus.get("main", EN)
    db.session.commit()
    db.session.info["unused"] = unused.id
    addresses = ("/en/articles/harbour-at-dawn", "/en/", "/en/articles/second")

    def marks():
        return [client.get(address).headers.get("ETag") for address in addresses]

    found, before = {}, marks()
    for change, (do, *_new) in CHANGES.items():
        do(harbour)
        db.session.commit()
        after = marks()
        found[change] = [a != b for a, b in zip(before, after, strict=True)]
        before = after
    assert found == {change: new for change, (_do, *new) in CHANGES.items()}


def test_what_goes_live_or_away_is_seen_at_once_on_every_database(each_ctx):
    client, editor = each_ctx.test_client(), make_user("editor")
    article = make_article(editor, title="Harbour", category_id=categories.create("Sea").id,
                           tags=["sea", "海"])  # fmt: skip
    db.session.commit()
    lists = ("/en/", "/en/articles", "/en/categories/sea", "/en/tags/sea", "/en/feed",
             "/en/search?q=harb", "/sitemap/articles-0.xml", "/en/tags/%E6%B5%B7")  # fmt: skip
    steps = (("publish", True), ("unpublish", False), ("publish", True), ("archive", False))
    for step, is_there in [(None, False), *steps]:
        if step:
            content.take(article, step, editor)
            db.session.commit()
        found = {address: "arbour</" in client.get(address).text
                 or "/harbour<" in client.get(address).text for address in lists}  # fmt: skip
        assert found == dict.fromkeys(lists, is_there), step
        status = client.get("/en/articles/harbour").status_code
        assert status == (200 if is_there else 404)


# Lists and the search


def test_lists_are_paged_newest_first(client, live):
    site_settings.write(None, articles_per_page=2)
    for number in range(1, 6):
        with clock.stopped_at(clock.now() + timedelta(seconds=number)):
            live(title=f"Number {number}", tags=["n"])

    def shown(address):
        return re.findall(r"Number (\d)</a></h", client.get(address).text)

    for name in ("articles", "tags/n"):
        found = [shown(f"/en/{name}?page={number}") for number in (1, 2, 3)]
        assert found == [["5", "4"], ["3", "2"], ["1"]]
    second = client.get("/en/articles?page=2").text
    assert '<a rel="prev" href="/en/articles">' in second
    assert '<a rel="next" href="/en/articles?page=3">' in second
    assert '<link rel="canonical" href="http://localhost/en/articles?page=2">' in second
    assert client.get("/en/articles?page=4").status_code == 404


def test_the_search_finds_words_in_either_language(client, live):
    live(title="Harbour at dawn", body="<p>Nets dry on the quay.</p>")
    live(title="清晨的港湾", language=ZH, body="<p>渔网晾在码头上。</p>")
    live(make_page, title="Contact", body="<p>Write to the quay.</p>")
    assert "Harbour at dawn" in client.get("/en/search?q=quay+HARB").text
    assert "Contact" in client.get("/en/search?q=quay").text
    assert "清晨的港湾" in client.get("/zh-Hans-CN/search?q=码头").text
    assert "Harbour at dawn" not in client.get("/zh-Hans-CN/search?q=quay").text
    assert "Nothing was found." in client.get("/en/search?q=quayx").text
    assert "noindex" in client.get("/en/search?q=quay").text
    for odd in ("%25", "%00", "%ED%A0%80", "x" * 5000, "%22"):
        assert client.get(f"/en/search?q={odd}").status_code == 200


def test_who_searches_too_often_is_told_so_and_keeps_the_words(client, set_setting):
    set_setting(search_limit="2 per minute")
    codes = [client.get("/en/search?q=quay").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    answer = client.get("/zh-Hans-CN/search?q=码头")
    assert answer.status_code == 429
    assert "请等一分钟" in answer.text
    assert 'value="码头"' in answer.text
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert client.get("/en/search?q=x", headers={"Accept": "application/json"}).json["error"]
    assert client.get("/en/search").status_code == 200, "to look at the form is no search"


# For programs


def test_the_feed_is_atom(client, harbour):
    for address in ("/en/feed", "/en/feed/categories/travel"):
        answer = client.get(address)
        assert answer.mimetype == "application/atom+xml"
        feed = ET.fromstring(answer.data)
        assert feed.find(f"{ATOM}link[@rel='self']").get("href") == f"http://localhost{address}"
        assert [feed.find(f"{ATOM}{name}").text is not None for name in ("id", "title", "updated")]
        (entry,) = feed.findall(f"{ATOM}entry")
        assert entry.find(f"{ATOM}title").text == "Harbour at dawn"
        assert entry.find(f"{ATOM}link").get("href").endswith("/en/articles/harbour-at-dawn")
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert client.get("/en/feed/categories/none").status_code == 404
    assert 'href="/en/feed/categories/travel"' in client.get("/en/categories/travel").text


def test_a_feed_is_well_formed_whatever_was_pasted(client, harbour):
    site_settings.write(None, title={EN: "Har\x01bour"})
    content.save(harbour, harbour.owner, title="A\x08 bay", summary="Calm\x0bwater\uffff")
    category = harbour.category
    categories.save(category, title="As\x02ia", slug=category.slug, parent=category.parent)
    db.session.commit()
    feed = ET.fromstring(client.get("/en/feed").data)
    entry = feed.find(f"{ATOM}entry")
    assert feed.find(f"{ATOM}title").text == "Harbour"
    assert entry.find(f"{ATOM}title").text == harbour.title == "A bay"
    assert entry.find(f"{ATOM}summary").text == "Calm\nwater"
    assert entry.find(f"{ATOM}category").get("term") == category.title == "Asia"


def test_the_sitemap_names_all_that_is_live_and_robots_are_told_of_it(client, harbour, live):
    live(make_page, title="关于", language=ZH)
    index = ET.fromstring(client.get("/sitemap.xml").data)
    files = [one.text.removeprefix("http://localhost") for one in index.iter(f"{MAPS}loc")]
    assert len(files) == 2
    found = {one.text for file in files
             for one in ET.fromstring(client.get(file).data).iter(f"{MAPS}loc")}  # fmt: skip
    for address in found:
        assert client.get(address).status_code == 200
    assert len(found) == 2 + 2 + 2 + 1
    assert "Sitemap: http://localhost/sitemap.xml" in client.get("/robots.txt").text
    assert client.get("/sitemap/articles-7.xml").status_code == 404


# Previews


def test_a_preview_shows_a_draft_to_whoever_has_the_link_until_it_ends(client, editor, set_setting):
    set_setting(preview_hours=2)
    article, page = (
        make_article(editor, title="Draft", slug="draft"),
        make_page(editor, language=ZH),
    )
    db.session.commit()
    for thing, words in ((article, "State: Draft."), (page, "状态：草稿。")):
        address = f"/preview/{previews.sign(thing)}"
        shown = client.get(address)
        assert shown.status_code == 200
        assert words in shown.text
        assert thing.title in shown.text
        assert shown.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert (shown.cache_control.no_store, shown.cache_control.public) == (True, False)
        assert '<meta name="robots" content="noindex">' in shown.text
        assert client.get(address[:-1]).status_code == 404
        with clock.stopped_at(clock.now() + timedelta(hours=1, minutes=59)):
            assert client.get(address).status_code == 200
        with clock.stopped_at(clock.now() + timedelta(hours=2, minutes=1)):
            ended = client.get(address)
            assert ended.status_code == 404
            assert "This preview has ended." in ended.text
            assert ended.cache_control.no_store
    address = f"/preview/{previews.sign(article)}"
    content.delete(article, editor)
    db.session.commit()
    assert client.get(address).status_code == 404
    assert client.get("/en/articles/draft").status_code == 404


# What is elsewhere


def test_a_video_is_a_button_until_it_is_asked_for(client, live, editor):
    body = ('<p>See:</p><figure data-embed="https://youtu.be/dQw4w9WgXcQ" lang="en">'
            "<figcaption>A song</figcaption></figure>")  # fmt: skip
    live(title="Song", slug="song", body=body)
    live(title="Quiet", slug="quiet")
    page = client.get("/en/articles/song")
    assert "<iframe" not in page.text
    assert 'data-embed="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1"' in page.text
    assert "<figcaption>A song</figcaption></figure>" in page.text
    assert "js/embeds.js" in page.text
    assert (
        "frame-src https://www.youtube-nocookie.com;"
        in page.headers["Content-Security-Policy"] + ";"
    )
    quiet = client.get("/en/articles/quiet")
    assert "frame-src 'none'" in quiet.headers["Content-Security-Policy"]
    assert "js/embeds.js" not in quiet.text


# Files


def test_files_are_kept_for_ever_at_addresses_that_have_their_mark(client):
    page = client.get("/en/").text
    style, mark = re.search(r'href="(/static/([0-9a-f]{10})/css/site\.css)"', page).groups()
    assert client.get("/favicon.ico").location == f"/static/{mark}/favicon.svg"
    with client.get(style) as answer:
        assert answer.mimetype == "text/css"
        assert answer.cache_control.immutable
        assert answer.cache_control.max_age > 1_000_000


def test_what_a_page_of_another_version_asks_for_is_sent_but_not_kept(client):
    with client.get("/static/0123456789/css/site.css") as answer:
        assert answer.status_code == 200
        assert answer.cache_control.no_cache
        assert not answer.cache_control.immutable


def test_an_empty_site_says_so(client):
    assert "There is nothing here yet." in client.get("/").text


def test_who_finds_a_flaw_is_told_where_to_tell_it(client, set_setting, moment):
    assert client.get("/.well-known/security.txt").status_code == 404
    set_setting(security_contact="mailto:security@example.org")
    with clock.stopped_at(moment):
        answer = client.get("/.well-known/security.txt")
    assert answer.mimetype == "text/plain"
    assert answer.text == (
        "Contact: mailto:security@example.org\n"
        "Expires: 2026-08-28T12:00:00+00:00\n"
        "Preferred-Languages: en, zh\n"
    )
