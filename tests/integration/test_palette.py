"""The command palette: what it finds, in which words, and for whom."""

import pytest
from sqlalchemy import select

from cms.admin import palette
from cms.extensions import db
from cms.jobs.models import Job
from tests.factories import make_picture, make_user
from tests.queries import statements

CHINESE = {"Accept-Language": "zh-CN"}


@pytest.fixture
def ask(client):
    """Ask the palette for words; return its lines as `group: before › words`."""

    def go(words="", **headers):
        answer = client.get("/admin/palette", query_string={"q": words}, headers=headers)
        assert answer.status_code == 200
        return [
            f"{line['group']}: {' › '.join([*line['before'], line['words']])}"
            for line in answer.json["entries"]
        ]

    return go


def test_without_words_it_shows_each_screen_and_what_can_be_done(log_in, ask):
    log_in("administrator")
    shown = ask()
    for line in ("Go to: Dashboard", "Go to: Pictures", "Go to: Queue", "Do: Upload pictures",
                 "Do: Pause all jobs", "Do: Webhooks › Add", "Do: Change password"):  # fmt: skip
        assert line in shown


@pytest.mark.parametrize("headers", [{}, CHINESE])
@pytest.mark.parametrize("words", ["failed pict", "图片 失败", "PICTURES Failed"])
def test_words_of_either_language_find_in_either_language(log_in, ask, words, headers):
    log_in("editor")
    place = "Go to: Pictures › Failed" if not headers else "图片 › 失败"
    assert any(line.endswith(place) for line in ask(words, **headers))


def test_what_begins_with_the_words_comes_first(log_in, ask):
    log_in("administrator")
    found = ask("job")
    assert found[0] == "Go to: Jobs"
    assert "Do: Pause all jobs" in found


def test_pictures_jobs_and_notifications_are_found_by_their_own_search(log_in, ask):
    image = make_picture(filename="harbour.jpg")
    db.session.commit()
    log_in("administrator")
    assert ask("harb") == ["Pictures: harbour"]
    job = db.session.scalar(select(Job).where(Job.subject_id == str(image.id)))
    assert ask(job.id) == ["Jobs: Process a picture"]


def test_a_button_above_a_list_is_pressed_unless_it_asks_first(client, log_in):
    log_in("administrator")
    lines = client.get("/admin/palette").json["entries"]
    offered = {(*line["before"], line["words"]): line for line in lines if line["group"] == "Do"}
    export = offered["Whole sites", "Export this site"]
    assert client.post(export["url"], data=export["fields"]).status_code == 302
    assert ("Log-ins", "End all others") not in offered
    for line in offered.values():
        if line["fields"] is None:
            assert client.get(line["url"].partition("#")[0]).status_code == 200, line["url"]


def test_few_rows_are_found_however_many_there_are(log_in, ask):
    for _number in range(palette.MOST_ROWS + 2):
        make_picture(filename="meadow.jpg")
    db.session.commit()
    log_in("editor")
    assert ask("meadow") == ["Pictures: meadow"] * palette.MOST_ROWS


def test_rows_are_looked_for_in_the_index_of_their_texts(log_in, ask):
    make_picture(filename="harbour.jpg")
    db.session.commit()
    log_in("editor")
    with statements() as sql:
        assert ask("nowhere") == []
    assert [it for it in sql if "FROM image" in it and "LIKE" in it] == []
    assert ask("arbo") == ["Pictures: harbour"]
    assert "Pictures: harbour" in ask("ha")  # too short for the index
    assert not [line for line in ask("h") if line.startswith("Pictures: ")]


@pytest.mark.parametrize(
    ("role", "offered", "withheld"),
    [
        ("viewer", "Go to: Pictures", "Do: Upload pictures"),
        ("author", "Do: Upload pictures", "Do: Retry every failed picture"),
        ("editor", "Do: Retry every failed picture", "Go to: Queue"),
        ("editor", "Go to: Jobs", "Do: Pause all jobs"),
    ],
)
def test_people_are_offered_what_they_may_do(log_in, ask, role, offered, withheld):
    log_in(role)
    assert offered in ask()
    assert withheld not in ask()


@pytest.mark.parametrize(
    ("role", "page"), [("viewer", "details"), ("author", "details"), ("editor", "edit")]
)
def test_a_picture_leads_where_the_person_may_go(client, log_in, role, page):
    image = make_picture(filename="harbour.jpg", owner=make_user("editor"))
    db.session.commit()
    log_in(role)
    (line,) = client.get("/admin/palette?q=harbour").json["entries"]
    assert line["url"] == f"/admin/image/{page}/?id={image.id}"


@pytest.mark.parametrize("words", ["%", "' OR 1=1 --", "\\", "x" * 5000, "<b>", " "])
def test_odd_words_are_looked_for_like_others(log_in, ask, words):
    log_in("editor")
    ask(words)


def test_words_that_cannot_be_kept_are_refused(client, log_in):
    log_in("editor")
    assert client.get("/admin/palette?q=%00").status_code == 400


def test_strangers_are_told_nothing(client):
    answer = client.get("/admin/palette", headers={"Accept": "application/json"})
    assert answer.status_code == 401
