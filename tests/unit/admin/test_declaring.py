"""Who sees which column and button, which rows may be ticked, and what headings tell."""

import re

import pytest

from tests.unit.admin import shop, toy


def titles(answer):
    return re.findall(r'data-name="([^"]*)"', answer.text)


# Columns that a role may not see


@pytest.mark.case(32)
@pytest.mark.parametrize("path", ["", "details/?id=2", "?part=rows", "?sort=8"])
def test_a_column_that_one_may_not_see_is_nowhere(shop_client, path):
    address = f"/admin/article/{path}"
    assert "Cost" in shop_client().get(address).text
    assert "Cost" not in shop_client("viewer").get(address).text


@pytest.mark.case(32)
def test_one_can_neither_sort_nor_search_by_it(shop_client):
    asked = {
        "sort=8&desc=1": shop_client("viewer").get("/admin/article/?sort=8&desc=1"),
        "search=34": shop_client("viewer").get("/admin/article/?search=34"),
        "flt6_cost_is=34": shop_client("viewer").get("/admin/article/?flt6_cost_is=34"),
        "flt7_find_in=cost:34": shop_client("viewer").get("/admin/article/?flt7_find_in=cost:34"),
    }
    newest_first = titles(shop_client("viewer").get("/admin/article/"))
    assert titles(asked["sort=8&desc=1"]) == newest_first
    assert titles(asked["search=34"]) == []
    assert titles(asked["flt6_cost_is=34"]) == newest_first
    assert titles(asked["flt7_find_in=cost:34"]) == newest_first
    for query in ("search=34", "flt6_cost_is=34", "flt7_find_in=cost:34"):
        assert titles(shop_client().get(f"/admin/article/?{query}")) == [
            "运河边的老茶馆 3"
        ], query  # fmt: skip


def test_a_column_has_the_same_number_for_everybody(shop_client):
    for who in ("editor", "viewer"):
        text = shop_client(who).get("/admin/article/").text
        assert re.search(r'href="[^"]*sort=11[^"]*">Created', text)


@pytest.mark.case(32)
def test_it_is_in_no_export(shop_app):
    may_see = [
        shop_app.articles.may_export_column("cost", toy.User(who)) for who in ("editor", "viewer")
    ]
    assert may_see == [True, False]


@pytest.mark.case(32)
def test_it_can_not_be_written(shop_app, shop_client, article, monkeypatch):
    monkeypatch.setattr(shop.ArticleView, "column_needs", {"cost": "delete"})
    form = {"title": "Lamp", "cost": "99", "stock": "1"}
    assert "Cost" not in shop_client("author:1").get("/admin/article/new/").text
    shop_client("author:1").post("/admin/article/new/", data=form)
    with shop_app.app_context():
        assert shop.db.session.query(shop.Article).filter_by(title="Lamp").one().cost == 0


def test_outside_a_request_nobody_sees_it(shop_app):
    assert not shop_app.articles.may_see("cost")
    assert shop_app.articles.may_see("title")
    assert "cost" not in dict(shop_app.articles._export_columns)


def test_a_job_asks_for_whom_it_writes_a_file(shop_app):
    editor, viewer = toy.User("editor"), toy.User("viewer")
    assert shop_app.articles.may_export_column("cost", editor)
    assert not shop_app.articles.may_export_column("cost", viewer)
    assert shop_app.articles.may_export_column("title", viewer)


# Buttons


def buttons(text, title):
    return re.findall(rf'class="row-button[^>]*aria-label="([^:]*): {title}"', text)


def test_buttons_follow_what_they_need(shop_client):
    assert buttons(shop_client().get("/admin/article/").text, "Lamp 1") == [
        "View", "Edit", "Shop", "Delete"]  # fmt: skip
    assert buttons(shop_client("viewer").get("/admin/article/").text, "Lamp 1") == ["View"]


