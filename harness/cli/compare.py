"""``tierbench compare``: two stored runs side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options
from harness.cli.echo import say
from harness.errors import Exit

if TYPE_CHECKING:
    from harness.compare import Comparison, Comparisons


@click.command("compare", short_help="Compare two runs.")
@click.argument("baseline", shell_complete=options.complete_runs)
@click.argument("candidate", default="latest", shell_complete=options.complete_runs)
@click.option("--insist", is_flag=True, help=options.INSIST)
@click.option("--all", "every", is_flag=True, help="Show the rows without a change too.")
@click.option(
    "--report",
    is_flag=False,
    flag_value="",
    callback=options.a_file,
    metavar="[FILE]",
    help="Also write CANDIDATE's page with what changed, by default as report.html in its directory.",
)
@options.runs
@options.include
@options.as_json
def command(
    baseline: str,
    candidate: str,
    insist: bool,
    every: bool,
    report: str | None,
    runs: Path,
    include: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Say what changed from BASELINE to CANDIDATE (the latest run by default).

    Exits with 3 where something got worse, with 2 where nothing is comparable.
    """
    from harness import results, store
    from harness.model import codec

    before, after = (results.load(store.find(name, runs)) for name in (baseline, candidate))
    result = results.compare(before, after, insist=insist)
    if as_json:
        click.echo(codec.encode(result))
    else:
        for line in _lines(result, every):
            say(line)
    if report is not None:
        page = after.report(report or None, include=include, baseline=before, insist=insist)
        say(page if as_json else f"report  {page}", err=as_json)
    return _code(result)


def _code(result: Comparisons) -> int:
    if result.regressed:
        return Exit.REGRESSION
    return Exit.OK if result.comparable else Exit.BAD_INPUT


_ORDER = ("regressed", "improved", "inconclusive", "not_comparable", "no_change")


def _lines(result: Comparisons, every: bool) -> Iterable[str]:
    yield f"{result.baseline.run_id} -> {result.candidate.run_id}"
    for sentence in result.refused:
        yield f"compared all the same: {sentence}" if result.insisted else f"not comparable: {sentence}"
    if result.refused and not result.insisted:
        yield "--insist compares all the same"
    yield from result.notes
    rows = sorted(result.rows, key=lambda row: _ORDER.index(row.verdict))
    shown = [row for row in rows if every or row.verdict in {"regressed", "improved"}]
    yield from map(_line, shown)
    if len(shown) < len(rows):
        yield from _counted(rows[len(shown) :], result.refused)
        yield "--all shows every row"


def _counted(rows: Sequence[Comparison], said: Sequence[str]) -> Iterable[str]:
    """How many rows are quiet and why, a line a reason; what has been ``said`` already is not said again."""
    for (words, reason), count in Counter((row.words, row.reason) for row in rows).items():
        yield f"{count} {words}" + (f": {reason}" if reason and reason not in said else "")


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
