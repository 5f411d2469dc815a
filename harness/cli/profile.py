"""``tierbench profile``: what a vendor needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options
from harness.errors import Exit, UserError

if TYPE_CHECKING:
    from harness.profiles import Defect


@click.group("profile", short_help="Check hardware profiles.")
def command() -> None:
    """Check hardware profiles."""


@command.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.as_json
def check(files: tuple[Path, ...], as_json: bool) -> int:
    """Say all that is wrong with profile FILES, at once and with line numbers."""
    found = {str(file): _defects(file) for file in files}
    if as_json:
        rows = [
            {"file": file, "line": d.line, "field": d.field, "message": d.message, "hint": d.hint}
            for file, defects in found.items()
            for d in defects
        ]
        click.echo(json.dumps(rows))
    else:
        for file, defects in found.items():
            for d in defects:
                field = f"{d.field}: " if d.field else ""
                click.echo(f"{file}:{d.line}: {field}{d.message}" + (f" ({d.hint})" if d.hint else ""))
            if not defects:
                click.echo(f"{file}: sound")
    return Exit.FAILED if any(found.values()) else Exit.OK


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
