"""Pages and categories: their trees, their addresses, and the menus that lead to them."""

from threading import Barrier, Thread

import pytest

from cms.content import addresses, categories, menus, pages, redirects, site_settings, slugs, trees
from cms.content.errors import NoTitle, UnknownLanguage
from cms.content.models import DEEPEST, Category, MenuItem, Page, SiteSetting, State
from cms.editorial import content
from cms.errors import NotAllowed
from cms.extensions import db
from cms.tasks.content import purge_page
from tests.factories import make_article, make_page, make_user


@pytest.fixture
def editor(ctx):
    return make_user("editor")


def grown(*titles, **more):
    """Pages, each below the one before."""
    made = []
    for title in titles:
        parent_id = made[-1].id if made else None
        made.append(make_page(title=title, parent_id=parent_id, **more))
    return made


# The tree


def test_a_page_is_at_the_path_of_its_ancestors(each_ctx):
    about, team, _berlin = grown("About", "Team", "Berlin")
    db.session.commit()
    found = addresses.find("/en/about/team/berlin")
    assert (found.title, found.path) == ("Berlin", "about/team/berlin")
    assert trees.ancestors(found) == [about, team]
    assert trees.children(about) == [team]


def test_a_page_that_moves_takes_along_what_is_below(each_ctx):
    editor = make_user("editor")
    about, team, berlin = grown("About", "Team", "Berlin")
    for page in (about, team, berlin):
        content.take(page, "publish", editor)
    home = make_page(title="Home")
    content.save(team, editor, parent_id=home.id, slug="people")
    db.session.commit()

    assert (team.path, berlin.path) == ("home/people", "home/people/berlin")
    assert redirects.find("/en/about/team") == "/en/home/people"
    assert redirects.find("/en/about/team/berlin") == "/en/home/people/berlin"
    content.save(home, editor, slug="start")
    assert redirects.find("/en/about/team/berlin") == "/en/start/people/berlin"
    assert redirects.find("/en/home/people") == "/en/start/people"
    assert redirects.find("/en/home") is None, "it was never published"


def test_a_page_does_not_stand_below_itself(each_ctx):
    about, team, berlin = grown("About", "Team", "Berlin")
    for below in (about, team, berlin):
        with pytest.raises(trees.BelowItself) as refused:
            content.save(about, about.owner or make_user(), parent_id=below.id)
        assert refused.value.field == "parent"
    db.session.commit()
    assert (about.parent_id, berlin.path) == (None, "about/team/berlin")


def test_a_tree_is_not_deeper_than_readers_find(editor):
    line = grown(*"ABCDE")
    assert len(line) == DEEPEST
    with pytest.raises(trees.TooDeep):
        make_page(title="F", parent_id=line[-1].id)
    other = grown("X", "Y")
    with pytest.raises(trees.TooDeep):
        content.save(other[0], editor, parent_id=line[3].id)
    content.save(other[0], editor, parent_id=line[2].id)
    assert other[1].path == "a/b/c/x/y"


def test_what_a_page_stands_below_is_of_its_language_and_there(editor):
    about, gone = make_page(title="About"), make_page(title="Gone")
    with pytest.raises(trees.OtherLanguage):
        make_page(title="团队", language="zh_Hans_CN", parent_id=about.id)
    content.delete(gone, editor)
    for parent_id in (gone.id, 999):
        with pytest.raises(trees.ParentGone):
            make_page(parent_id=parent_id)


def test_a_slug_is_one_of_its_place(editor):
    about = make_page(title="About")
    assert make_page(title="About", parent_id=about.id).path == "about/about"
    assert make_page(title="About").path == "about-2"
    with pytest.raises(slugs.SlugTaken):
        content.create(Page, editor, title="x", slug="about")


