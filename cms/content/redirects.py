"""What was somewhere else before.

Whatever had an address that the public knew leaves a redirect there when it moves. It
leads to the thing, not to an address, so that however often that moves, one step leads
to where it is: such redirects can neither chain nor loop. Those that a person makes lead
to an address; where that is itself left for another, they follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import case, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from cms.content import addresses
from cms.content.addresses import Addressed
from cms.content.errors import AtField
from cms.content.models import LONGEST_ADDRESS, Redirect
from cms.errors import N_
from cms.extensions import db


class NotAnAddress(AtField):
    """It leads nowhere, or to a script."""

    sentence = N_(
        "Give an address of this site, such as /en/about, or one that begins with https://."
    )
    field = "target"


class NotOurs(AtField):
    """Only this site's addresses can lead elsewhere."""

    sentence = N_("Give an address of this site, such as /en/about.")
    field = "source"


class SomethingThere(AtField):
    """Who follows a redirect must not pass by what is there."""

    sentence = N_("“%(title)s” is at this address.")
    field = "source"


class Loops(AtField):
    """Whoever followed it would come back."""

    sentence = N_("This leads back to where it began.")
    field = "target"


class LeadsAlready(AtField):
    """Where an address leads is changed on purpose only."""

    sentence = N_("There is a redirect from “%(source)s” already. Delete it first.")
    field = "source"


@dataclass(frozen=True)
class End:
    """Where a redirect leads now, and whether the public finds something there: None for an
    address that is not looked at."""

    redirect_id: int
    address: str
    title: str = ""
    live: bool | None = None


def moved(thing: Addressed, old: str) -> None:
    """Note that a thing has left the address `old`, if the public ever knew it there."""
    if getattr(thing, "published_at", thing) is None or old == addresses.of(thing):
        return
    arrived(thing)
    _forget(old)
    _lead_on(old, kind=thing.kind, thing_id=thing.id, target=None)
    db.session.add(Redirect(source=old, kind=thing.kind, thing_id=thing.id))
    db.session.flush()


def arrived(thing: Addressed) -> None:
    """Note that the public finds a thing at its address, which leads to nothing else then.

    Not before: a draft there would only hide where those who come are led to.
    """
    _forget(addresses.of(thing))


def gone(thing: Addressed) -> None:
    """Remove the redirects that lead to a thing that is deleted for good."""
    mine = (Redirect.kind == thing.kind, Redirect.thing_id == thing.id)
    db.session.execute(delete(Redirect).where(*mine))


def merged(thing: Addressed, into: Addressed) -> None:
    """Let all that led to a thing lead to another of its kind, and its own address, too."""
    mine = (Redirect.kind == thing.kind, Redirect.thing_id == thing.id)
    db.session.execute(update(Redirect).where(*mine).values(thing_id=into.id))
    old = addresses.of(thing)
    leads: dict[str, Any] = {"kind": into.kind, "thing_id": into.id}
    _forget(old)
    _lead_on(old, **leads, target=None)
    db.session.add(Redirect(source=old, **leads))
    db.session.flush()


def add_new(source: str, target: str) -> Redirect:
    """Do what `add` does for an address that leads nowhere yet. Raises `LeadsAlready` too,
    be it that another adds the same at the same time."""
    address = _checked_source(source)
    try:
        with db.session.begin_nested():
            if db.session.scalar(select(Redirect.id).where(Redirect.source == address)):
                raise LeadsAlready(source=address)
            return _put(address, _free(address, target))
    except IntegrityError:
        raise LeadsAlready(source=address) from None


def add(source: str, target: str) -> Redirect:
    """Let an address of this site lead to another, here or elsewhere.

    Raises `NotOurs`, `NotAnAddress`, `SomethingThere` and `Loops`.
    """
    source = _checked_source(source)
    leads = _free(source, target)
    _forget(source)
    return _put(source, leads)


def _free(source: str, target: str) -> dict[str, Any]:
    """Return what a redirect to `target` leads to, if nothing is at its own address."""
    here = addresses.find(source)
    if here is not None:
        raise SomethingThere(title=str(here))
    return _leads(source, target)


def _put(source: str, leads: dict[str, Any]) -> Redirect:
    made = Redirect(source=source, by_hand=True, **leads)
    db.session.add(made)
    _lead_on(source, **leads)
    db.session.flush()
    return made


