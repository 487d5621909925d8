"""Articles, from the first word to the trash. On each database, where SQL differs."""

from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from cms import fulltext, trash
from cms.audit.models import AuditEntry
from cms.content import (
    addresses,
    articles,
    categories,
    pages,
    redirects,
    revisions,
    slugs,
    writing,
)
from cms.content.articles import NoSuchCategory
from cms.content.errors import Conflict, NoTitle, TooLong, UnknownLanguage
from cms.content.models import Article, ReviewComment, Revision, State, Tag
from cms.editorial import content
from cms.editorial import trash as pictures_trash
from cms.errors import NotAllowed, NotFound
from cms.extensions import db
from cms.media import usage
from cms.tasks.content import purge_article
from cms.tasks.trash import NotInTrash
from tests.factories import make_article, make_page, make_picture, make_user


@pytest.fixture
def author(ctx):
    return make_user("author")


@pytest.fixture
def editor(ctx):
    return make_user("editor")


# Writing


def test_an_article_keeps_what_it_was_given_cleaned(each_ctx):
    by, cover = make_user("author"), make_picture()
    article = content.create(
        Article, by, title="  Harbour \n at dawn ", summary=" A bay. \0", cover_id=cover.id,
        body="<p>Boats<script>alert(1)</script></p>", tags=["sea", "Sea ", "海"],
        seo_title="Harbour", seo_description="A quiet bay",
    )  # fmt: skip
    db.session.commit()

    found = db.session.get(Article, article.id, populate_existing=True)
    assert (found.title, found.slug, found.language) == ("Harbour at dawn", "harbour-at-dawn", "en")
    assert (found.summary, found.body, found.plain) == ("A bay.", "<p>Boats</p>", "Boats")
    assert (found.owner, found.state, found.version) == (by, State.DRAFT, 1)
    assert [tag.title for tag in found.tags] == ["sea", "海"]
    assert addresses.of(found) == "/en/articles/harbour-at-dawn"
    assert addresses.find("/en/articles/harbour-at-dawn") is found
    assert db.session.query(AuditEntry).filter_by(action="create").one().thing_kind == "article"


def test_tags_are_shared_within_a_language(ctx):
    first, second = make_article(tags=["Sea"]), make_article(tags=["sea", "sand"])
    make_article(tags=["sea"], language="zh_Hans_CN")
    assert first.tags[0] in second.tags
    assert db.session.query(Tag).count() == 3


