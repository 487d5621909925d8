"""Making the files of many pictures again: what it would cost, and the job that does it."""

import pytest
from sqlalchemy import event

from cms.audit.models import AuditEntry
from cms.editorial import bulk, queue, regeneration
from cms.editorial import pictures as pictures_acts
from cms.editorial import presets as acts
from cms.editorial.bulk import NothingChosen, NothingToStop
from cms.editorial.regeneration import Estimate, Scope, UnknownPreset
from cms.extensions import db
from cms.imaging.presets import Preset, Shape
from cms.jobs import selections
from cms.jobs.models import Job, JobState, Selection
from cms.media import files, presets, services
from cms.media.models import ImageStatus
from cms.tasks import huey
from cms.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests import pictures
from tests.factories import make_picture, make_user

CARD = Preset("card", Shape.CROP, 30, 30)


@pytest.fixture
def cms(ctx, runner):
    def go(*command):
        return runner.invoke(ctx.cli, ["cms", *command], prog_name="flask")

    return go


@pytest.fixture
def library(ctx, run_jobs):
    """Three pictures, with one preset and its files."""
    for row in presets.every():
        presets.keep(row)
        acts.switch(row, on=False)
    db.session.add(presets.as_row(CARD))
    images = [make_picture(pictures.jpeg(80 + n, 60)) for n in range(3)]
    db.session.commit()
    run_jobs()
    return images


def change():
    presets.find("card").quality = 60
    db.session.commit()


def keys(images):
    return [image.rendition("card").key for image in images]


def newest_job():
    return db.session.query(Job).filter_by(task="regenerate_images").one()


def test_nothing_is_missing_when_nothing_has_changed(library):
    cost = regeneration.estimate(Scope())
    assert (cost.pictures, cost.files, cost.size) == (0, 0, 0)
    with pytest.raises(NothingChosen):
        regeneration.begin(Scope())


def test_what_it_would_cost_is_measured(library):
    change()
    size = sum(image.rendition("card").size for image in library)
    cost = regeneration.estimate(Scope())

    assert (cost.pictures, cost.files, cost.size) == (3, 3, size)
    assert 0 < cost.seconds < 60
    everything = regeneration.estimate(Scope(missing=False))
    assert (everything.pictures, everything.files) == (3, 3)


def test_where_nothing_was_made_nobody_knows(ctx):
    image = make_picture()
    image.processed_at = image.created_at
    db.session.flush()
    files_of_each = sum(len(preset.formats) for preset in presets.all_enabled())
    assert regeneration.estimate(Scope()) == Estimate(1, files_of_each, None, None)


def test_a_preset_that_is_off_or_unknown_is_refused(library):
    for name in ("thumbnail", "nothing"):
        with pytest.raises(UnknownPreset):
            regeneration.estimate(Scope(name))


def test_the_job_makes_what_is_missing_and_no_picture_is_away_meanwhile(library, run_jobs):
    before = keys(library)
    change()
    selection, count = regeneration.begin(Scope("card"))
    db.session.commit()
    assert {image.status for image in library} == {ImageStatus.READY}
    run_jobs()

    job = newest_job()
    assert count == 3
    assert (job.state, job.progress_done, job.progress_total) == (JobState.SUCCEEDED, 3, 3)
    assert selections.standing(selection).done == 3
    assert not set(keys(library)) & set(before)
    assert regeneration.estimate(Scope()).pictures == 0


def test_other_systems_are_told_where_the_new_files_are(library, run_jobs):
    shop = WebhookEndpoint(name="Shop", url="https://shop.example/", events=["picture.ready"])
    db.session.add(shop)
    change()
    services.remake(library[0], anew=False)  # nothing is left to do for this one
    for image in library[:2]:
        pictures_acts.remake(image, anew=False)

    told = db.session.query(WebhookDelivery).one().payload["data"]
    assert told["id"] == library[1].id
    assert [r["key"] for r in told["renditions"]] == [library[1].rendition("card").key]


def test_all_of_it_can_be_made_anew(library, run_jobs):
    before = keys(library)
    regeneration.begin(Scope(missing=False))
    db.session.commit()
    run_jobs()
    assert not set(keys(library)) & set(before)


def test_asked_for_twice_it_is_one_job(library):
    first, _count = regeneration.begin(Scope(missing=False))
    second, _count = regeneration.begin(Scope(missing=False))
    assert first is second
    assert newest_job()


def test_a_picture_that_cannot_be_made_keeps_its_files_and_says_why(library, run_jobs):
    files.storage().delete(library[1].key)
    before = keys(library)
    change()
    selection, _count = regeneration.begin(Scope())
    db.session.commit()
    run_jobs()

    (refused,) = selections.refused(selection, 10)
    assert refused.thing_id == str(library[1].id)
    assert library[1].status == ImageStatus.READY
    assert [old == new for old, new in zip(before, keys(library), strict=True)] == [
        False, True, False
    ]  # fmt: skip


def test_a_failed_picture_whose_cause_is_mended_is_ready(library, run_jobs):
    library[0].status = ImageStatus.FAILED
    regeneration.begin(Scope(missing=False))
    db.session.commit()
    run_jobs()
    assert library[0].status == ImageStatus.READY


