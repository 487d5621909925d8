"""The audit trail from a shell."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from cms.audit import chain
from cms.audit.chain import Seal

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
    "known",
    callback=_seal,
    metavar="NUMBER:DIGEST",
    help="A seal that was kept elsewhere, as the log says it: the trail must have it still.",
)
def verify(known: Seal | None) -> None:
    """Look whether an entry of the trail was altered or removed; fail if so."""
    chain.seal()
    faults = list(chain.faults(known))
    for fault in faults:
        click.echo(f"entry {fault.number}: {fault.words}", err=True)
    if faults:
        raise click.ClickException(f"{len(faults)} faults in the audit trail")
    newest = chain.newest()
    click.echo(f"The audit trail is whole up to {newest.number}:{newest.digest}")