def test_top_buttons_show_counts(shop_client):
    text = shop_client().get("/admin/article/").text
    shown = re.search(r'<div class="page-buttons">(.*?)</div>', text, re.DOTALL)[1]
    words = [" ".join(part.split()) for part in re.split(r"<[^>]+>", shown) if part.strip()]
    assert words == ["Add", "Locked", "(1)", "Unlock all", "(1)"]
    assert 'data-confirm="Unlock all?"' in shown
    assert "Unlock all" not in shop_client("viewer").get("/admin/article/").text


def test_a_top_button_posts(shop_client, article):
    back = {"url": "/admin/article/?tab=draft"}
    answer = shop_client().post("/admin/article/unlock", data=back)
    assert answer.location == back["url"]
    assert article(3)["status"] == "draft"
    text = shop_client().get("/admin/article/").text
    (form,) = re.findall(r'<form[^>]*action="/admin/article/unlock".*?</form>', text, re.DOTALL)
    assert '<button class="btn" disabled>' in form  # there is nothing left to unlock
    assert "(0)" in form


# Which rows may be ticked


def test_a_row_that_may_not_be_ticked_says_why(shop_client):
    text = shop_client().get("/admin/article/").text
    assert re.findall(r'name="rowid" value="(\d+)"', text) == ["2", "1"]
    assert (
        'disabled title="It is locked." aria-label="Tick: 运河边的老茶馆 3. It is locked."' in text
    )


def test_a_forged_tick_is_refused_in_words(shop_client, article):
    form = {"action": "publish", "rowid": ["1", "3"]}
    answer = shop_client().post("/admin/article/action/", data=form, follow_redirects=True)
    assert "“运河边的老茶馆 3” was left alone: It is locked." in answer.text
    assert "1 row done." in answer.text
    assert (article(1)["status"], article(3)["status"]) == ("out", "locked")


@pytest.mark.parametrize("action", ["publish", "delete"])
def test_where_nothing_may_be_ticked_nothing_is_done(shop_client, article, action):
    form = {"action": action, "rowid": "3"}
    before = article(3)
    answer = shop_client().post("/admin/article/action/", data=form, follow_redirects=True)
    assert "was left alone: It is locked." in answer.text
    assert "Tick at least one row first." not in answer.text
    assert article(3) == before


@pytest.mark.parametrize("given", ["03", " 3", "３"])
def test_another_spelling_of_an_id_is_no_way_round(shop_client, article, given):
    form = {"action": "publish", "rowid": given}
    shop_client().post("/admin/article/action/", data=form)
    assert article(3)["status"] == "locked"


def test_many_refusals_are_counted(shop_app, shop_client):
    with shop_app.app_context():
        for number in range(10, 16):
            shop.db.session.add(shop.Article(id=number, title=f"T{number}", status="locked"))
        shop.db.session.commit()
    form = {"action": "publish", "rowid": [str(number) for number in range(10, 16)]}
    answer = shop_client().post("/admin/article/action/", data=form, follow_redirects=True)
    assert answer.text.count("was left alone: It is locked.") == 3
    assert "3 more were left alone." in answer.text


# Headings


def test_a_heading_explains_itself(shop_client):
    text = shop_client().get("/admin/article/").text
    tip = re.search(r'<button type="button" class="tip"[^>]*popovertarget="(tip-\d+)"[^>]*>', text)
    assert 'aria-label="What “Stock” means"' in tip[0]
    assert f'id="{tip[1]}" popover>How many are left.<' in text


@pytest.mark.case(36)
def test_markup_in_an_explanation_is_inert(shop_client):
    assert "&lt;b&gt;What&lt;/b&gt; we pay." in shop_client().get("/admin/article/").text


def test_the_order_from_the_start_is_shown_and_turned(shop_app, shop_client, monkeypatch):
    monkeypatch.setattr(shop.ArticleView, "column_default_sort", "title")
    heading = re.search(
        r"<th[^>]*>(?:(?!</th>).)*>Title", shop_client().get("/admin/article/").text, re.DOTALL
    )
    assert 'aria-sort="ascending"' in heading[0].rpartition("<th")[2]
    assert "desc=1" in heading[0].rpartition("<th")[2]
