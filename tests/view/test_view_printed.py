"""What works that did not end well had printed, on the page and on the terminal."""

from __future__ import annotations

import io

from msgspec.structs import replace
from rich.console import Console
from view.sample_runs import SMALL, make_run

from harness.model.outcome import Failed
from harness.model.record import Run
from harness.render import html, terminal
from harness.results import theme_directory
from harness.view import build

TAIL = "libfoo: cannot open\x1b[31m model.dat\n\n\tset <FOO_HOME>\n"
SHOWN = "libfoo: cannot open\\x1b[31m model.dat\n        set <FOO_HOME>"


def failing(tail: str) -> Run:
    run = make_run(SMALL)
    work = run.records[0].trial.case.workload.id
    return replace(
        run,
        records=tuple(
            replace(r, outcome=Failed("RuntimeError: foo", "load"), output_tail=tail)
            if r.trial.case.workload.id == work
            else r
            for r in run.records
        ),
    )


def test_it_is_shown_once_for_all_trials_that_printed_the_same():
    (end,) = build(failing(TAIL)).printed
    assert (end.ended, end.text) == ("RuntimeError: foo", SHOWN)
    assert not build(make_run(SMALL)).printed


def test_of_much_the_end_is_shown():
    (end,) = build(failing("\n".join(map(str, range(500))))).printed
    assert end.text.splitlines()[-1] == "499"
    assert len(end.text.splitlines()) <= 40


def test_it_stands_on_the_page_and_on_the_terminal():
    view, sink = build(failing(TAIL)), io.StringIO()
    terminal.show(view, Console(file=sink, width=100))
    assert "  libfoo: cannot open\\x1b[31m model.dat\n          set <FOO_HOME>" in sink.getvalue()
    assert "set &lt;FOO_HOME&gt;</pre>" in html.render(view, theme_directory("default"))
