"""The audit trail is a chain: what is altered or removed shows."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from cms import clock
from cms.audit import chain
from cms.audit.chain import ALTERED, ANOTHER, ENDS_EARLY, REMOVED, Fault
from cms.audit.models import AuditEntry, Face
from cms.audit.services import note
from cms.extensions import db
from cms.tasks import huey
from cms.tasks import trail as sealing
from tests.factories import make_user
from tests.processes import PASSWORD

DAY = timedelta(days=1)


@pytest.fixture
def trail(ctx):
    """Ten sealed entries, a day apart, the last of today."""
    for number in range(10):
        note("edit", "page", str(number), title=["before", f"after {number}"])
        db.session.flush()
    for age, entry in enumerate(reversed(entries())):
        entry.at = clock.now() - age * DAY
    db.session.commit()
    return chain.seal()


def entries():
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()


def change(number, **values):
    db.session.execute(update(AuditEntry).where(AuditEntry.seal_number == number).values(values))
    db.session.commit()


def remove(*numbers):
    db.session.execute(delete(AuditEntry).where(AuditEntry.seal_number.in_(numbers)))
    db.session.commit()


def test_what_nobody_has_touched_is_whole(trail):
    assert trail.number == 10
    assert chain.seal() is None, "nothing is left to seal"
    assert list(chain.faults(trail)) == []


def test_later_entries_are_linked_to_those_before(trail):
    note("edit", "page", "11")
    db.session.commit()

    assert chain.seal().number == 11
    assert entries()[-1].seal_before == trail.digest
    assert list(chain.faults(trail)) == []


@pytest.mark.parametrize(
    "values",
    [{"changes": {"title": ["before", "nicer"]}}, {"user_email": "li@example.com"},
     {"at": clock.now() - 30 * DAY}, {"action": "view"}, {"address": "203.0.113.9"}],
)  # fmt: skip
def test_an_altered_entry_is_found(trail, values):
    change(4, **values)

    assert list(chain.faults()) == [Fault(4, ALTERED)]


def test_removed_entries_are_found_wherever_they_were(trail):
    remove(1, 5, 6)
    assert list(chain.faults()) == [Fault(2, REMOVED), Fault(7, REMOVED)]

    remove(9, 10)
    assert Fault(10, ENDS_EARLY) in chain.faults(trail), "only a seal kept elsewhere tells"


def test_a_trail_that_was_made_anew_differs_from_a_seal_that_was_kept(trail):
    change(4, action="view")
    db.session.execute(update(AuditEntry).values(seal_number=None, seal=None))
    db.session.commit()
    chain.seal()

    assert list(chain.faults()) == []
    assert list(chain.faults(trail)) == [Fault(10, ANOTHER)]


def test_old_entries_go_and_what_is_kept_is_a_chain_still(trail):
    assert chain.prune(clock.now() - 3 * DAY + timedelta(hours=1)) == 7
    chain.seal()

    kept = [(e.seal_number, e.action) for e in entries()]
    assert kept == [(8, "edit"), (9, "edit"), (10, "edit"), (11, "prune")]
    assert list(chain.faults(trail)) == []
    assert chain.prune(clock.now() - 30 * DAY) == 0, "nothing is that old"

    remove(8)
    assert list(chain.faults()) == [Fault(9, REMOVED)]


def test_the_consumer_on_duty_seals_and_says_so_in_the_log(ctx, caplog):
    note("edit", "page", "1")
    db.session.commit()
    with caplog.at_level("INFO", "cms.tasks.trail"):
        sealing.seal(huey)
        sealing.seal(huey)

    assert [record.getMessage() for record in caplog.records] == [
        f"audit trail sealed up to 1:{entries()[0].seal}"
    ]


def test_the_command_says_whether_it_is_whole(trail, ctx, runner):
    seal = f"{trail.number}:{trail.digest}"

    def verify(*more):
        return runner.invoke(ctx.cli, ["cms", "audit", "verify", *more], prog_name="flask")

    done = verify("--seal", seal)
    assert (done.exit_code, done.output) == (0, f"The audit trail is whole up to {seal}\n")

    change(3, action="view")
    done = verify()
    assert done.exit_code == 1
    assert "entry 3: this entry was altered" in done.output
    assert verify("--seal", "nonsense").exit_code == 2


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