def test_two_who_take_a_place_at_once_are_told_apart(each_ctx):
    ready, told = Barrier(2), []

    def write():
        with each_ctx.app_context():
            ready.wait()
            try:
                pages.create(None, title="About", slug="about")
                db.session.commit()
                told.append("about")
            except slugs.SlugTaken as refused:
                told.append(refused.facts["free"])

    threads = [Thread(target=write) for _one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["about", "about-2"]


@pytest.mark.parametrize("title", sorted(slugs.RESERVED))
def test_a_page_does_not_take_what_belongs_to_something_else(editor, title):
    page = make_page(title=title)
    assert page.slug == f"{title}-2"
    assert make_page(title=title, parent_id=page.id).slug == title


def test_pages_stand_in_the_order_that_they_are_given(each_ctx):
    parent, editor = make_page(), make_user("editor")
    a, b, c = (make_page(title=title, parent_id=parent.id) for title in "ABC")
    content.save(c, editor, position=1)
    assert trees.children(parent) == [c, a, b]
    content.save(c, editor, position=99)
    content.save(a, editor, title="A!", slug="a-new")
    assert trees.children(parent) == [a, b, c]
    assert [page.position for page in (a, b, c)] == [1, 2, 3]


def test_a_page_stays_in_its_place_where_one_before_it_has_left(editor):
    first, a, b, c = (make_page(editor, title=title) for title in ("First", "A", "B", "C"))
    content.save(first, editor, parent_id=c.id)
    content.save(a, editor, slug="another")
    assert [page.position for page in (a, b, c)] == [1, 2, 3]


def test_a_page_with_others_below_is_not_deleted(editor):
    about, team = grown("About", "Team")
    with pytest.raises(trees.HasChildren):
        content.delete(about, editor)
    content.delete(team, editor)
    with pytest.raises(trees.HasChildren):
        content.delete(about, editor)
    purge_page(team)
    content.delete(about, editor)
    purge_page(about)
    db.session.commit()
    assert db.session.query(Page).count() == 0


def test_a_page_comes_back_only_to_where_it_was(editor):
    page = make_page(title="About")
    content.delete(page, editor)
    content.restore_from_trash(page)
    assert addresses.find("/en/about") is page


def test_a_template_is_one_that_the_theme_has(editor):
    assert make_page(template="wide").template == "wide"
    with pytest.raises(pages.UnknownTemplate):
        make_page(template="../secret")


def test_a_page_has_revisions_too(editor):
    page = make_page(title="About")
    content.save(page, editor, title="About us", template="wide")
    content.restore(page, editor, 1)
    assert (page.title, page.template, page.path) == ("About", "page", "about")


# Categories


def test_categories_are_a_tree_whose_addresses_lead_on(each_ctx):
    travel = categories.create("Travel")
    asia = categories.create("Asia", parent=travel)
    assert addresses.of(asia) == "/en/categories/travel/asia"
    categories.save(travel, title="Journeys", slug="journeys", parent=None)
    db.session.commit()
    assert addresses.find("/en/categories/journeys/asia") is asia
    assert redirects.find("/en/categories/travel/asia") == "/en/categories/journeys/asia"
    with pytest.raises(trees.BelowItself):
        categories.save(travel, title="Lost", slug="journeys", parent=asia)
    with pytest.raises(trees.HasChildren):
        categories.remove(travel)
    with pytest.raises(NoTitle):
        categories.create(" ")
    db.session.commit()
    assert travel.title == "Journeys"
    categories.remove(asia)
    categories.remove(travel)
    assert db.session.query(Category).count() == 0


# Redirects by hand


def test_a_redirect_leads_in_one_step(each_ctx):
    redirects.add("/old", "/older")
    redirects.add("/older", "https://example.org/new")
    redirects.add("/oldest/", "/old")
    assert {redirects.find(path) for path in ("/old", "/older", "/oldest")} == {
        "https://example.org/new"
    }
    redirects.add("/old", "/elsewhere")
    assert redirects.find("/old") == "/elsewhere"


def test_a_redirect_follows_a_page_that_moves(editor):
    page = make_page(title="About")
    content.take(page, "publish", editor)
    redirects.add("/info", "/en/about")
    content.save(page, editor, slug="us")
    assert redirects.find("/info") == redirects.find("/en/about") == "/en/us"


def test_redirects_make_no_loop(each_ctx):
    redirects.add("/a", "/b")
    redirects.add("/b", "/c")
    for source, target in (("/c", "/a"), ("/c", "/b"), ("/x", "/x")):
        with pytest.raises(redirects.Loops):
            redirects.add(source, target)
    assert redirects.find("/c") is None


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [
        ("https://example.org/", "/a", redirects.NotOurs),
        ("//evil.example", "/a", redirects.NotOurs),
        ("/a", "//evil.example", redirects.NotAnAddress),
        ("/a", "/\\evil.example", redirects.NotAnAddress),
        ("/a", "javascript:alert(1)", redirects.NotAnAddress),
        ("/a", "https:///x", redirects.NotAnAddress),
        ("/a", "http://[", redirects.NotAnAddress),
        ("/a", "/" + "x" * 600, redirects.NotAnAddress),
        ("", "/a", redirects.NotOurs),
        ("/a", "", redirects.NotAnAddress),
        ("/a%00b", "/a", redirects.NotOurs),  # what no database keeps
        ("/a%0Ab", "/a", redirects.NotOurs),  # what nobody would ever ask for
        ("/%2Fevil.example", "/a", redirects.NotOurs),
        ("/a", "/b%00", redirects.NotAnAddress),
        ("/a", "/%2Fevil.example", redirects.NotAnAddress),
        ("/a", "/%5Cevil.example", redirects.NotAnAddress),
        ("/en/about", "/a", redirects.SomethingThere),
    ],
)
def test_a_redirect_that_cannot_be_is_refused(ctx, source, target, error):
    make_page(title="About")
    with pytest.raises(error):
        redirects.add(source, target)


