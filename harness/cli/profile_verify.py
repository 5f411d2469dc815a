"""``tierbench profile verify``: a profile held against the board itself."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit


@click.command("verify", short_help="On the board: projected times against measured ones.")
@click.argument("profile", type=options.NamedPath(dir_okay=False))
@click.option("--into", is_flag=True, help="Write the error into PROFILE.")
@click.option("--target", default="cpu", show_default=True, help="CPU target of the profile that this machine is.")
@click.option("-k", "matching", multiple=True, metavar="TEXT", help="Only models whose name contains TEXT.")
@click.option(
    "--minutes", type=options.Finite(min=0.5, max=10000), default=5.0, show_default=True, help="For all timing."
)
@click.option("--quick", is_flag=True, help="One process each, a second of rounds.")
@options.include
def command(
    profile: Path,
    into: bool,
    target: str,
    matching: tuple[str, ...],
    minutes: float,
    quick: bool,
    include: tuple[Path, ...],
) -> int:
    """Measure known models here, and hold them against what is projected from PROFILE's anchors of the others.

    Exit code 1 where measured times lie outside their intervals more often than they should.
    """
    from harness.cli.progress import watching
    from harness.vendor import calibrate, verify

    order = calibrate.Asked(target, (), matching, minutes, quick, include)
    with watching(quiet=False) as (emit, stop):
        found = verify.verify(profile, order, emit, stop)
    for line in (*verify.table(found), verify.sentence(found)):
        say(line)
    if into and found.pairs:
        verify.write(found, target, profile)
    if not found.complete:
        return Exit.INTERRUPTED
    return Exit.OK if found.holds and found.pairs else Exit.FAILED
