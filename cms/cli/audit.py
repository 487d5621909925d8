"""The audit trail from a shell."""

from __future__ import annotations

from collections.abc import Iterator

import click
from flask.cli import AppGroup

from cms.audit import chain, head
from cms.audit.head import Head, Seal
from cms.errors import CmsError

audit = AppGroup("audit", help="Look after the audit trail.")


def _seal(_context: object, _option: object, given: str | None) -> Seal | None:
    if given is None:
        return None
    number, _colon, digest = given.partition(":")
    if not (number.isdigit() and digest):
        raise click.BadParameter("a seal is a number, a colon and 64 digits, as the log says it")
    return Seal(int(number), digest)


@audit.command()
@click.option(
    "--seal",
    "kept",
    callback=_seal,
    metavar="NUMBER:DIGEST",
    help="A seal that was kept elsewhere, as the log says it: the trail must have it still.",
)
def verify(kept: Seal | None) -> None:
    """Look whether an entry of the trail was altered or removed; fail if so.

    The trail is compared with its head in the storage. Nothing is changed.
    """
    known, lack = _head()
    faults = [str(fault) for fault in chain.faults(known, kept)]
    there = Head(chain.newest(), known.begin if known else chain.pruned())
    if not (known or lack) and there.newest.number:
        lack = "no head of the trail is in the storage yet: a worker makes it within seconds"
    wrong = [*faults, *filter(None, [lack]), *_not_sealed()]
    for words in wrong:
        click.echo(words, err=True)
    if faults:
        raise click.ClickException(f"{len(faults)} faults in the audit trail")
    click.echo(f"The audit trail is {f'whole {there}' if there.newest.number else 'empty'}")
    if wrong:
        raise click.ClickException("not everything that was removed or altered would show")


@audit.command()
@click.confirmation_option(prompt="Let the audit trail hold as it is now, whatever is wrong?")
def accept() -> None:
    """Let the trail hold as it is, after an older database was put back.

    An entry of the trail tells what was accepted.
    """
    try:
        click.echo(f"Accepted: the audit trail holds {chain.accept()}")
    except (OSError, CmsError) as error:
        raise click.ClickException(str(error)) from None


def _head() -> tuple[Head | None, str]:
    """Return the head, or why it cannot be read."""
    try:
        return head.read(), ""
    except head.BadHead as error:
        return None, str(error)
    except (OSError, CmsError) as error:
        return None, f"the head of the trail cannot be read: {error}"


def _not_sealed() -> Iterator[str]:
    """Say how many entries wait for their seal; yield it where that is for too long."""
    waiting = chain.unsealed()
    if waiting.count:
        click.echo(
            f"{waiting.count} entries are not sealed yet, the oldest for {waiting.minutes} minutes"
        )
    if waiting.is_late:
        yield "nobody seals the trail: is a worker running?"
