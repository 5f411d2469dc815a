"""The report's matrix on a terminal: a rich table, or plain lines where the output is not a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.compare import Verdict
from harness.model.text import plain
from harness.view.report import Cell, ReportView, Row

_STYLES = {
    "fits": "",
    "thrashes": "yellow",
    "does_not_fit": "bold red",
    "unsupported": "dim",
    "timed_out": "red",
    "failed": "bold red",
    "not_run": "dim",
}
_CHANGE_STYLES = {"regressed": "red", "improved": "green", "inconclusive": "dim"}
_MOST_COLUMNS = 6
_PRINTED_LINES = 10
"""With more tiers a table is too wide for a terminal: it is cut in several."""


def show(view: ReportView, console: Console) -> None:
    """Print the table and then the verdict."""
    if console.is_terminal:
        _rich(view, console)
    else:
        _plain(view, console)


def _rich(view: ReportView, console: Console) -> None:
    tiers = view.matrix.tiers
    for start in range(0, len(tiers), _MOST_COLUMNS):
        chosen = tiers[start : start + _MOST_COLUMNS]
        table = Table(title_justify="left", header_style="bold", pad_edge=False)
        table.add_column("Workload", overflow="fold")
        for tier in chosen:
            table.add_column(Text(plain(tier.name)), justify="right", overflow="fold")
        for row in view.matrix.rows:
            table.add_row(_row_name(row), *(_rich_cell(row.cells[t.index]) for t in chosen))
        console.print(table)
    console.print(Text(plain(view.headline), style="bold"))
    for sentence in (*view.lead, *_advice(view), *_cloud(view)):
        console.print(Text(plain(sentence)))
    for verdict, line in _changes(view):
        console.print(Text(plain(line), style=_CHANGE_STYLES[verdict]))
    for line in _printed(view):
        console.print(Text(plain(line), style="dim"))


def _row_name(row: Row) -> Text:
    return Text(plain(f"{row.name} {row.variant}".strip()))


def _rich_cell(cell: Cell | None) -> Text:
    if cell is None:
        return Text("")
    return Text("\n".join(map(plain, _lines(cell))), style=_STYLES[cell.fit.state])


def _lines(cell: Cell) -> list[str]:
    """A time where there is one, the verdict, and the memory against the limit."""
    latency = cell.figures["latency"]
    time = f"{latency.text} {latency.spread}".strip()
    changes = [change.text for change in cell.changes]
    if cell.fit.state != "fits":
        shown = time if latency.value is not None else ""
        more = (shown, cell.fit.said, cell.fit.detail, _needs(cell), *changes)
        return [line for line in more if line]
    first = time if latency.value is not None else cell.fit.said
    more = (cell.bar.label if cell.bar else "", cell.deadline.text if cell.deadline else "")
    return [line for line in (first, *more, *cell.remarks, *changes) if line]


def _needs(cell: Cell) -> str:
    """Of a case that was not tried all that is known: its need, measured on the host."""
    return f"needs {cell.bar.label}" if cell.bar and cell.fit.state == "unsupported" else ""


def _plain(view: ReportView, console: Console) -> None:
    """One line a case, aligned, never wrapped, fit for grep."""
    lines = [
        (f"{row.name} {row.variant}".strip(), view.matrix.tiers[cell.tier].name, "; ".join(_lines(cell)))
        for row in view.matrix.rows
        for cell in row.cells
        if cell is not None
    ]
    widths = [max((len(line[k]) for line in lines), default=0) for k in range(2)]
    for name, tier, said in lines:
        _line(console, f"{name:<{widths[0]}}  {tier:<{widths[1]}}  {said}")
    for sentence in (view.headline, *view.lead, *_advice(view), *_cloud(view), *(line for _, line in _changes(view))):
        _line(console, sentence)
    for sentence in _printed(view):
        _line(console, sentence)


def _printed(view: ReportView) -> Iterator[str]:
    """The last lines that works which did not end well had printed."""
    for end in view.printed:
        yield f"{end.work} ({end.ended}) printed:"
        yield from (f"  {line}" for line in end.text.splitlines()[-_PRINTED_LINES:])


def _changes(view: ReportView) -> Iterator[tuple[Verdict, str]]:
    """A line for each figure that got worse or better since the baseline, and each case that ended otherwise."""
    if view.changed is None:
        return
    for end in view.changed.ends:
        yield end.verdict, f"{end.name} on {end.where}: {end.words}{f' ({end.detail})' if end.detail else ''}"
    for forest in view.changed.forests:
        for row in forest.called:
            yield row.verdict, f"{row.name} on {row.where}, {forest.title.lower()}: {row.said}, {row.figures}"


def _advice(view: ReportView) -> Iterator[str]:
    """What fits instead of what does not: the quickest variant of each, and what to run where none is known."""
    if view.advised is None:
        return
    for row in view.advised.rows:
        best = row.alternatives[0]
        yield f"{row.name} on {row.where}: {row.why}; {best.said}"
    if view.advised.missing:
        yield f"{view.advised.missing} {view.advised.command}".rstrip()


def _cloud(view: ReportView) -> Iterator[str]:
    """Remote tiers end to end, and where the edge beats them: a line each."""
    if view.cloud is None:
        return
    if view.cloud.missing:
        yield view.cloud.missing
    for r in view.cloud.rows:
        yield f"{r.name}: {r.tier} over {r.link}: {r.kept.text} end to end, {r.new.text} on a new connection"
        yield from (f"  {answer}" for answer in r.answers)


def _line(console: Console, text: str) -> None:
    console.print(Text(plain(text)), soft_wrap=True)
