"""``tierbench profile calibrate``: anchors measured on the board."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options
from harness.errors import Exit

_FOLDER = options.NamedPath(file_okay=False)


@click.command("calibrate", short_help="On the board: measure known models as anchors, and their error.")
@click.option("--into", type=options.NamedPath(dir_okay=False), metavar="PROFILE", help="Default: print.")
@click.option("--target", default="cpu", show_default=True, help="CPU target of the profile that this machine is.")
@click.option("--runtime", "runtimes", multiple=True, metavar="NAME", help="Default: every one that works here.")
@click.option("-k", "matching", multiple=True, metavar="TEXT", help="Only models whose name contains TEXT.")
@click.option(
    "--minutes", type=options.Finite(min=0.5, max=10000), default=10.0, show_default=True, help="For all timing."
)
@click.option("--quick", is_flag=True, help="One process each, a second of rounds.")
@click.option("--prepare", type=_FOLDER, metavar="DIR", help="Convert the models into DIR for a board, and stop.")
@click.option("--prepared", type=_FOLDER, metavar="DIR", help="On a board without PyTorch: what --prepare made.")
@options.include
def command(
    into: Path | None,
    prepare: Path | None,
    prepared: Path | None,
    target: str,
    quick: bool,
    minutes: float,
    **asked: tuple[str, ...],
) -> int:
    """Run the published models and primitives in each runtime here, at one thread and on all cores.

    Writes their times, copy bandwidth and the error of projections from them into PROFILE.
    """
    from harness.cli.progress import watching
    from harness.vendor import bringing, calibrate

    order = calibrate.Asked(
        target, asked["runtimes"], asked["matching"], minutes, quick, tuple(map(Path, asked["include"]))
    )
    with watching(quiet=False) as (emit, stop), bringing.cache(prepared):
        if prepare is not None:
            click.echo(bringing.prepare(prepare, order, emit, stop), nl=False)
            return Exit.OK
        text, complete = calibrate.calibrate(order, into, emit, stop)
    click.echo(text, nl=False)
    return Exit.OK if complete else Exit.INTERRUPTED