def test_a_pause_stops_it_after_the_picture_at_hand_and_it_goes_on_from_there(library, run_jobs):
    change()
    selection, _count = regeneration.begin(Scope())
    db.session.commit()
    ada = make_user("administrator")
    db.session.commit()
    work_on_one(lambda: queue.pause(["regenerate_images"], db.session.merge(ada)))
    run_jobs(hours=1)

    assert newest_job().state == JobState.RETRYING
    assert selections.standing(selection).done == 1
    made = keys(library)
    queue.resume(["regenerate_images"])
    db.session.commit()
    run_jobs(hours=1)

    assert newest_job().state == JobState.SUCCEEDED
    assert selections.standing(selection).done == 3
    assert len(set(keys(library)) & set(made)) == 1, "what was done is not done again"


def test_a_consumer_that_stops_need_not_wait_for_it(library, run_jobs, monkeypatch):
    change()
    selection, _count = regeneration.begin(Scope())
    db.session.commit()
    with monkeypatch.context() as consumer:
        consumer.setattr(huey, "stopping", lambda: True)
        huey.execute(huey.dequeue())
    db.session.expire_all()
    assert (newest_job().state, selections.standing(selection).done) == (JobState.RETRYING, 1)
    run_jobs(hours=1)

    assert (newest_job().state, selections.standing(selection).done) == (JobState.SUCCEEDED, 3)


def test_stopped_it_leaves_the_rest(library, run_jobs):
    before = keys(library)
    change()
    selection, _count = regeneration.begin(Scope())
    db.session.commit()
    work_on_one(lambda: bulk.stop(db.session.get_one(Selection, selection.id)))
    run_jobs(hours=1)

    assert newest_job().state == JobState.SUCCEEDED
    standing = selections.standing(selection)
    assert (standing.done, standing.refused, standing.left) == (1, 2, 0)
    assert len(set(keys(library)) & set(before)) == 2
    assert db.session.query(AuditEntry).filter_by(action="stop").one().changes == {"left": 2}
    with pytest.raises(NothingToStop):
        bulk.stop(selection)


def test_stopped_while_it_waits_its_job_is_given_up(library):
    selection, _count = regeneration.begin(Scope(missing=False))
    db.session.commit()
    assert bulk.stop(selection) == 3
    db.session.expire_all()
    assert newest_job().state == JobState.DISCARDED


# From a shell


def test_a_dry_run_says_what_it_would_cost(library, cms):
    change()
    done = cms("images", "regenerate", "--preset", "card", "--missing", "--dry-run")

    assert done.exit_code == 0
    assert done.output.startswith("3 pictures, 3 files, about 0.0 MB, about 1 min in one thread.")
    assert db.session.query(Selection).count() == 0


def test_the_shell_submits_a_job_that_is_nobodys(library, cms, run_jobs):
    before = keys(library)
    done = cms("images", "regenerate")
    assert done.output.endswith(f"Submitted as {newest_job().id}.\n")
    run_jobs()
    assert not set(keys(library)) & set(before)
    assert db.session.query(Selection).one().user_id is None


def test_the_shell_says_why_not(library, cms):
    assert "Nothing is to be done." in cms("images", "regenerate", "--missing").output
    done = cms("images", "regenerate", "--preset", "nothing")
    assert (done.exit_code, done.output) == (
        1, "Error: There is no preset “nothing” that is switched on.\n"
    )  # fmt: skip


# On the screens


def test_an_editor_has_ticked_pictures_made_again(library, client, log_in, run_jobs):
    log_in("editor")
    before = keys(library)
    form = {"action": "regenerate", "rowid": [str(image.id) for image in library[:2]]}
    answer = client.post("/admin/image/action/", data=form)
    assert answer.status_code == 302
    run_jobs()
    assert len(set(keys(library)) & set(before)) == 1


def test_an_administrator_sees_the_cost_begins_and_stops(library, client, log_in):
    log_in("administrator")
    page = client.get("/admin/image_preset/regenerate?id=card&all=1").text
    assert "about 1 minute" in page
    answer = client.post("/admin/image_preset/begin", data={"id": "card", "all": "1"})
    shown = client.get(answer.location).text
    assert "Make files again" in shown
    assert 'action="/admin/queue/pause"' in shown
    selection = db.session.query(Selection).one()
    client.post("/admin/selection/stop", data={"id": str(selection.id)})

    assert newest_job().state == JobState.DISCARDED
    assert "It was stopped before" in client.get(answer.location).text


def work_on_one(act):
    """Let the job begin, and `act` somebody else as soon as the first picture is done."""
    commits = []

    def after(session):
        if session.in_nested_transaction():
            return
        commits.append(session)
        if len(commits) == 2:  # the first says that nothing is done yet
            with huey.app.app_context():
                act()
                db.session.commit()

    event.listen(db.session, "after_commit", after)
    try:
        huey.execute(huey.dequeue())
    finally:
        event.remove(db.session, "after_commit", after)
    db.session.expire_all()
    assert len(commits) >= 2
