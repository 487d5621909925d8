"""The trash: what is deleted is out of sight, comes back whole, and goes for good in time."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from cms import clock, trash
from cms.audit.models import AuditEntry
from cms.config import settings
from cms.editorial import trash as acts
from cms.extensions import db
from cms.jobs import selections
from cms.jobs.models import Job, JobState
from cms.media import files, health, lookalikes, services, survey, usage
from cms.media.models import Image, ImageStatus, Rendition
from cms.tasks import huey
from cms.tasks.trash import purge_trash
from tests import pictures
from tests.factories import form_file, make_picture

LIST, TRASH = "/admin/image/", "/admin/image/trash/"
JSON = {"Accept": "application/json"}
DAYS = 30


@pytest.fixture
def image(each_ctx, run_jobs):
    """A ready picture on each database."""
    image = make_picture(pictures.jpeg(300, 200), "harbour.jpg")
    db.session.commit()
    run_jobs()
    return image


@pytest.fixture
def deleted(image):
    acts.delete_picture(image, None)
    db.session.commit()
    return image


@pytest.fixture
def shown(ctx, run_jobs):
    """A ready picture, for the screens."""
    image = make_picture(pictures.jpeg(300, 200), "harbour.jpg")
    db.session.commit()
    run_jobs()
    return image


def nowhere(_done, _total):
    pass


def found(number):
    db.session.expunge_all()
    return db.session.get(Image, number)


# What is left out, in one place


def test_what_is_in_the_trash_is_in_no_query(deleted):
    number, asked = deleted.id, select(Image.id)
    assert found(number) is None
    assert db.session.scalars(asked).all() == db.session.query(Image).all() == []
    assert db.session.scalar(select(func.count()).select_from(Image)) == 0
    assert db.session.scalar(select(func.count()).select_from(asked.subquery())) == 0
    assert db.session.scalars(select(Rendition.id).join(Rendition.image)).all() == []
    with trash.included():
        assert db.session.scalars(asked).all() == [number]
        assert db.session.scalar(select(func.count()).select_from(asked.subquery())) == 1
        assert found(number).in_trash


def test_an_insert_takes_nothing_from_the_trash(deleted):
    act = selections.find("image", "retry")
    _selection, count = selections.choose(act, select(Image.id), None)
    assert count == 0


def test_nobody_counts_or_compares_it(deleted):
    assert services.count_by_status()[ImageStatus.READY] == 0
    assert services.newest_ready(10) == []
    assert health.counts(10)["pictures"] == 0
    assert lookalikes.same_file(deleted.sha256) == []


def test_what_looked_like_it_is_by_itself(each_ctx, run_jobs):
    data = pictures.jpeg(300, 200)
    first, second = make_picture(data), make_picture(data)
    db.session.commit()
    run_jobs()
    assert first.look_id == second.look_id is not None
    acts.delete_picture(first, None)
    db.session.commit()
    assert second.look_id is None

    acts.restore_picture(first)
    db.session.commit()
    db.session.refresh(second)
    assert first.look_id == second.look_id is not None


# Files


def test_its_files_are_kept_and_served_to_nobody_until_it_is_restored(image, each_ctx):
    client = each_ctx.test_client()

    def answers():
        codes = set()
        for rendition in image.renditions:
            with client.get(f"/media/{rendition.key}") as answer:
                codes.add(answer.status_code)
        return codes

    acts.delete_picture(image, None)
    db.session.commit()
    assert answers() == {404}

    acts.restore_picture(image)
    db.session.commit()
    assert answers() == {200}


def test_its_files_go_after_the_commit_when_it_is_purged(deleted):
    keys = [deleted.key, *(rendition.key for rendition in deleted.renditions)]
    acts.purge_picture(deleted)
    assert all(files.storage().exists(key) for key in keys)
    db.session.rollback()
    assert all(files.storage().exists(key) for key in keys)

    acts.purge_picture(deleted)
    db.session.commit()
    assert not any(files.storage().exists(key) for key in keys)


@pytest.mark.case(12)
def test_a_file_that_another_row_uses_stays(deleted):
    shared = deleted.renditions[0].key
    other = make_picture(pictures.jpeg(80, 60))
    other.key = shared
    db.session.commit()
    acts.purge_picture(deleted)
    db.session.commit()
    assert files.storage().exists(shared)


def test_the_survey_counts_the_trash_by_itself_and_takes_none_of_its_files(deleted):
    survey.take(nowhere)
    figures = survey.figures_of(survey.newest())
    size = deleted.size + sum(rendition.size for rendition in deleted.renditions)
    assert (figures.pictures, figures.renditions, figures.originals_size) == (0, 0, 0)
    assert figures.renditions_size == figures.strays == 0
    assert (figures.trashed, figures.trashed_size) == (1, size)

    files.storage().delete(deleted.key)
    survey.take(nowhere)
    assert survey.figures_of(survey.newest()).lost_originals == []
    assert survey.keys_in_use({deleted.key}) == {deleted.key}


# Jobs


@pytest.mark.case(14)
def test_its_job_is_moot_and_is_submitted_again_when_it_is_restored(each_ctx, run_jobs):
    image = make_picture(pictures.jpeg(300, 200))
    db.session.commit()
    acts.delete_picture(image, None)
    db.session.commit()
    run_jobs()
    assert [job.state for job in db.session.query(Job)] == [JobState.MOOT]

    acts.restore_picture(image)
    db.session.commit()
    run_jobs()
    assert image.status == ImageStatus.READY
    assert image.renditions


def test_one_that_is_deleted_while_it_is_worked_on_is_left_alone(each_ctx):
    image = make_picture(pictures.jpeg(300, 200))
    db.session.commit()
    aim = services.aim_of(image)
    acts.delete_picture(image, None)
    db.session.commit()
    assert services.has_moved_on(image, aim)
    assert services.begin_processing(image.id) is None


def test_what_a_restored_picture_lacks_is_made(deleted, run_jobs):
    deleted.renditions.pop()
    db.session.commit()
    jobs = db.session.query(Job).count()
    acts.restore_picture(deleted)
    db.session.commit()
    assert db.session.query(Job).count() == jobs + 1


# Time


def test_it_goes_for_good_after_so_many_days(deleted, run_jobs):
    at = deleted.deleted_at
    assert deleted.purged_at == at + timedelta(days=DAYS)
    for days, left in ((DAYS, 1), (DAYS + 1, 0)):
        with clock.stopped_at(at + timedelta(days=days)):
            purge_trash.submit()
            db.session.commit()
            run_jobs()
        with trash.included():
            assert db.session.query(Image).count() == left
    assert db.session.query(AuditEntry).filter_by(action="purge").one().user_id is None
    assert settings().trash_days == DAYS
    assert huey.kinds["purge_trash"].schedule


def test_what_is_used_by_now_stays(deleted, run_jobs):
    @usage.of("toy", keys=lambda: select(Image.id))
    def _pages(image_ids, _most):
        yield from ((number, 1, "Home", None, True) for number in image_ids)

    try:
        with clock.stopped_at(deleted.deleted_at + timedelta(days=DAYS + 1)):
            purge_trash.submit()
            db.session.commit()
            run_jobs()
        with trash.included():
            assert db.session.query(Image).count() == 1
    finally:
        usage.forget("toy")


def test_what_was_restored_meanwhile_is_not_purged(image):
    with pytest.raises(acts.NotInTrash):
        acts.purge_picture(image)
    with pytest.raises(acts.NotInTrash):
        acts.restore_picture(image)
    assert found(image.id) is not None


# The screens


def press(client, address, **form):
    """Post a form, and return the page that it leads to."""
    return client.post(address, data=form, follow_redirects=True).text


def undo_of(page):
    """What the button Undo of a page sends."""
    form = re.search(r'<form class="notice-undo".*?</form>', page, re.DOTALL)[0]
    address = re.search(r'action="([^"]+)"', form)[1]
    return address, re.findall(r'name="id" value="(\d+)"', form)


def test_what_is_deleted_is_taken_back_by_undo(client, log_in, shown):
    log_in("editor")
    page = press(client, f"{LIST}delete/", id=shown.id, url=LIST)
    assert "“harbour” was moved to the trash." in page
    address, ids = undo_of(page)
    page = press(client, address, id=ids, url=LIST)
    assert "“harbour” was restored." in page
    assert found(shown.id) is not None


def test_the_ticked_ones_are_taken_back_together(client, log_in, shown):
    log_in("editor")
    other = make_picture(filename="pier.jpg")
    db.session.commit()
    form = {"action": "delete", "rowid": [shown.id, other.id]}
    page = press(client, f"{LIST}action/", url=LIST, **form)
    assert "2 were moved to the trash." in page
    address, ids = undo_of(page)
    assert set(ids) == {str(shown.id), str(other.id)}
    assert "2 were restored." in press(client, address, id=ids, url=LIST)
    assert db.session.query(Image).count() == 2


def test_the_trash_tells_who_deleted_it_and_when_it_goes(client, log_in, shown):
    user = log_in("editor")
    client.post(f"{LIST}delete/", data={"id": shown.id})
    page = client.get(TRASH).text
    assert "harbour" in page
    assert user.email in page
    assert "in 30 days" in page
    with clock.stopped_at(clock.now() + timedelta(days=29, hours=1)):
        assert "in 1 day" in client.get(TRASH).text
    with clock.stopped_at(clock.now() + timedelta(days=31)):
        assert "tonight" in client.get(TRASH).text
    with client.get(f"{TRASH}preview?id={shown.id}") as preview:
        assert preview.status_code == 200
        assert "private" in preview.headers["Cache-Control"]
    for address in (f"{LIST}status?ids={shown.id}", LIST):
        assert "harbour" not in client.get(address).text
    assert client.get(f"{LIST}status?ids={shown.id}").json == {"images": []}


def test_an_editor_deletes_nothing_for_ever(client, log_in, shown):
    log_in("editor")
    client.post(f"{LIST}delete/", data={"id": shown.id})
    page = client.get(TRASH).text
    assert f"{TRASH}restore" in page
    assert "for ever" not in page
    assert "Empty the trash" not in page


def test_an_administrator_deletes_for_ever_and_empties_the_trash(client, log_in, shown, run_jobs):
    log_in("administrator")
    other = make_picture(filename="pier.jpg")
    db.session.commit()
    client.post(f"{LIST}action/", data={"action": "delete", "rowid": [shown.id, other.id]})
    page = press(client, f"{TRASH}purge", id=other.id)
    assert "It was deleted for ever." in page
    assert "This is not in the trash any more." in press(client, f"{TRASH}restore", id=other.id)

    assert "a job does this with all 1 of them" in press(client, f"{TRASH}empty")
    run_jobs()
    with trash.included():
        assert db.session.query(Image).count() == 0
    assert "The trash is empty." in client.get(TRASH).text
    actions = [entry.action for entry in db.session.query(AuditEntry).filter_by(thing_kind="image")]
    assert actions.count("purge") == actions.count("delete") == 2


def test_everything_in_the_trash_is_restored_by_a_job(client, log_in, shown, run_jobs):
    log_in("editor")
    client.post(f"{LIST}delete/", data={"id": shown.id})
    client.post(f"{TRASH}action/", data={"action": "restore", "everything": "1"})
    run_jobs()
    assert found(shown.id) is not None


@pytest.mark.parametrize(("role", "answered"), [("editor", "duplicates"), ("author", "images")])
def test_the_same_bytes_again_are_offered_to_be_restored(client, log_in, shown, role, answered):
    acts.delete_picture(shown, None)
    db.session.commit()
    with files.storage().open(shown.key) as file:
        data = file.read()
    log_in(role)
    answer = client.post(f"{LIST}upload", data={"file": form_file(data)}, headers=JSON).json
    assert len(answer[answered]) == 1
    for here in answer.get("duplicates", ()):
        assert (here["id"], here["restore"]) == (shown.id, f"{TRASH}restore")
        assert "harbour" in client.get(here["url"]).text
        page = press(client, f"{LIST}upload", file=form_file(data))
        assert "is in the trash: “harbour”. It can be restored." in page
