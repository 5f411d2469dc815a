"""``tierbench profile probe``: what the board's system tells."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit


@click.command("probe", short_help="On the board: what its system tells, as a profile.")
@click.option(
    "--into",
    type=options.NamedPath(dir_okay=False),
    metavar="PROFILE",
    help="Write a new profile file, or fill what an old one lacks (default: print).",
)
def command(into: Path | None) -> int:
    """Say what this machine's system tells of cores, clocks, memory, firmware and GPUs, as a hardware profile."""
    from harness.vendor import filling, probe

    if into is None:
        click.echo(probe.as_toml(probe.probe(probe.default_id())), nl=False)
        return Exit.OK
    for line in filling.into(into):
        say(line)
    return Exit.OK
