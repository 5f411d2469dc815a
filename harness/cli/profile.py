"""``tierbench profile``: what a vendor needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options, profile_calibrate, profile_import, profile_probe, profile_verify
from harness.errors import Exit, UserError

if TYPE_CHECKING:
    from harness.profiles import Defect


@click.group("profile", short_help="Check hardware profiles.")
def command() -> None:
    """Check hardware profiles, and fill them at the board."""


command.add_command(profile_import.command)
command.add_command(profile_probe.command)
command.add_command(profile_calibrate.command)
command.add_command(profile_verify.command)


@command.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.as_json
def check(files: tuple[Path, ...], as_json: bool) -> int:
    """Say all that is wrong with profile FILES, at once and with line numbers, and what to know of sound ones."""
    found = {file: _defects(file) for file in files}
    noted = {file: _notes(file) for file, defects in found.items() if not defects}
    if as_json:
        rows = [_row(file, "error", d) for file, defects in found.items() for d in defects]
        click.echo(json.dumps(rows + [_row(file, "note", d) for file, notes in noted.items() for d in notes]))
    else:
        for file, defects in found.items():
            _tell(file, defects, noted.get(file, []))
    return Exit.FAILED if any(found.values()) else Exit.OK


def _row(file: Path, level: str, defect: Defect) -> dict[str, Any]:
    fields = {"line": defect.line, "field": defect.field, "message": defect.message, "hint": defect.hint}
    return {"file": str(file), "level": level, **fields}


def _tell(file: Path, defects: list[Defect], notes: list[Defect]) -> None:
    for d in defects or notes:
        field = f"{d.field}: " if d.field else ""
        note = "" if defects else "note: "
        click.echo(f"{file}:{d.line}: {note}{field}{d.message}" + (f" ({d.hint})" if d.hint else ""))
    if not defects:
        click.echo(f"{file}: sound")


@command.command("schema")
def schema() -> int:
    """Print the JSON Schema of a profile."""
    from harness import profiles

    click.echo(json.dumps(profiles.schema(), indent=2))
    return Exit.OK


def _defects(file: Path) -> list[Defect]:
    from harness import profiles
    from harness.profiles import Defect

    try:
        return profiles.check(file)
    except UserError as error:
        return [Defect(0, "", error.what, error.hint)]


def _notes(file: Path) -> list[Defect]:
    from harness import profiles

    return profiles.notes(file)
