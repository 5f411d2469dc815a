"""The test of truth: programs of known peak, run by the command line from a parent of 700 MiB, read from the records.

Once for each means of enforcement that this machine offers, and once with none. A stage's peak less its baseline must
be the truth within 1 % or 2 MiB, whichever is larger: of the process always, of the tree where it has a kernel group.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from harness import limits, store
from harness.meters.memory import NO_RESET
from harness.model.measure import PROCESS_BASELINE, PROCESS_PEAK, TREE_BASELINE, TREE_PEAK, Stage
from harness.model.outcome import DoesNotFit, Ok
from harness.model.record import Record, Run

MIB = 1 << 20
CONTENT = Path(__file__).parent / "content"
KERNEL_GROUPS = {"cgroup2", "systemd-scope", "cgroup1"}
USABLE = [state.id for state in limits.states() if state.reason is None]
BALLAST = 700 * MIB
PARENT = f"""
import ctypes, mmap, runpy, sys
ballast = mmap.mmap(-1, {BALLAST}, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(ballast)), 1, {BALLAST})
resident = next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmRSS"))
assert resident >= {BALLAST}, resident
runpy.run_module("harness", run_name="__main__")
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Truth:
    """What a program adds to its stage's baseline, in bytes. The tree's is None where it is told by the program."""

    program: str
    stage: Stage
    process: int
    tree: int | None
    tree_when_dropped: int | None = None
    """In a ceiling trial, which pays for the pages that the program reads from disk; None: as ``tree``."""


TRUTHS = (
    Truth("held-and-burst", "load", 100 * MIB, 100 * MIB),
    Truth("held-and-burst", "timed", 512 * MIB, 512 * MIB),
    Truth("short-burst", "timed", 512 * MIB, 512 * MIB),
    Truth("after-freed", "load", 1024 * MIB, 1024 * MIB),
    Truth("after-freed", "timed", 64 * MIB, 64 * MIB),
    Truth("mapped-file", "load", 128 * MIB, 0, tree_when_dropped=128 * MIB),
    Truth("mapped-file", "timed", 0, 0),
    Truth("child-process", "timed", 0, None),
    Truth("numpy-array", "timed", 128 * MIB, 128 * MIB),
    Truth("torch-tensor", "timed", 128 * MIB, 128 * MIB),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module", params=[*USABLE, "none"])
def measured(request: pytest.FixtureRequest, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Every program once uncapped and once under a limit that holds, by one means."""
    folder = tmp_path_factory.mktemp("run")
    run = tierbench(folder, cache, "truth", "-p", "truth-board", "--means", request.param)
    return Measured(request.param, run, int((folder / "truth").read_text()))


@dataclass(frozen=True)
class Measured:
    means: str
    run: Run
    child: int
    """What the process that ``child-process`` starts said of its own anonymous memory, in bytes."""

    def record(self, program: str, role: Literal["need", "ceiling"]) -> Record:
        [found] = [r for r in self.run.records if (r.trial.case.workload.name, r.trial.role) == (program, role)]
        return found


def tierbench(folder: Path, cache: Path, *arguments: str) -> Run:
    """``tierbench run`` in a process that holds 700 MiB."""
    out = folder / "run"
    command = ["run", *arguments, "-I", str(CONTENT), "--processes", "1", "--no-report", "--out", str(out)]
    environment = {**os.environ, "TIERBENCH_CACHE": str(cache), "TIERBENCH_TRUTH": str(folder / "truth")}
    environment.pop(limits.FORCE, None)
    done = subprocess.run(
        [sys.executable, "-P", "-c", PARENT, *command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    return store.read(out)


def delta(record: Record, stage: Stage, scope: Literal["process", "tree"]) -> float:
    peak, baseline = (PROCESS_PEAK, PROCESS_BASELINE) if scope == "process" else (TREE_PEAK, TREE_BASELINE)
    top, bottom = record.find(peak.id, stage), record.find(baseline.id, stage)
    assert top is not None
    assert bottom is not None
    assert top.bound is None
    assert len(top.values) == len(bottom.values) == 1, (top.missing, bottom.missing)
    return top.values[0] - bottom.values[0]


def expected_tree(measured: Measured, truth: Truth, role: Literal["need", "ceiling"]) -> int:
    if role == "ceiling" and truth.tree_when_dropped is not None:
        return truth.tree_when_dropped
    return measured.child if truth.tree is None else truth.tree


def near(truth: int) -> object:
    return pytest.approx(truth, abs=max(0.01 * truth, 2 * MIB))


def test_every_program_ran_and_found_its_pages(measured: Measured) -> None:
    assert measured.run.complete
    assert {r.trial.id: r.outcome for r in measured.run.records if r.outcome != Ok()} == {}
    assert {r.facts["means"] for r in measured.run.records} == {measured.means}


@pytest.mark.parametrize("role", ["need", "ceiling"])
@pytest.mark.parametrize("truth", TRUTHS, ids=lambda t: f"{t.program}-{t.stage}")
def test_the_process_peak_is_the_truth(measured: Measured, truth: Truth, role: Literal["need", "ceiling"]) -> None:
    assert delta(measured.record(truth.program, role), truth.stage, "process") == near(truth.process)


@pytest.mark.parametrize("role", ["need", "ceiling"])
@pytest.mark.parametrize("truth", TRUTHS, ids=lambda t: f"{t.program}-{t.stage}")
def test_the_tree_peak_is_the_truth_or_only_a_bound(
    measured: Measured, truth: Truth, role: Literal["need", "ceiling"]
) -> None:
    record = measured.record(truth.program, role)
    if measured.means not in KERNEL_GROUPS:
        _check_bound(record, truth)
    elif NO_RESET in [m.missing for m in record.measurements]:
        whole = record.find(TREE_PEAK.id, "trial")
        assert whole is not None
        assert whole.values[0] >= expected_tree(measured, truth, role)
    else:
        assert delta(record, truth.stage, "tree") == near(expected_tree(measured, truth, role))


@pytest.mark.parametrize("role", ["need", "ceiling"])
@pytest.mark.parametrize("program", sorted({t.program for t in TRUTHS}))
def test_the_whole_trials_peak_is_that_of_its_highest_stage(
    measured: Measured, program: str, role: Literal["need", "ceiling"]
) -> None:
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


@pytest.mark.parametrize("means", [*USABLE, "none"])
def test_a_burst_over_the_limit_does_not_fit_where_the_limit_is_enforced(
    means: str, cache: Path, tmp_path: Path
) -> None:
    run = tierbench(tmp_path, cache, "truth", "-k", "after-freed", "-k", "numpy", "-p", "tight-board", "--means", means)
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
    if truth.tree is None:
        assert peak.values == ()
        assert "started other processes" in str(peak.missing)
    else:
        assert peak.bound == "upper"
        assert peak.values[0] >= truth.tree