# Menus


def test_a_menu_shows_what_is_live_in_its_order(each_ctx):
    editor, draft = make_user("editor"), make_page(title="Draft")
    page, article = make_page(title="About"), make_article(title="Harbour")
    for thing in (page, article):
        content.take(thing, "publish", editor)
    category = categories.create("Travel")
    menu = menus.get("main", "en")
    menus.put(
        menu,
        [
            {"page_id": page.id, "items": [{"article_id": article.id, "label": "News"}]},
            {"page_id": draft.id, "items": [{"article_id": article.id}]},
            {"category_id": category.id},
            {"address": "https://example.org/", "label": "Elsewhere"},
        ],
    )
    db.session.commit()
    news = menus.Entry("News", "/en/articles/harbour")
    assert menus.shown(menus.get("main", "en")) == [
        menus.Entry("About", "/en/about", [news]),
        menus.Entry("Travel", "/en/categories/travel"),
        menus.Entry("Elsewhere", "https://example.org/"),
    ]
    content.delete(page, editor)
    assert [entry.label for entry in menus.shown(menu)] == ["Travel", "Elsewhere"]
    menus.put(menu, [{"category_id": category.id, "label": "Trips"}])
    db.session.commit()
    assert menus.shown(menu) == [menus.Entry("Trips", "/en/categories/travel")]
    assert db.session.query(MenuItem).count() == 1


@pytest.mark.parametrize(
    ("items", "error"),
    [
        ([{"label": "x"}], menus.NoTarget),
        ([{"page_id": 1, "article_id": 1}], menus.NoTarget),
        ([{"address": "/a"}], menus.NoLabel),
        ([{"address": "javascript:alert(1)", "label": "x"}], redirects.NotAnAddress),
    ],
)
def test_a_menu_that_cannot_be_is_refused_and_the_old_one_stays(ctx, items, error):
    menu = menus.get("main", "en")
    menus.put(menu, [{"address": "/a", "label": "A"}])
    db.session.commit()
    with pytest.raises(error):
        menus.put(menu, [{"address": "/b", "label": "B"}, *items])
    db.session.commit()
    assert [entry.label for entry in menus.shown(menu)] == ["A"]


def test_a_menu_is_not_deeper_than_it_can_show(ctx):
    line = {"address": "/a", "label": "A"}
    three = [{**line, "items": [{**line, "items": [line]}]}]
    menus.put(menus.get("main", "en"), three)
    with pytest.raises(menus.MenuTooDeep):
        menus.put(menus.get("main", "en"), [{**line, "items": three}])
    with pytest.raises(UnknownLanguage):
        menus.get("main", "fr")


# Settings of the site


def test_settings_are_what_is_declared_until_they_are_set(each_ctx):
    admin = make_user("administrator")
    assert site_settings.read().articles_per_page == 12
    content.set_site(admin, articles_per_page=20, title={"en": "Harbour", "zh_Hans_CN": "港湾"})
    content.set_site(admin, articles_per_page=21)
    db.session.commit()
    assert site_settings.read().articles_per_page == 21
    assert site_settings.read().title["zh_Hans_CN"] == "港湾"


def test_a_setting_that_is_unknown_or_wrong_is_refused(ctx):
    with pytest.raises(site_settings.UnknownKey):
        site_settings.write(None, titel="x")
    for value in (0, 101, "20", None, True):
        with pytest.raises(site_settings.WrongValue) as refused:
            site_settings.write(None, cover_needed=True, articles_per_page=value)
        assert refused.value.field == "articles_per_page"
    assert not site_settings.read().cover_needed


def test_what_an_older_version_left_is_the_default(ctx, caplog):
    db.session.add(SiteSetting(key="gone", value=1))
    db.session.add(SiteSetting(key="articles_per_page", value="many"))
    db.session.commit()
    assert site_settings.read() == site_settings.SiteSettings()
    assert "articles_per_page, gone" in caplog.text


def test_only_administrators_set_the_site(editor):
    with pytest.raises(NotAllowed):
        content.set_site(editor, articles_per_page=20)


def test_the_state_of_a_page_is_of_its_own(editor):
    about, team = grown("About", "Team")
    content.take(team, "publish", editor)
    assert (about.state, team.state) == (State.DRAFT, State.PUBLISHED)