def turn(redirect: Redirect, target: str) -> None:
    """Let the address of a redirect lead elsewhere. Raises `NotAnAddress` and `Loops`."""
    leads = _leads(redirect.source, target)
    for name, value in leads.items():
        setattr(redirect, name, value)
    _lead_on(redirect.source, **leads)
    db.session.flush()


def _leads(source: str, target: str) -> dict[str, Any]:
    """Return what a redirect to `target` leads to; where that leads on itself, the end."""
    target = _checked(target)
    end = db.session.scalar(select(Redirect).where(Redirect.source == target))
    if target == source or (end is not None and end.target == source):
        raise Loops
    if end is None:
        return {"kind": None, "thing_id": None, "target": target}
    return {"kind": end.kind, "thing_id": end.thing_id, "target": end.target}


def lead(source: str, thing: Addressed) -> bool:
    """Let an address that the public knew of another site lead to a thing, wherever that
    is then. False, and nothing done, where something else is there or leads on."""
    source = _tidy(source)
    taken = select(Redirect.id).where(Redirect.source == source)
    if not is_local(source) or addresses.find(source) or db.session.scalar(taken):
        return False
    db.session.add(Redirect(source=source, kind=thing.kind, thing_id=thing.id))
    db.session.flush()
    return True


def find(address: str) -> str | None:
    """Return the address to show in place of one where nothing is; None if there is none, or
    nothing live is there."""
    found = end(address)
    return None if found is None or found.live is False else found.address


def end(address: str) -> End | None:
    """Return where an address leads, be that live or not; None if it leads to nothing."""
    source = _tidy(address)
    if not source.isprintable():  # PostgreSQL takes no NUL
        return None
    row = db.session.scalar(select(Redirect).where(Redirect.source == source))
    found = None if row is None else ends([row]).get(row.id)
    if found is None or found.live is not None or not is_local(found.address):
        return found
    thing = addresses.find(found.address)
    return found if thing is None else replace(found, title=str(thing), live=thing.is_live)


def ends(redirects: Iterable[Redirect]) -> Mapping[int, End]:
    """Return where each of some redirects leads now, by its id. What leads to nothing any
    more is left out. One query for each kind of thing."""
    rows = list(redirects)
    things = addresses.things((row.kind, row.thing_id) for row in rows if row.kind and row.thing_id)
    found = {row.id: End(row.id, row.target) for row in rows if row.target}
    for row in rows:
        if thing := things.get((row.kind or "", row.thing_id or 0)):
            found[row.id] = End(row.id, addresses.of(thing), str(thing), thing.is_live)
    return found


def used(uses: Mapping[int, tuple[int, datetime]]) -> None:
    """Note how often redirects were used since it was noted last, and when the last time, by
    their ids. The numbers of several processes add up."""
    for redirect_id, (times, last) in sorted(uses.items()):  # in one order, so that none waits
        later = or_(Redirect.used_at.is_(None), Redirect.used_at < last)
        db.session.execute(
            update(Redirect)
            .where(Redirect.id == redirect_id)
            .values(uses=Redirect.uses + times, used_at=case((later, last), else_=Redirect.used_at))
            .execution_options(synchronize_session=False)
        )


def _lead_on(source: str, **values: str | int | None) -> None:
    """Bring on what led to `source`, so that there is never a second step."""
    db.session.execute(update(Redirect).where(Redirect.target == source).values(values))


def _forget(address: str) -> None:
    db.session.execute(delete(Redirect).where(Redirect.source == address))


def _tidy(address: str) -> str:
    return unquote(address).rstrip("/") or "/"


def _checked_source(address: str) -> str:
    address = address.strip()
    if not is_local(unquote(address)):
        raise NotOurs
    return _tidy(address)


def _checked(address: str) -> str:
    """Return the address of a target. Raises `NotAnAddress`."""
    address = address.strip()
    if is_local(unquote(address)):
        return _tidy(address)
    if not is_foreign(address):
        raise NotAnAddress
    return address


def is_local(address: str) -> bool:
    """Tell whether an address, as it is kept, is one of this site."""
    return (
        len(address) <= LONGEST_ADDRESS
        and address.startswith("/")
        and not address.startswith("//")
        and "\\" not in address
        and address.isprintable()
    )


def is_foreign(address: str) -> bool:
    """Tell whether an address is one of the web, and not too long to be kept."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    proper = parts.scheme in ("http", "https") and bool(parts.hostname) and address.isprintable()
    return proper and len(address) <= LONGEST_ADDRESS
