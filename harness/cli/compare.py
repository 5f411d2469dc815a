"""``tierbench compare``: two stored runs side by side."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options
from harness.errors import Exit

if TYPE_CHECKING:
    from harness.compare import Comparison, Comparisons


@click.command("compare", short_help="Compare two runs.")
@click.argument("baseline", shell_complete=options.complete_runs)
@click.argument("candidate", default="latest", shell_complete=options.complete_runs)
@click.option("--insist", is_flag=True, help="Compare runs of different machines or library versions all the same.")
@click.option("--all", "every", is_flag=True, help="Show the rows without a change too.")
@options.runs
@options.as_json
def command(baseline: str, candidate: str, insist: bool, every: bool, runs: Path, as_json: bool) -> int:
    """Say what changed from BASELINE to CANDIDATE (the latest run by default).

    Exits with 3 where something got worse, with 2 where nothing is comparable.
    """
    from harness import api, store
    from harness.model import codec

    pair = [api.load(store.find(name, runs)) for name in (baseline, candidate)]
    result = api.compare(*pair, insist=insist)
    if as_json:
        click.echo(codec.encode(result))
    else:
        for line in _lines(result, every):
            click.echo(line)
    return _code(result)


def _code(result: Comparisons) -> int:
    if result.regressed:
        return Exit.REGRESSION
    return Exit.OK if result.comparable else Exit.BAD_INPUT


def _lines(result: Comparisons, every: bool) -> Iterable[str]:
    yield f"{result.baseline_id} -> {result.candidate_id}"
    for sentence in result.refused:
        yield f"not comparable: {sentence}" + ("" if result.comparable else " (--insist compares all the same)")
    yield from result.notes
    shown = [row for row in result.rows if every or row.verdict in {"regressed", "improved"}]
    for row in shown:
        yield _line(row)
    quiet = len(result.rows) - len(shown)
    if quiet:
        yield f"{_counted(result)}; --all shows every row"


def _counted(result: Comparisons) -> str:
    words: dict[str, int] = {}
    for row in result.rows:
        words[row.words] = words.get(row.words, 0) + 1
    return ", ".join(f"{count} {word}" for word, count in words.items())


def _line(row: Comparison) -> str:
    from harness.model.units import show, show_percent

    head = f"{row.workload} on {row.tier}, {row.metric}: {row.words}"
    if row.ratio is None or row.baseline is None or row.candidate is None:
        told = f" ({row.reason})" if row.reason else ""
        return head + told
    change = show_percent(row.ratio - 1, signed=True)
    interval = ""
    if row.low is not None and row.high is not None:
        interval = f" [{show_percent(row.low - 1, signed=True)}, {show_percent(row.high - 1, signed=True)}]"
    figures = f"{show(row.baseline, row.unit)} -> {show(row.candidate, row.unit)}"
    return f"{head}, {change}{interval}, {figures}" + (f" ({row.reason})" if row.reason else "")
