"""A board's case at its projected pace: asked against achieved in the details and the cell, in no ranking."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sample_runs import Work, boards, make_run, with_fate

from harness.model.case import Pace, Trial
from harness.model.measure import Measurement
from harness.model.outcome import DoesNotFit, Ok, Unsupported
from harness.model.paced import PACED_LATENCY, PACED_WORK
from harness.model.record import Record, Run
from harness.render import terminal
from harness.view import build

WORK = Work("mlp", seconds=0.004)
TIMES = tuple(0.072 + 0.00001 * (k % 10) for k in range(100))


def with_paced(run: Run, times=TIMES, outcome=None, asked=0.072) -> Run:
    """``run`` with a paced trial of its only board's only case."""
    ceiling = next(r for r in run.records if r.trial.role == "ceiling")
    trial = Trial(ceiling.trial.case, "paced", pace=Pace(step_seconds=asked))
    measured = (
        Measurement(PACED_LATENCY, "timed", "enforced", tuple(times)),
        Measurement(PACED_WORK, "timed", "enforced", (0.005,) * len(times)),
    )
    record = Record(trial.id, trial, outcome or Ok(), ceiling.started, 8.0, measured if times else ())
    return replace(run, records=(*run.records, record))


def run(**more) -> Run:
    return with_paced(make_run([WORK], boards(1), processes=1), **more)


def rows(run: Run) -> dict[str, object]:
    return {r.metric: r for r in build(run).data if r.tier == "board-0:cpu"}


def lines(run: Run) -> dict[str, list[str]]:
    (detail,) = build(run).details
    return {line.metric: [f.text if f else "" for f in line.figures] for line in detail.lines}


def test_the_details_set_asked_against_achieved():
    found = lines(run())
    assert found["slowed down: asked"][1] == "about 72 ms"
    assert found["slowed down: achieved"][1] == "72 ms"
    assert found["slowed down: p90"][1] == "72.1 ms"
    assert found["slowed down: of it work"][1] == "5 ms"
    assert "slowed down: coefficient of variation" in found


def test_what_was_achieved_is_enforced_and_what_was_asked_is_projected():
    found = rows(run())
    kinds = [found[f"paced_{name}"].provenance for name in ("asked", "latency", "p90", "cv", "work")]
    assert kinds == ["projected", *["enforced"] * 4]


def test_a_90th_percentile_needs_samples_and_says_how_many():
    found = rows(run(times=TIMES[:20]))
    assert found["paced_p90"].value is None
    assert found["paced_p90"].note == "p90 needs 64 samples, there are 20"


def test_the_cell_and_the_terminal_say_it_in_words(capsys):
    from rich.console import Console

    said = "slowed down: 72 ms of 72 ms asked, p90 72.1 ms, CV 0.04 %"
    page = build(run())
    assert page.matrix.rows[0].cells[1].remarks == (said,)
    terminal.show(page, Console())
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("reason", ["no projection for this tier", "this host is slower than the projected board"])
def test_why_it_was_not_slowed_down_is_said_where_the_figure_would_be(reason):
    page = build(run(times=(), outcome=Unsupported(reason), asked=None))
    assert page.matrix.rows[0].cells[1].remarks == (f"not slowed down: {reason}",)
    assert rows(run(times=(), outcome=Unsupported(reason), asked=None))["paced_latency"].note == reason


def test_a_case_that_does_not_fit_says_only_that():
    misfit = with_fate(WORK, board_0_cpu=DoesNotFit(1, 1, "killed"))
    outcome = Unsupported("under this tier's limits it ended otherwise: does not fit")
    page = build(with_paced(make_run([misfit], boards(1), processes=1), times=(), outcome=outcome, asked=None))
    assert page.matrix.rows[0].cells[1].remarks == ()


def test_it_is_no_time_of_the_board_and_stands_in_no_comparison_of_tiers():
    before, after = build(make_run([WORK], boards(1), processes=1)), build(run())
    assert after.across == before.across
    assert after.headline == before.headline
    assert after.counts == before.counts
    assert rows(run())["latency"].value is None
    assert [c.figures for c in after.matrix.rows[0].cells] == [c.figures for c in before.matrix.rows[0].cells]


def test_it_has_no_say_in_whether_the_case_fits():
    page = build(run(times=(), outcome=DoesNotFit(1, 1, "killed")))
    assert page.matrix.rows[0].cells[1].fit.state == "fits"


def test_a_run_that_was_not_slowed_down_has_no_such_figures():
    assert not [name for name in rows(make_run([WORK], boards(1))) if name.startswith("paced")]
