"""The audit trail is a chain: what is altered or removed shows."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from cms import clock
from cms.audit import chain, head
from cms.audit.chain import ALTERED, ANOTHER, ENDS_EARLY, REMOVED, Fault
from cms.audit.head import Head, Seal
from cms.audit.models import AuditEntry, Face
from cms.audit.services import note
from cms.extensions import db
from cms.mail.models import MailMessage
from cms.media import files, survey
from cms.notifications.alarms import TRAIL_PARTED
from cms.notifications.models import AdminNotification, NotificationState
from cms.storage.base import StorageAway
from cms.storage.keys import new_key
from cms.tasks import huey
from cms.tasks import trail as sealing
from tests.factories import make_user
from tests.processes import PASSWORD, Site, wait_for

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def trail(ctx):
    """Ten sealed entries, a day apart, the last of today, and the head that tells of them."""
    for number in range(10):
        note("edit", "page", str(number), title=["before", f"after {number}"])
        db.session.flush()
    for age, entry in enumerate(reversed(entries())):
        entry.at = clock.now() - age * DAY
    db.session.commit()
    chain.seal()
    return chain.follow().newest


def entries():
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()


def change(number, **values):
    db.session.execute(update(AuditEntry).where(AuditEntry.seal_number == number).values(values))
    db.session.commit()


def remove(*numbers):
    db.session.execute(delete(AuditEntry).where(AuditEntry.seal_number.in_(numbers)))
    db.session.commit()


def verify(ctx, *more):
    """Run the command; return its exit status and what it says."""
    done = ctx.test_cli_runner().invoke(
        ctx.cli, ["cms", "audit", "verify", *more], prog_name="flask"
    )
    return done.exit_code, done.output


def test_what_nobody_has_touched_is_whole(trail):
    assert trail.number == 10
    assert chain.seal() is None, "nothing is left to seal"
    assert list(chain.faults(head.read(), trail)) == []


def test_later_entries_are_linked_to_those_before(trail):
    note("edit", "page", "11")
    db.session.commit()

    assert chain.seal().number == 11
    assert entries()[-1].seal_before == trail.digest
    assert list(chain.faults(head.read())) == []


@pytest.mark.parametrize(
    "values",
    [{"changes": {"title": ["before", "nicer"]}}, {"user_email": "li@example.com"},
     {"at": clock.now() - 30 * DAY}, {"action": "view"}, {"address": "203.0.113.9"}],
)  # fmt: skip
def test_an_altered_entry_is_found(trail, values):
    change(4, **values)

    assert list(chain.faults(head.read())) == [Fault(4, ALTERED)]


def test_removed_entries_are_found_wherever_they_were(trail):
    remove(1, 5, 6)
    assert list(chain.faults(head.read())) == [Fault(2, REMOVED), Fault(7, REMOVED)]

    remove(9, 10)
    assert list(chain.faults(head.read()))[-1] == Fault(10, ENDS_EARLY)


def make_anew():
    db.session.execute(update(AuditEntry).values(seal_number=None, seal=None))
    db.session.commit()
    chain.seal()


def test_a_trail_that_was_made_anew_differs_from_its_head_and_from_a_seal_that_was_kept(trail):
    change(4, action="view")
    make_anew()

    assert list(chain.faults()) == [], "the database alone does not tell"
    assert list(chain.faults(head.read())) == [Fault(10, ANOTHER)]
    assert list(chain.faults(None, trail)) == [Fault(10, ANOTHER)]


# Old entries go


def test_old_entries_go_and_what_is_kept_is_a_chain_still(trail):
    assert chain.prune(clock.now() - 3 * DAY + HOUR) == 7
    chain.seal()
    chain.follow()

    kept = [(e.seal_number, e.action) for e in entries()]
    assert kept == [(8, "edit"), (9, "edit"), (10, "edit"), (11, "prune")]
    assert list(chain.faults(head.read(), trail)) == []
    assert head.read().begin.number == 7
    assert chain.prune(clock.now() - 30 * DAY) == 0, "nothing is that old"

    remove(8)
    assert list(chain.faults(head.read())) == [Fault(9, REMOVED)]


def test_who_says_that_old_entries_went_is_not_believed(trail):
    fourth = entries()[3]
    note("prune", "audit_entry", "4", seal=fourth.seal)
    remove(1, 2, 3, 4)
    chain.seal()
    chain.follow()

    assert list(chain.faults()) == [], "the database alone does not tell"
    assert list(chain.faults(head.read())) == [Fault(5, REMOVED)]


def test_an_entry_that_was_given_an_old_date_is_not_deleted_for_it(trail):
    change(1, at=clock.now() - 900 * DAY)

    with pytest.raises(chain.NotWhole):
        chain.prune(clock.now() - 730 * DAY)
    assert len(entries()) == 10


def test_a_prune_that_was_cut_off_is_done_the_next_time(trail, monkeypatch):
    before = clock.now() - 3 * DAY + HOUR
    with monkeypatch.context() as patch:
        patch.setattr(chain, "note", cut_off)
        with pytest.raises(ConnectionError):
            chain.prune(before)
    db.session.rollback()

    assert (head.read().begin.number, len(entries())) == (7, 10)
    assert list(chain.faults(head.read(), trail)) == []
    assert chain.prune(before) == 7


def cut_off(*_args, **_more):
    raise ConnectionError


def test_nothing_is_deleted_while_the_storage_is_away(trail, away):
    with away(), pytest.raises(StorageAway):
        chain.prune(clock.now() - 3 * DAY)
    assert len(entries()) == 10


def test_on_each_database(each_ctx):
    for number in range(5):
        note("edit", "page", str(number))
        db.session.flush()
    entries()[0].at = clock.now() - 3 * DAY
    db.session.commit()
    chain.seal()
    chain.follow()
    assert chain.prune(clock.now() - DAY) == 1
    assert chain.unsealed().oldest <= clock.now()
    assert verify(each_ctx)[0] == 0

    change(3, action="view")
    with pytest.raises(chain.NotWhole):
        chain.prune(clock.now() + DAY)
    assert accept(each_ctx).exit_code == 0
    assert verify(each_ctx)[0] == 0


# The head, in the storage


@pytest.fixture
def away(ctx, monkeypatch):
    """The storage answers nobody for a while."""

    @contextmanager
    def go():
        with monkeypatch.context() as patch:
            patch.setattr(ctx.extensions["cms.storage"], "walk", no_answer)
            yield

    return go


def no_answer(_prefix):
    raise StorageAway


def stored():
    return [file.key for file in files.storage().walk(head.PREFIX)]


def test_the_head_is_one_file_that_follows(trail):
    first = stored()
    note("edit", "page", "11")
    db.session.commit()
    newest = chain.seal()

    assert chain.follow() == head.read() == Head(newest)
    assert len(stored()) == 1
    assert stored() != first, "no file is written twice"


def test_it_never_goes_back_whoever_comes_late(trail):
    there = head.read()
    head.advance(Head(Seal(9, "9" * 64)))
    assert (head.read(), len(stored())) == (there, 1)

    head.advance(Head(Seal(8, "8" * 64), begin=Seal(3, "3" * 64)))
    assert head.read() == Head(trail, Seal(3, "3" * 64)), "each says what the other does not"
    head.advance(Head(Seal(11, "a" * 64), begin=Seal(3, "3" * 64)))
    assert len(stored()) == 1


def test_many_write_it_at_once_and_the_farthest_holds(ctx):
    def write(number):
        with ctx.app_context():
            head.advance(Head(Seal(number, f"{number:064}")))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(1, 41)))
    assert head.read().newest.number == 40


def test_it_does_not_follow_a_trail_that_lacks_what_it_told_of(trail, caplog):
    remove(9, 10)
    for number in range(9, 13):
        note("edit", "page", str(number))
    db.session.commit()
    sealing.seal(huey)
    sealing.follower.wait()

    assert head.read().newest == trail
    assert "entry 10 is missing, or is another" in caplog.text
    assert list(chain.faults(head.read())) == [Fault(10, ANOTHER)]


def test_administrators_are_told_that_entries_are_missing_until_that_is_accepted(trail, ctx):
    make_user("administrator")
    remove(10)
    sealing.seal(huey)
    sealing.follower.wait()
    alarm = db.session.query(AdminNotification).one()
    assert (alarm.job_data["alarm"], alarm.state) == (TRAIL_PARTED, NotificationState.OPEN)
    assert db.session.query(MailMessage).count() == 1

    accept(ctx)
    sealing.seal(huey)
    sealing.follower.wait()
    db.session.expire_all()
    assert alarm.state == NotificationState.RESOLVED


def test_it_is_no_stray_file(trail, monkeypatch):
    monkeypatch.setattr(survey, "GRACE", -DAY)
    taken = survey.take(nowhere)
    assert (taken.figures["files"], taken.figures["strays"]) == (0, 0)
    assert survey.remove_strays(nowhere) == 0
    assert head.read().newest == trail


def nowhere(_done, _total):
    """Report to nobody."""


# By itself


def test_the_consumer_on_duty_seals_and_says_so_in_the_log(ctx, caplog):
    note("edit", "page", "1")
    db.session.commit()
    with caplog.at_level("INFO", "cms"):
        sealing.seal(huey)
        sealing.follower.wait()
        sealing.seal(huey)

    sealed = Seal(1, entries()[0].seal)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", f"audit trail sealed up to {sealed}"),
        ("INFO", f"no head of the audit trail was there: one is made, from entry 1 up to {sealed}"),
    ]
    assert head.read() == Head(sealed)


def test_sealing_goes_on_while_the_storage_is_away_and_the_head_follows_later(trail, away, caplog):
    note("edit", "page", "11")
    db.session.commit()
    with away():
        sealing.seal(huey)
        sealing.follower.wait()
    assert (chain.newest().number, head.read().newest) == (11, trail)
    assert "the head of the audit trail could not be written" in caplog.text

    sealing.seal(huey)
    sealing.follower.wait()
    assert head.read().newest.number == 11


def test_an_installation_from_before_gets_its_first_head(trail, ctx, caplog):
    chain.prune(clock.now() - 3 * DAY + HOUR)
    chain.seal()
    for key in stored():
        files.storage().delete(key)
    status, told = verify(ctx)
    assert (status, "no head of the trail is in the storage yet" in told) == (1, True)

    assert chain.follow().begin.number == 7, "as the database says"
    assert verify(ctx)[0] == 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_real_consumer_seals_and_writes_the_head(tmp_path):
    with closing(Site(tmp_path, CMS_JOB_LEASE="3")) as site:
        site.prepare("administrator")
        with site.inside():
            note("edit", "page", "1")
            db.session.commit()
        site.start_consumer()
        with site.inside():
            wait_for(head.read, "the head")
        assert "The audit trail is whole from entry 1 up to" in site.flask("audit", "verify")


# The commands


def test_the_command_says_whether_it_is_whole(trail, ctx):
    seal = f"{trail.number}:{trail.digest}"
    assert verify(ctx) == (0, f"The audit trail is whole from entry 1 up to {seal}\n")
    assert verify(ctx, "--seal", seal)[0] == 0

    change(3, action="view")
    status, told = verify(ctx)
    assert status == 1
    assert "entry 3: this entry was altered" in told
    assert verify(ctx, "--seal", "nonsense")[0] == 2


def test_it_only_looks(ctx):
    assert verify(ctx) == (0, "The audit trail is empty\n")
    note("edit", "page", "1")
    db.session.commit()

    status, told = verify(ctx)
    assert (status, "1 entries are not sealed yet, the oldest for 0 minutes" in told) == (0, True)
    assert chain.newest() == Seal()
    with clock.stopped_at(clock.now() + timedelta(minutes=6)):
        status, told = verify(ctx)
    assert (status, "nobody seals the trail" in told) == (1, True)


def test_it_tells_that_the_newest_entries_were_removed(trail, ctx):
    remove(10)
    status, told = verify(ctx)
    assert (status, f"entry 10: {ENDS_EARLY}" in told) == (1, True)


def test_it_tells_that_the_head_cannot_be_read(trail, ctx, away):
    with away():
        status, told = verify(ctx)
    assert (status, "the head of the trail cannot be read" in told) == (1, True)

    with files.storage().incoming() as file:
        file.write(b"{}")
        files.storage().adopt(file, new_key(head.PREFIX, "json"))
    status, told = verify(ctx)
    assert (status, "The head of the audit trail in the storage cannot be read" in told) == (
        1,
        True,
    )


def accept(ctx):
    return ctx.test_cli_runner().invoke(
        ctx.cli, ["cms", "audit", "accept", "--yes"], prog_name="flask"
    )


def test_an_older_database_can_be_accepted_which_the_trail_tells(trail, ctx):
    remove(9, 10)
    assert verify(ctx)[0] == 1

    done = accept(ctx)
    assert done.exit_code == 0, done.output
    assert "Accepted: the audit trail holds from entry 1 up to 9:" in done.output
    newest = entries()[-1]
    assert (newest.action, newest.thing_kind, newest.seal_number) == ("accept", "audit_entry", 9)
    assert newest.changes == {"head": str(trail), "faults": [f"entry 10: {ENDS_EARLY}"]}
    assert (verify(ctx)[0], len(stored())) == (0, 1)


def test_one_from_before_the_chain_began_can_be_accepted_too(trail, ctx):
    head.replace(Head(Seal(40, "4" * 64), Seal(30, "3" * 64)))
    assert verify(ctx)[0] == 1
    assert accept(ctx).exit_code == 0
    assert verify(ctx)[0] == 0
    assert head.read().begin == Seal()


def test_what_was_altered_can_be_accepted_and_the_chain_begins_after_it(trail, ctx):
    change(3, action="view")
    remove(5)
    assert accept(ctx).exit_code == 0
    assert "whole from entry 7 up to 11:" in verify(ctx)[1]

    change(8, action="view")
    assert verify(ctx)[0] == 1


# Who comes, who goes, who is turned away


def test_log_ins_and_refusals_are_noted(client):
    anna = make_user("author", email="anna@example.com")
    db.session.commit()

    def type_in(email, password):
        client.post("/login", data={"email": email, "password": password})

    type_in("anna@example.com", "a wrong password")
    type_in("nobody@example.com", PASSWORD)
    type_in("Anna@example.com", PASSWORD)
    client.get("/admin/job/")
    client.post("/admin/job/retry", data={"id": "1"}, headers={"Accept": "application/json"})
    client.post("/logout")

    told = [(e.action, e.thing_kind, e.thing_id, e.user_email, e.face) for e in entries()]
    number, site, admin = str(anna.id), Face.SITE, Face.ADMIN
    assert told == [
        ("log in refused", "user", number, None, site),
        ("log in refused", "user", "0", None, site),
        ("log in", "user", number, "anna@example.com", site),
        ("refuse", "address", "job.index_view", "anna@example.com", admin),
        ("refuse", "address", "job.retry", "anna@example.com", admin),
        ("log out", "user", number, "anna@example.com", site),
    ]
    assert all(e.request and e.address for e in entries())
    assert "nobody@example.com" not in str([e.changes for e in entries()])


def test_administrators_read_the_trail(client, log_in):
    log_in("administrator")
    db.session.query(AuditEntry).delete()
    note("edit", "page", "7", title=["Old <b>", "New"], tags=["a", "b", "c"])
    db.session.commit()

    page = client.get("/admin/audit_entry/?search=7").text
    assert "Page: New" in page, "as it was called: it is not there any more"
    entry = entries()[0]
    details = client.get(f"/admin/audit_entry/details/?id={entry.id}").text
    assert "<td>Old &lt;b&gt;</td><td>New</td>" in details
    assert "<td>–</td>" in details, "what is no pair has only an after"


@pytest.mark.parametrize("role", ["editor", "author", "viewer"])
def test_nobody_else_does(client, log_in, role):
    log_in(role)
    assert client.get("/admin/audit_entry/").status_code == 403
