"""``tierbench new``: files to start from."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.echo import say
from harness.errors import Exit


@click.group("new", short_help="Write a new suite to start from.")
def command() -> None:
    """Write files to start from."""


@command.command("suite")
@click.argument("name")
def suite(name: str) -> int:
    """Write a suite that works into suites/NAME, with comments on how to go on."""
    from harness import authoring

    folder = authoring.write_suite(name, Path.cwd())
    say(f"{folder.relative_to(Path.cwd())}: try it with: tierbench check suite {name}")
    say(f"then: tierbench run {name} --quick")
    return Exit.OK