@pytest.mark.parametrize(
    ("given", "error", "field"),
    [
        ({"title": "  "}, NoTitle, "title"),
        ({"title": "x" * 256}, TooLong, "title"),
        ({"summary": "x" * 2001}, TooLong, "summary"),
        ({"tags": ["x" * 101]}, TooLong, "tags"),
        ({"language": "fr"}, UnknownLanguage, "language"),
        ({"category_id": 99}, NoSuchCategory, "category"),
        ({"cover_id": 99}, content.NoSuchPicture, "cover"),
        ({"slug": "a b"}, slugs.SlugInvalid, "slug"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(author, given, error, field):
    with pytest.raises(error) as refused:
        content.create(Article, author, **{"title": "Harbour", **given})
    assert refused.value.field == field
    assert db.session.query(Article).count() == 0


def test_a_refused_save_leaves_all_as_it_was(ctx):
    make_article(title="Taken")
    article = make_article(title="Harbour", tags=["sea"])
    db.session.commit()
    with pytest.raises(slugs.SlugTaken):
        content.save(article, article.owner, title="Other", tags=[], slug="taken")
    db.session.commit()
    assert (article.title, [tag.title for tag in article.tags]) == ("Harbour", ["sea"])
    assert (article.version, db.session.query(Revision).count()) == (1, 2)


def test_a_field_that_there_is_not_is_a_mistake_of_the_program(author):
    with pytest.raises(TypeError):
        content.create(Article, author, title="Harbour", titel="Hafen")


@pytest.mark.case(39)
def test_the_second_of_two_who_save_is_told(ctx):
    article = make_article()
    seen = article.version
    content.save(article, article.owner, seen=seen, title="First")
    with pytest.raises(Conflict):
        content.save(article, article.owner, seen=seen, title="Second")
    assert (article.title, article.version) == ("First", 2)


# Slugs


def test_a_slug_is_one_of_its_language(each_ctx):
    first, second = make_article(title="Harbour"), make_article(title="Harbour")
    other = make_article(title="Harbour", language="zh_Hans_CN")
    assert [one.slug for one in (first, second, other)] == ["harbour", "harbour-2", "harbour"]
    third = make_article(title="Haven")
    with pytest.raises(slugs.SlugTaken) as refused:
        content.save(third, third.owner, slug="harbour")
    assert refused.value.facts == {"slug": "harbour", "free": "harbour-3"}


def test_what_is_in_the_trash_keeps_its_slug(ctx):
    article = make_article(title="Harbour")
    content.delete(article, article.owner)
    assert make_article(title="Harbour").slug == "harbour-2"


def test_two_who_take_a_slug_at_once_are_told_apart(each_ctx):
    by = make_user("author")
    db.session.commit()
    ready, taken, key = Barrier(2), [], by.id

    def write():
        with each_ctx.app_context():
            ready.wait()
            try:
                articles.create(None, title="Harbour", slug="harbour")
                db.session.commit()
                taken.append("harbour")
            except slugs.SlugTaken as refused:
                taken.append(refused.facts["free"])

    threads = [Thread(target=write) for _one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == ["harbour", "harbour-2"], key
    assert db.session.query(Article).count() == 1


@pytest.mark.parametrize("make", [make_article, make_page])
def test_two_who_translate_a_text_at_once_are_told_apart(each_ctx, make):
    first = make()
    model, key, ready, told = type(first), first.id, Barrier(2), []
    kind = {make_article: articles, make_page: pages}[make]
    db.session.commit()

    def write(title):
        with each_ctx.app_context():
            original = db.session.get(model, key)
            ready.wait()
            try:
                kind.create(None, title=title, language="zh_Hans_CN", translation_of=original)
                db.session.commit()
                told.append("written")
            except writing.Translated as refused:
                told.append(refused.field)

    threads = [Thread(target=write, args=(title,)) for title in ("港口", "海港")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["language", "written"]


def test_a_tag_that_differs_by_an_accent_is_no_accident(each_ctx):
    first, second = make_article(tags=["Cafe"]), make_article(tags=["Café"])
    db.session.commit()
    assert len(first.tags) == len(second.tags) == 1


@pytest.mark.parametrize(
    "address", ["/en/articles/%00", "/fr/articles/x", "/en", "/", "", "/en/x%0a"]
)
def test_nothing_is_at_an_address_of_none(each_ctx, address):
    assert addresses.find(address) is None
    assert redirects.find(address) is None


# Redirects


def published(**fields):
    article = make_article(**fields)
    content.take(article, "publish", make_user("editor"))
    return article


def test_an_old_address_leads_to_where_the_article_is_now(each_ctx):
    article = published(title="First")
    for slug in ("second", "third"):
        content.save(article, make_user("editor"), slug=slug)
    assert redirects.find("/en/articles/first") == "/en/articles/third"
    assert redirects.find("/en/articles/second/") == "/en/articles/third"
    assert redirects.find("/en/articles/third") is None


def test_going_back_to_an_old_address_makes_no_loop(ctx):
    article, editor = published(title="First"), make_user("editor")
    content.save(article, editor, slug="second")
    content.save(article, editor, slug="first")
    assert redirects.find("/en/articles/second") == "/en/articles/first"
    assert redirects.find("/en/articles/first") is None


def test_what_comes_to_an_old_address_is_found_there(ctx):
    article = published(title="First")
    content.save(article, make_user("editor"), slug="second")
    new = make_article(title="First")
    assert redirects.find("/en/articles/first") == "/en/articles/second", "a draft hides nothing"
    content.take(new, "publish", make_user("editor"))
    assert redirects.find("/en/articles/first") is None
    assert addresses.find("/en/articles/first") is new


def test_what_the_public_never_saw_leaves_nothing_behind(ctx):
    article = make_article(title="First")
    content.save(article, article.owner, slug="second")
    assert redirects.find("/en/articles/first") is None


# Revisions


def test_each_save_that_changes_something_is_kept(each_ctx):
    article = make_article(title="Harbour", body="<p>Dawn</p>")
    by = article.owner
    assert content.save(article, by, title="Harbour", body="<p>Dawn</p>") is None
    changed = content.save(article, by, body="<p>Dusk</p>", tags=["海"])
    db.session.commit()

    last, first = revisions.of(article, 10)
    assert (last, last.number, last.changed, last.by) == (changed, 2, ["body", "tags"], by)
    assert first.changed == ["title", "slug", "body"]
    assert article.version == 2


def test_an_older_revision_comes_back_as_a_new_one(ctx):
    cover = make_picture()
    article = make_article(title="Harbour", tags=["sea"], cover_id=cover.id)
    by = article.owner
    content.save(article, by, title="Haven", tags=["sand"], slug="haven", cover_id=None)
    made = content.restore(article, by, 1, seen=2)

    assert (made.number, made.restored_from) == (3, 1)
    assert (article.title, [tag.title for tag in article.tags]) == ("Harbour", ["sea"])
    assert (article.cover_id, article.slug) == (cover.id, "haven"), "its address stays"
    assert content.restore(article, by, 3) is None
    with pytest.raises(NotFound):
        content.restore(article, by, 99)


def test_a_category_that_is_gone_does_not_come_back(ctx):
    category = categories.create("Travel")
    article = make_article(category_id=category.id)
    content.save(article, article.owner, category_id=None, title="Other")
    categories.remove(category)
    content.restore(article, article.owner, 1)
    assert article.category_id is None


def test_a_cover_that_is_gone_does_not_come_back(ctx):
    cover, by = make_picture(), make_user("author")
    article = make_article(by, cover_id=cover.id)
    content.save(article, by, cover_id=None, title="Other")
    pictures_trash.delete_picture(cover, None)
    db.session.expire_all()
    content.restore(article, by, 1)
    assert article.cover_id is None


def test_two_revisions_are_compared_in_words(ctx):
    picture = make_picture()
    article = make_article(
        title="Harbour at dawn", body="<p>Boats come in.</p><p>海面与远处的岛屿</p><p>End</p>"
    )
    content.save(
        article, article.owner, title="Harbour at dusk", tags=["sea"],
        body="<p>Boats go out.</p><p>海面与近处的岛屿</p>"
        f'<p><img data-picture="{picture.id}" alt="A bay"></p><p>End</p>',
    )  # fmt: skip
    last, first = revisions.of(article, 2)
    changes = {change.field: change.lines for change in revisions.difference(first, last)}

    def told(lines):
        signs = {"same": "{}", "added": "+{}+", "removed": "-{}-"}
        return [
            "".join(signs[part.kind].format(part.words) for part in line.parts) for line in lines
        ]

    assert set(changes) == {"title", "body", "tags"}
    assert told(changes["title"]) == ["Harbour at -dawn-+dusk+"]
    assert told(changes["tags"]) == ["+sea+"]
    assert told(changes["body"]) == [
        "Boats -come-+go+ -in-+out+.", "海面与-远-+近+处的岛屿", "+A bay+", "End"
    ]  # fmt: skip
    assert [line.image_id for line in changes["body"]] == [None, None, picture.id, None]
    assert [line.changed for line in changes["body"]] == [True, True, True, False]


# Translations


def test_translations_find_each_other(each_ctx):
    english = make_article(title="Harbour")
    chinese = make_article(title="港湾", language="zh_Hans_CN", translation_of=english)
    assert writing.translations_of(english) == {"zh_Hans_CN": chinese}
    assert writing.translations_of(chinese) == {"en": english}
    with pytest.raises(writing.Translated):
        make_article(language="zh_Hans_CN", translation_of=english)


# Categories


def test_a_category_that_goes_leaves_its_articles(each_ctx):
    category = categories.create("Travel")
    article = make_article(category_id=category.id)
    db.session.commit()
    categories.remove(category)
    db.session.commit()
    db.session.expire_all()
    assert article.category is None


def test_a_category_is_of_the_language_of_its_articles(ctx):
    category = categories.create("旅行", language="zh_Hans_CN")
    with pytest.raises(NoSuchCategory):
        make_article(category_id=category.id)


# Pictures


def test_a_picture_that_an_article_shows_is_not_deleted(each_ctx):
    cover, inside, free = make_picture(), make_picture(), make_picture()
    article = make_article(
        title="Harbour", cover_id=cover.id,
        body=f'<p><img data-picture="{inside.id}" alt=""><img data-picture="999999" alt=""></p>',
    )  # fmt: skip
    db.session.commit()
    use = [usage.Use("article", article.id, "Harbour", article.owner_id, live=False)]
    assert usage.uses_of([cover.id, inside.id, free.id]) == {cover.id: use, inside.id: use}
    used = db.session.scalars(sa.select(pictures_trash.Image.id).where(usage.is_used())).all()
    assert sorted(used) == sorted([cover.id, inside.id])
    with pytest.raises(usage.StillUsed):
        pictures_trash.delete_picture(inside, None)

    others = [make_article(title=f"Pier {n}", cover_id=cover.id) for n in range(9)]
    db.session.commit()
    ids = sorted(it.id for it in (article, *others))
    found = usage.uses_of([cover.id, inside.id], 5)
    assert [it.id for it in found[cover.id]] == ids[:5]  # of a picture of many, the first ones
    assert found[inside.id] == use
    assert [it.id for it in usage.uses_of([cover.id], 20)[cover.id]] == ids
    for it in others:
        db.session.delete(it)
    content.save(article, article.owner, body="<p>Without</p>")
    pictures_trash.delete_picture(inside, None)


def test_what_an_article_in_the_trash_shows_is_kept_for_its_return(ctx):
    cover = make_picture()
    article = make_article(cover_id=cover.id)
    content.delete(article, article.owner)
    with pytest.raises(usage.StillUsed):
        pictures_trash.delete_picture(cover, None)


# Who may


def test_an_author_changes_only_own_drafts(author):
    article, others = make_article(author), make_article()
    with pytest.raises(NotAllowed):
        content.save(others, author, title="Mine")
    content.take(article, "submit", author)
    for state in (State.REVIEW, State.PUBLISHED):
        article.state = state
        with pytest.raises(NotAllowed):
            content.save(article, author, title="Other")
        with pytest.raises(NotAllowed):
            content.delete(article, author)
    with pytest.raises(NotAllowed):
        content.take(article, "archive", author)


def test_an_editor_hands_an_article_to_another_author(author, editor):
    article, other = make_article(author), make_user("author")
    with pytest.raises(NotAllowed):
        content.hand_over(article, author, other)
    with pytest.raises(content.NoAuthor):
        content.hand_over(article, editor, make_user("viewer"))
    content.hand_over(article, editor, other)
    assert content.may_edit(article, other)
    assert not content.may_edit(article, author)


def test_each_role_sees_what_it_may(ctx, author, editor):
    draft, others, live = make_article(author), make_article(), published()
    people = {"viewer": make_user("viewer"), "author": author, "editor": editor}
    seen = {
        role: set(db.session.scalars(sa.select(Article.id).where(content.visible(Article, who))))
        for role, who in people.items()
    }
    assert seen == {
        "viewer": {live.id},
        "author": {draft.id, live.id},
        "editor": {draft.id, others.id, live.id},
    }
    with pytest.raises(NotFound):
        content.find(Article, others.id, author)
    with pytest.raises(NotAllowed):
        content.create(Article, make_user("viewer"), title="x")


# The trash


def test_an_article_comes_back_as_a_draft(ctx, editor):
    article = published()
    content.delete(article, editor)
    db.session.commit()
    assert db.session.query(Article).count() == 0
    content.restore_from_trash(article)
    assert (article.state, article.in_trash) == (State.DRAFT, False)
    with pytest.raises(NotInTrash):
        content.restore_from_trash(article)


def test_what_is_deleted_for_good_leaves_nothing(each_ctx):
    editor, article = make_user("editor"), published(title="First", tags=["sea"])
    content.save(article, editor, slug="second")
    content.comment(article, editor, "Good.")
    content.delete(article, editor)
    db.session.commit()
    purge_article(article)
    db.session.commit()

    with trash.included():
        left = [db.session.query(model).count() for model in (Article, Revision, ReviewComment)]
    assert left == [0, 0, 0]
    assert redirects.find("/en/articles/first") is None


# Searching


def test_articles_are_found_by_their_text(each_ctx):
    article = make_article(title="Harbour", body="<p>运河边的<b>老茶馆</b></p>")
    make_article()
    db.session.commit()
    found = fulltext.keys(db.session, "article", ["边的老茶"], 10)
    assert found in ([article.id], None), "None where the database has no index"
    content.save(article, article.owner, body="<p>Gone</p>")
    db.session.commit()
    assert fulltext.keys(db.session, "article", ["边的老茶"], 10) in ([], None)
