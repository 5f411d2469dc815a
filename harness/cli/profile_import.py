"""``tierbench profile import``: logs of other benchmarks as anchors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit
from harness.model.text import plain

_INTO = options.NamedPath(dir_okay=False)


@click.command("import", short_help="Turn a log of benchncnn, llama-bench or trtexec into anchors.")
@click.argument("file", type=options.NamedPath(dir_okay=False, allow_dash=True))
@click.option("--format", "kind", type=click.Choice(["benchncnn", "llama-bench", "trtexec"]), help="Default: guessed.")
@click.option("--into", type=_INTO, metavar="PROFILE", help="Profile file to write them into (default: print them).")
@click.option("--target", default="cpu", show_default=True, help="Target of the profile that the log is of.")
@click.option("--source", required=True, help="Where the log can be looked up.")
@click.option("--date", default="", help="When it was measured (default: as the log says, else today).")
@click.option("--by", type=click.Choice(["vendor", "independent"]), help="Who measured.")
@click.option("--dtype", help="Data type of the arithmetic, where the log does not say it.")
@click.option("--threads", type=click.IntRange(1, 4096), help="Threads, where the log does not say it.")
@click.option("--batch", type=click.IntRange(1, 65536), help="Batch size, where the log does not say it.")
@click.option("--layers", type=click.IntRange(1, 4096), help="Layers of the model, where a log puts some on the GPU.")
@click.option("--model", help="Name of the model, where the log does not say it.")
@click.option("--version", help="Version of the runtime, where the log does not say it.")
@click.option("--replace", is_flag=True, help="Take out anchors of the same configuration.")
def command(file: Path, kind: str | None, into: Path | None, target: str, replace: bool, **told: Any) -> int:
    """Turn the log FILE (- is standard input) into anchors of a profile's target; print them without --into."""
    from harness.vendor import importing

    done = importing.bring(file, kind, into, target, replace, told)
    for note in done.notes:
        say(plain(f"note: {note}"), err=True)
    click.echo(done.text, nl=False)
    return Exit.OK
