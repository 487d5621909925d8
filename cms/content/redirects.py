"""What was somewhere else before.

Whatever had an address that the public knew leaves a redirect there when it moves. It
leads to the thing, not to an address, so that however often that moves, one step leads
to where it is: such redirects can neither chain nor loop. Those that a person makes lead
to an address; where that is itself left for another, they follow.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from sqlalchemy import delete, select, update

from cms.content import addresses
from cms.content.addresses import KINDS, Addressed
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


def add(source: str, target: str) -> Redirect:
    """Let an address of this site lead to another, here or elsewhere.

    Raises `NotOurs`, `NotAnAddress`, `SomethingThere` and `Loops`.
    """
    source = _checked_source(source)
    here = addresses.find(source)
    if here is not None:
        raise SomethingThere(title=str(here))
    target = _checked(target)
    end = db.session.scalar(select(Redirect).where(Redirect.source == target))
    if target == source or (end is not None and end.target == source):
        raise Loops
    _forget(source)
    made = Redirect(source=source, target=target)
    if end is not None:
        made.kind, made.thing_id, made.target = end.kind, end.thing_id, end.target
    db.session.add(made)
    _lead_on(source, kind=made.kind, thing_id=made.thing_id, target=made.target)
    db.session.flush()
    return made


def find(address: str) -> str | None:
    """Return the address to show in place of one where nothing is; None if there is none."""
    source = _tidy(address)
    if not source.isprintable():  # PostgreSQL takes no NUL
        return None
    found = db.session.scalar(select(Redirect).where(Redirect.source == source))
    if found is None:
        return None
    if found.kind is None:
        return found.target
    thing = db.session.get(KINDS[found.kind], found.thing_id)
    return None if thing is None else addresses.of(thing)


def _lead_on(source: str, **values: str | int | None) -> None:
    """Bring on what led to `source`, so that there is never a second step."""
    db.session.execute(update(Redirect).where(Redirect.target == source).values(values))


def _forget(address: str) -> None:
    db.session.execute(delete(Redirect).where(Redirect.source == address))


def _tidy(address: str) -> str:
    return unquote(address).rstrip("/") or "/"


def _checked_source(address: str) -> str:
    if not is_local(address):
        raise NotOurs
    return _tidy(address)


def _checked(address: str) -> str:
    """Return the address of a target. Raises `NotAnAddress`."""
    address = address.strip()
    if is_local(address):
        return _tidy(address)
    if not is_foreign(address):
        raise NotAnAddress
    return address


def is_local(address: str) -> bool:
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
