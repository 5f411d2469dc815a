"""The test of truth: programs of known peak, run by the command line from a parent of 700 MiB, read from the records.

Once for each means of enforcement that this machine offers, and once with none. A stage's peak less its baseline must
be the truth within 1 % or 2 MiB, whichever is larger: of the process always, of the tree where it has a kernel group.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.model.measure import PROCESS_BASELINE, PROCESS_PEAK, TREE_BASELINE, TREE_PEAK
from harness.model.outcome import DoesNotFit, Ok
from harness.model.record import Record
from tests.truth import running
from tests.truth.programs import BY_EVERY_MEANS, KERNEL_GROUPS, MIB, Measured, Role, Truth, allowed, claimed
from tests.truth.running import BALLAST, USABLE, tierbench

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    yield folder
    shutil.rmtree(folder)


def _apart(means: str) -> Any:
    """A group's account holds pages of files too, which other trials drop: nothing runs beside it."""
    return pytest.param(means, marks=[pytest.mark.alone] if means in KERNEL_GROUPS else [])


@pytest.fixture(scope="module", params=[_apart(means) for means in (*USABLE, "none")])
def measured(request: pytest.FixtureRequest, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Every program once uncapped and once under a limit that holds, by one means."""
    return running.by_means(tmp_path_factory.mktemp("run"), cache, request.param)


def near(truth: int) -> object:
    return pytest.approx(truth, abs=allowed(truth))


def test_every_program_ran_and_found_its_pages(measured: Measured) -> None:
    assert measured.run.complete
    assert {r.trial.id: r.outcome for r in measured.run.records if r.outcome != Ok()} == {}
    assert {r.facts["means"] for r in measured.run.records} == {measured.means}


@pytest.mark.parametrize("role", ["need", "ceiling"])
@pytest.mark.parametrize("truth", BY_EVERY_MEANS, ids=lambda t: f"{t.program}-{t.stage}")
def test_the_process_peak_is_the_truth(measured: Measured, truth: Truth, role: Role) -> None:
    assert claimed(measured.record(truth.program, role), truth.stage, "process") == near(truth.process)


@pytest.mark.parametrize("role", ["need", "ceiling"])
@pytest.mark.parametrize("truth", BY_EVERY_MEANS, ids=lambda t: f"{t.program}-{t.stage}")
def test_the_tree_peak_is_the_truth_or_only_a_bound(measured: Measured, truth: Truth, role: Role) -> None:
    record = measured.record(truth.program, role)
    if measured.means not in KERNEL_GROUPS:
        _check_bound(record, truth)
    elif not measured.has_trees(record):
        whole = record.find(TREE_PEAK.id, "trial")
        assert whole is not None
        assert whole.values[0] >= measured.tree(truth, role)
    else:
        assert claimed(record, truth.stage, "tree") == near(measured.tree(truth, role))


@pytest.mark.parametrize("role", ["need", "ceiling"])
@pytest.mark.parametrize("program", sorted({t.program for t in BY_EVERY_MEANS}))
def test_the_whole_trials_peak_is_that_of_its_highest_stage(measured: Measured, program: str, role: Role) -> None:
    record = measured.record(program, role)
    whole = record.find(TREE_PEAK.id, "trial")
    stages = [m for m in record.measurements if m.metric.id == TREE_PEAK.id and m.stage != "trial"]
    assert whole is not None
    if measured.means in KERNEL_GROUPS:
        assert whole.bound is None
        assert whole.values[0] >= max((m.values[0] for m in stages if m.values), default=0.0)
    elif program == "child-process":
        assert whole.values == ()
        assert "started other processes" in str(whole.missing)
    else:
        assert whole.bound == "upper"
        assert whole.values[0] == max(m.values[0] for m in stages)


def test_a_700_mib_parent_leaves_no_trace_in_its_children(measured: Measured) -> None:
    for record in measured.run.records:
        baseline = record.find(PROCESS_BASELINE.id, "import")
        peak = record.find(PROCESS_PEAK.id, "import")
        assert baseline is not None
        assert peak is not None
        assert baseline.values[0] < 64 * MIB
        assert peak.values[0] < BALLAST


@pytest.mark.parametrize("means", [_apart(means) for means in (*USABLE, "none")])
def test_a_burst_over_the_limit_does_not_fit_where_the_limit_is_enforced(
    means: str, cache: Path, tmp_path: Path
) -> None:
    programs = ("truth/after-freed", "truth/numpy-array")
    run = tierbench(tmp_path, cache, *programs, "--quick", "-p", "tight-board", "--means", means)
    outcomes = {r.trial.case.workload.name: r.outcome for r in run.records if r.trial.role == "ceiling"}
    assert outcomes["numpy-array"] == Ok()
    if means == "none":
        assert outcomes["after-freed"] == Ok()
        return
    assert isinstance(outcomes["after-freed"], DoesNotFit)
    assert outcomes["after-freed"].limit_bytes == 320 * MIB
    reached = outcomes["after-freed"].reached_bytes
    assert reached is not None
    assert reached <= 320 * MIB


def _check_bound(record: Record, truth: Truth) -> None:
    """Without a group: missing with a reason, or marked as an upper bound and not below the truth."""
    peak = record.find(TREE_PEAK.id, truth.stage)
    baseline = record.find(TREE_BASELINE.id, truth.stage)
    assert peak is not None
    assert baseline is not None
    assert (baseline.values, bool(baseline.missing)) == ((), True)
    if not truth.alone:
        assert peak.values == ()
        assert "started other processes" in str(peak.missing)
    else:
        assert peak.bound == "upper"
        assert truth.tree is not None
        assert peak.values[0] >= truth.tree
