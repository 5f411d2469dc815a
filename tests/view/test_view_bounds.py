"""A figure that only bounds the truth says so wherever it is shown."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace
from rich.console import Console
from sample_runs import Work, board, boards, make_run

from harness.compare import compare
from harness.model.measure import TREE_PEAK, Bound
from harness.model.record import Run
from harness.model.units import MIB
from harness.render import csv, markdown, terminal
from harness.view import ReportView, build

WORDS: list[tuple[Bound, str]] = [("lower", "at least "), ("upper", "at most ")]


def bounded(run: Run, bound: Bound | None) -> Run:
    """The run as if no trial had had a group of its own."""
    records = tuple(
        replace(
            r,
            measurements=tuple(replace(m, bound=bound) if m.metric.id == TREE_PEAK.id else m for m in r.measurements),
        )
        for r in run.records
    )
    return replace(run, records=records)


def on_terminal(view: ReportView, is_terminal: bool) -> str:
    out = io.StringIO()
    terminal.show(view, Console(file=out, force_terminal=is_terminal, width=200, color_system=None))
    return out.getvalue()


@pytest.mark.parametrize(("bound", "words"), WORDS)
@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_terminal_says_a_bound_of_every_need(bound: Bound, words: str, is_terminal: bool):
    shown = on_terminal(build(bounded(make_run([Work("w")], boards(1)), bound)), is_terminal)
    assert shown.count(f"{words}2") == 2
    assert words not in on_terminal(build(make_run([Work("w")], boards(1))), is_terminal)


@pytest.mark.parametrize(("bound", "words"), WORDS)
def test_markdown_and_csv_say_a_bound_of_every_need(bound: Bound, words: str):
    view = build(bounded(make_run([Work("w")], boards(1)), bound))
    assert markdown.render(view).count(words) == 2
    assert csv.render(view).count(f",{bound},") == 2


def test_what_needs_at_least_more_than_the_limit_says_so_in_cell_and_headline():
    view = build(bounded(make_run([Work("w", weights=900 * MIB)], [board("b", "Board", 400 * MIB)]), "lower"))
    cell = view.matrix.rows[0].cells[1]
    assert cell is not None
    assert cell.fit.detail.startswith("needs at least ")
    assert "needs at least " in view.headline


def test_what_needs_at_most_more_than_the_limit_explains_no_misfit():
    view = build(bounded(make_run([Work("w", weights=900 * MIB)], [board("b", "Board", 400 * MIB)]), "upper"))
    cell = view.matrix.rows[0].cells[1]
    assert cell is not None
    assert cell.fit.detail.startswith("stopped at ")
    assert "needs" not in view.headline


@pytest.mark.parametrize(("before", "after"), [(None, "upper"), ("lower", None), ("lower", "upper")])
def test_a_bound_is_not_compared_with_another_kind_of_figure(before: Bound | None, after: Bound | None):
    run = make_run([Work("w")], [])
    rows = compare(bounded(run, before), bounded(run, after)).rows
    row = next(row for row in rows if row.metric == TREE_PEAK.id)
    assert row.verdict == "not_comparable"
    assert "bound" in row.reason


def test_bounds_of_one_kind_are_compared():
    run = make_run([Work("w")], [])
    rows = compare(bounded(run, "upper"), bounded(run, "upper")).rows
    assert next(row for row in rows if row.metric == TREE_PEAK.id).verdict != "not_comparable"


@pytest.mark.parametrize(
    ("generic", "noun"), [(0, "All 4 boards"), (4, "All 4 memory limits"), (2, "All 4 boards and memory limits")]
)
def test_a_generic_limit_is_counted_as_no_board(generic: int, noun: str):
    profiles = [
        replace(board(f"p{k}", f"Tier {k}", 4096 * MIB), kind="generic" if k < generic else "board") for k in range(4)
    ]
    assert build(make_run([Work("w")], profiles)).headline.startswith(noun)
