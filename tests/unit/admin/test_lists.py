"""Lists: tabs, search, filters, sorting, pages, buttons, live rows."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from cms import clock
from cms.admin import counting, listing, lists
from cms.admin.columns import State, badge, time_tag
from cms.admin.listing import Listing, Tab
from cms.media.sizes import size_in_words
from cms.paging import Page
from tests.unit.admin import toy


def titles(answer):
    return re.findall(r'data-name="([^"]*)"', answer.text)


def add(app, count):
    with app.app_context():
        toy.db.session.add_all(
            toy.Photo(title=f"Photo {n}", owner_id=1, remarks=[toy.Remark(words="fine words")] * 1)
            for n in range(count)
        )
        toy.db.session.commit()


def test_newest_first(editor):
    assert titles(editor.get("/admin/photo/")) == ["Broken", "Teahouse 100%", "Harbour"]


def test_tabs_count_and_narrow(editor):
    answer = editor.get("/admin/photo/?tab=failed")
    assert titles(answer) == ["Broken"]
    assert re.findall(r'tab-count">(\d+)<', answer.text) == ["3", "2", "1"]


def test_tab_counts_follow_the_search(editor):
    answer = editor.get("/admin/photo/?search=harbour&tab=failed")
    assert re.findall(r'tab-count">(\d+)<', answer.text) == ["1", "1", "0"]


def test_an_empty_tab_says_what_that_means(toy_app, editor):
    with toy_app.app_context():
        toy.db.session.get(toy.Photo, 3).status = toy.Status.READY
        toy.db.session.commit()
    assert "No picture has failed." in editor.get("/admin/photo/?tab=failed").text
    assert "Nothing matches this search." in editor.get("/admin/photo/?search=zzz").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=harb", ["Harbour"]),
        ("search=HARB+our", ["Harbour"]),
        ("search=harb+tea", []),
        ("search=100%25", ["Teahouse 100%"]),
        ("search=%25", ["Teahouse 100%"]),
        ("search=_", []),
        ("search=li@example", ["Teahouse 100%"]),
        ("search=failed", ["Broken"]),
        ("flt7_size_in_list=10,20", ["Teahouse 100%", "Harbour"]),
        ("flt0_status_is=failed", ["Broken"]),
        ("flt9_status_is=failed", ["Broken"]),
        ("flt0_status_is=", ["Broken", "Teahouse 100%", "Harbour"]),
        ("flt4_size_is=20", ["Teahouse 100%"]),
        ("flt3_owner_email_has=anna", ["Broken", "Harbour"]),
        ("flt5_hidden_is=1", []),
        ("flt1_created_at_since=2000-01-01&flt2_created_at_until=2000-12-31", []),
        ("flt1_created_at_since=2000-01-01", ["Broken", "Teahouse 100%", "Harbour"]),
        ("sort=1", ["Broken", "Harbour", "Teahouse 100%"]),
        ("sort=1&desc=1", ["Teahouse 100%", "Harbour", "Broken"]),
        ("sort=4", ["Harbour", "Broken", "Teahouse 100%"]),
        ("sort=4&desc=1", ["Teahouse 100%", "Broken", "Harbour"]),
    ],
)
def test_searching_and_sorting(editor, query, found):
    assert titles(editor.get(f"/admin/photo/?{query}")) == found


def test_filters_across_relations_give_each_row_once(toy_app, editor):
    with toy_app.app_context():
        toy.db.session.get(toy.Photo, 1).remarks = [toy.Remark(words=f"fine {n}") for n in range(3)]
        toy.db.session.commit()
    answer = editor.get("/admin/photo/?flt6_remarks_words_has=fine")
    assert titles(answer) == ["Harbour"]
    assert re.findall(r'tab-count">(\d+)<', answer.text)[0] == "1"


def test_filter_names_are_the_same_in_every_language(client_of):
    names = []
    for language in ("en", "zh_Hans_CN"):
        client = client_of("editor")
        client.set_cookie("lang", language)
        names.append(re.findall(r'name="(flt[^"]+)"', client.get("/admin/photo/").text))
    assert names[0] == names[1]
    assert names[0][:3] == ["flt0_status_is", "flt1_created_at_since", "flt2_created_at_until"]


def test_a_wrong_filter_is_told_and_ignored(editor):
    answer = editor.get("/admin/photo/?flt4_size_is=many")
    assert "“many” was ignored" in answer.text
    assert len(titles(answer)) == 3


def test_everything_survives_turning_the_page(toy_app, editor):
    add(toy_app, 60)
    address = "/admin/photo/?tab=ready&search=photo&sort=1&desc=1&flt0_status_is=ready&page_size=50"
    text = editor.get(address).text.replace("&amp;", "&")
    link = re.search(r'href="([^"]*page=1[^"]*)" rel="next"', text)[1]
    for part in ("tab=ready", "search=photo", "sort=1", "desc=1", "flt0_status_is=ready",
                 "page_size=50"):  # fmt: skip
        assert part in link
    assert len(titles(editor.get(link))) == 10


def test_every_row_is_on_one_page(toy_app, editor):
    add(toy_app, 60)
    found = [
        t for page in range(3) for t in titles(editor.get(f"/admin/photo/?sort=3&page={page}"))
    ]
    assert len(found) == len(set(found)) == 63


def test_past_the_end_is_the_last_page(toy_app, editor):
    add(toy_app, 30)
    assert titles(editor.get("/admin/photo/?page=100000000000000000000"))[-1] == "Harbour"


def test_queries_do_not_grow_with_rows(toy_app, editor, statements):
    counts = []
    for more in (10, 90):
        add_more = more
        with toy_app.app_context():
            toy.db.session.add_all(
                toy.Photo(title=f"{more}-{n}", owner=toy.Person(email=f"{more}-{n}@e.org"))
                for n in range(add_more)
            )
            toy.db.session.commit()
        with statements() as sql:
            editor.get("/admin/photo/?page_size=100")
        counts.append(len(sql))
    assert counts[0] == counts[1] == 3  # the tabs, the rows, the choices of the owner


def test_only_the_part_that_changes(editor):
    whole, part = (editor.get(f"/admin/photo/?{query}") for query in ("", "part=rows"))
    assert titles(whole) == titles(part)
    assert "<html" not in part.text
    assert "<form" not in part.text
    assert "part=rows" not in part.text


def test_rows_carry_their_state(toy_app, editor):
    with toy_app.app_context():
        toy.db.session.get(toy.Photo, 1).status = toy.Status.PROCESSING
        toy.db.session.commit()
    text = editor.get("/admin/photo/").text
    first, third = (re.search(f'<tr [^>]*data-id="{key}"[^>]*>', text)[0] for key in (1, 3))
    assert 'data-state="processing" data-mark="processing" data-moving' in first
    assert 'data-state="failed" data-mark="failed"' in third
    assert "data-moving" not in third
    assert 'data-live-url="/admin/photo/status"' in text


def test_buttons_follow_row_and_permission(client_of):
    def buttons(who, title):
        text = client_of(who).get("/admin/photo/").text
        return re.findall(rf'class="row-button[^>]*aria-label="([^:]*): {title}"', text)

    assert buttons("editor", "Broken") == ["Retry", "View", "Edit", "Delete"]
    assert buttons("editor", "Harbour") == ["View", "Edit", "Delete"]
    assert buttons("viewer", "Harbour") == ["View"]
    assert buttons("author:1", "Harbour") == ["View", "Edit"]
    assert buttons("author:2", "Harbour") == ["View"]


def test_what_asks_first_is_dead_without_a_script(editor):
    text = editor.get("/admin/photo/").text
    for button in re.findall(r"<button[^>]*data-confirm=[^>]*>", text):
        assert " disabled" in button
    assert "Delete “Harbour”? This cannot be undone." in text


def test_counting_stops_where_nobody_turns_pages(toy_app, editor, monkeypatch):
    for module in (lists, listing):
        monkeypatch.setattr(module, "MOST_COUNTED", 40)
    add(toy_app, 60)
    text = editor.get("/admin/photo/").text
    assert re.findall(r'tab-count">([^<]+)<', text) == ["40+", "40+", "1"]
    assert "1–25 of 40+" in text
    assert re.findall(r'aria-label="(?:Page (\d+)|Last page)"', text) == ["1", "2", ""]


def test_what_was_too_much_to_count_is_not_counted_again_at_once(toy_app, editor, monkeypatch):
    for module in (lists, listing):
        monkeypatch.setattr(module, "MOST_COUNTED", 40)
    add(toy_app, 60)

    def counts():
        return re.findall(r'tab-count">([^<]+)<', editor.get("/admin/photo/").text)

    assert counts() == ["40+", "40+", "1"]
    with toy_app.app_context():
        for photo in toy.db.session.query(toy.Photo).filter(toy.Photo.id > 10):
            toy.db.session.delete(photo)
        toy.db.session.get(toy.Photo, 1).status = toy.Status.FAILED
        toy.db.session.commit()
    # The page that has no other after it shows all that there is, and nothing is too much.
    assert counts() == ["9", "40+", "2"]
    editor.post("/admin/photo/delete/", data={"id": "1"})
    assert counts() == ["8", "7", "1"]


def test_beyond_what_was_counted_one_can_go_on(toy_app, editor, monkeypatch):
    for module in (lists, listing):
        monkeypatch.setattr(module, "MOST_COUNTED", 40)
    add(toy_app, 100)
    last = titles(editor.get("/admin/photo/?page=4"))
    assert last == ["Teahouse 100%", "Harbour"] or len(last) == 3
    text = editor.get("/admin/photo/?page=3").text
    assert 'rel="next"' in text
    assert 'rel="next"' not in editor.get("/admin/photo/?page=4").text
    assert titles(editor.get("/admin/photo/?page=99999")) == titles(
        editor.get("/admin/photo/?page=-1")
    )
    assert titles(editor.get("/admin/photo/?page=-1"))[-len(last) :] == last


def test_counts_of_many_hits_are_kept_until_one_does_something(toy_app, editor, monkeypatch):
    for name in ("FEW", "LOOKED_AT"):
        monkeypatch.setattr(counting, name, 5)
    add(toy_app, 30)

    def counts(who):
        return re.findall(r'tab-count">([^<]+)<', who.get("/admin/photo/?search=o").text)

    assert counts(editor) == ["5+", "5+", "1"]
    with toy_app.app_context():
        toy.db.session.get(toy.Photo, 1).status = toy.Status.FAILED
        toy.db.session.commit()
    assert counts(editor) == ["5+", "5+", "1"]  # somebody else's doing
    monkeypatch.setattr(counting, "KEPT_SECONDS", 0)
    assert counts(editor) == ["5+", "5+", "2"]
    monkeypatch.setattr(counting, "KEPT_SECONDS", 1000)
    editor.post("/admin/photo/delete/", data={"id": "1"})
    assert counts(editor) == ["5+", "5+", "1"]


def test_links_meet_each_row_once_whatever_comes_in(toy_app, editor):
    add(toy_app, 120)
    text, found = editor.get("/admin/photo/").text, []
    while True:
        found += re.findall(r'data-name="([^"]*)"', text)
        link = re.search(r'href="([^"]*)" rel="next"', text)
        if link is None:
            break
        with toy_app.app_context():
            toy.db.session.add(toy.Photo(title=f"New {len(found)}", owner_id=1))
            toy.db.session.commit()
        text = editor.get(link[1].replace("&amp;", "&")).text
    assert len(found) == len(set(found)) == 123


def test_near_pages():
    def near(page, count, rows=()):
        args = type("Args", (), {"page": page})
        turned = Page(page, rows, ends=len(rows) < 10)
        return Listing(rows, args, Tab("a", ""), {"a": count}, 10, turned).near_pages()

    assert near(0, 5) == [0]
    assert near(0, 100) == [0, 1, 2, None, 9]
    assert near(5, 100) == [0, None, 3, 4, 5, 6, 7, None, 9]
    more = listing.MOST_COUNTED + 1
    assert near(5, more) == [0, None, 3, 4, 5, 6, 7, None, -1]
    assert near(2000, more, [0] * 10) == [0, None, 1998, 1999, 2000, 2001, None, -1]
    assert near(2000, more, [0] * 9) == [0, None, 1998, 1999, 2000]
    assert near(-1, more, [0] * 10) == [0, None, -3, -2, -1]
    assert near(-9, more, [0] * 10) == [0, None, -11, -10, -9, -8, -7, None, -1]


def test_drawing(toy_app):
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with toy_app.test_request_context(), clock.stopped_at(moment):
        assert ">2 hours ago</time>" in time_tag(moment - timedelta(hours=2))
        assert "Jan" in time_tag(moment - timedelta(days=50))
        assert 'datetime="2026-03-01T12:00:00+00:00"' in time_tag(moment)
        assert "&lt;b&gt;" in badge(State("<b>"))
        assert [size_in_words(n) for n in (0, 999, 1000, 1_440_000, 999_600, 5e15)] == [
            "0 bytes", "999 bytes", "1 kB", "1.4 MB", "1 MB", "5,000 TB"]  # fmt: skip
