"""Finding out what is wrong, from a shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
from flask.cli import with_appcontext

from cms.editorial import doctor as examination
from cms.editorial import drill as rehearsal


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option("--drill", is_flag=True, help="Let a job fail, and see whether that is told of.")
@click.option("--timeout", default=60.0, show_default=True, help="Seconds that the drill may take.")
@with_appcontext
def doctor(*, as_json: bool, drill: bool, timeout: float) -> None:
    """Say what is wrong with this installation, and what to do about it.

    The exit status is 0 when all is well, and 1 when something is wrong.
    """
    lines = list(_told(_drill(timeout) if drill else _examine(), as_json=as_json))
    if as_json:
        click.echo(json.dumps(lines, ensure_ascii=False, indent=2))
    raise SystemExit(any(line["state"] == "wrong" for line in lines))


def _told(lines: Iterator[dict[str, Any]], *, as_json: bool) -> Iterator[dict[str, Any]]:
    for line in lines:
        if not as_json:
            words = f"{line['state']:6} {line['check']:14} {line['words']} {line['todo']}"
            click.echo(words.rstrip())
        yield line


def _examine() -> Iterator[dict[str, Any]]:
    for report in examination.examine():
        if not report.findings:
            yield {"check": report.check, "state": "well", "words": "", "todo": ""}
        for finding in report.findings:
            line = asdict(finding)
            state = "wrong" if line.pop("wrong") else "note"
            yield {"check": report.check, "state": state, **line}


def _drill(timeout: float) -> Iterator[dict[str, Any]]:
    for step in rehearsal.run(timeout):
        state = "well" if step.arrived else "wrong"
        words = "arrived" if step.arrived else step.lack
        yield {"check": step.name, "state": state, "words": words, "todo": ""}
