"""``python -m tests.perf``: measures tierbench itself. A full run writes its table into docs/performance.md."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter

import click

from tests.perf import page
from tests.perf.effort import Effort
from tests.perf.result import Result

ITEMS = (
    "loop",
    "parent",
    "isolation",
    "startup",
    "agreement",
    "models",
    "wall",
    "report",
    "plugin",
    "meters",
    "validity",
    "projection",
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, type=click.Choice(ITEMS), help="Only this item; may be repeated.")
@click.option("--quick", is_flag=True, help="Few repetitions: shows that everything works; the figures mean little.")
@click.option(
    "--write", is_flag=True, help="Write the table of these items into docs/performance.md, below the whole one."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table.")
def main(only: tuple[str, ...], quick: bool, write: bool, as_json: bool) -> None:
    """Measure what tierbench costs and how well it agrees with others. Exit code 1 where a target is not met.

    A full run, neither --only nor --quick, writes its table into docs/performance.md.
    """
    if write and (quick or not only):
        raise click.UsageError("--write goes with --only and without --quick; a full run is always written")
    where = page.where(os.getloadavg()[0])
    with tempfile.TemporaryDirectory(prefix="tierbench-perf-") as folder:
        effort = Effort(Path(folder), quick)
        _cache_bytecode(effort)
        results = [r for item in (only or ITEMS) for r in _measure(item, effort)]
    click.echo(json.dumps([dataclasses.asdict(r) for r in results]) if as_json else f"\n{page.plain(results)}")
    if write or not (only or quick):
        page.write(page.markdown(results, where), page.part(only) if only else page.WHOLE)
        click.echo(f"\nwritten to {page.DOCUMENT}", err=True)
    sys.exit(int(any(r.met is False for r in results)))


def _cache_bytecode(effort: Effort) -> None:
    """Let all that is started keep its bytecode, as it does on a user's machine, whatever is set here."""
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""
    os.environ["PYTHONPYCACHEPREFIX"] = str(effort.folder / "bytecode")


def _measure(item: str, effort: Effort) -> list[Result]:
    start = perf_counter()
    click.echo(f"{item} ...", err=True, nl=False)
    measure: Callable[[Effort], list[Result]] = import_module(f"tests.perf.{item}").measure
    results = measure(effort)
    verdicts = ", ".join(f"{r.shown} {r.verdict}".strip() for r in results)
    click.echo(f" {verdicts}  [{perf_counter() - start:.0f} s]", err=True)
    return results


if __name__ == "__main__":
    main()
