"""The interpreter is the user's: what garbage there is and when Python looks for it is as in the program alone.

Each test runs one file through the command line's API, and the same functions in a plain interpreter.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from builders import trial
from msgspec.structs import replace

import harness
from harness.model import suite_files
from harness.model.case import Pace, Role
from harness.model.record import Record
from harness.model.spec import ChildSpec
from harness.stats import percentile
from harness.worker import trial as child
from harness.worker.channel import Channel

MIB = 1 << 20
CYCLE = """
    def touched(size):
        memory = bytearray(size)
        for at in range(0, size, 4096):
            memory[at] = 1
        return memory


    class Node:
        pass


    def load():
        one, other = Node(), Node()
        one.other, other.other = other, one
        one.data = touched(90 << 20)


    def step():
        return len(touched(60 << 20))
"""
PAUSES = """
    long_lived, kept = [], []


    def load():
        long_lived.extend([k] for k in range(800_000))


    def step():
        kept.append([{"a": k, "b": [k]} for k in range(26_000)])
        if len(kept) > 8:
            kept.pop(0)
"""
SUITE = """
from harness import Model, Workload


class Mine(Workload):
    name = "mine"
    runtimes = ("python",)
    quick = {}

    def build(self, place):
        load()
        return Model(step)
"""
PEAK = """
def field(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024


before = field("VmRSS")
load()
for _ in range(4):
    step()
print(field("VmHWM") - before)
"""
TIMES = """
import json, time

load()
for _ in range(20):
    step()
taken = []
for _ in range(150):
    began = time.perf_counter()
    step()
    taken.append(time.perf_counter() - began)
print(json.dumps(taken))
"""


def alone(work: str, then: str) -> str:
    code = dedent(work) + then
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def records(
    work: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: str = SUITE, **more: float
) -> list[Record]:
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "one.py").write_text(dedent(work) + suite)
    run = harness.run("one", quick=True, include=(tmp_path,), out=tmp_path / "run", **more)
    return list(run.data.records)


@pytest.mark.slow
def test_garbage_that_a_load_leaves_counts_in_the_need_as_it_does_in_the_program_alone(tmp_path, monkeypatch):
    true = int(alone(CYCLE, PEAK))
    assert true > 149 * MIB, "the cycle is still there while it steps"
    found = next(r for r in records(CYCLE, tmp_path, monkeypatch, budget=0.1) if r.trial.role == "need")
    for peak, baseline in (("process_peak", "process_baseline"), ("tree_peak", "tree_baseline")):
        tops = [v for m in found.measurements if m.metric.id == peak for v in m.values]
        before = found.find(baseline, "load")
        if before is None or not before.values:
            continue  # a machine without control groups
        assert max(tops) - before.values[0] == pytest.approx(true, rel=0.01, abs=2 * MIB), peak


@pytest.mark.slow
@pytest.mark.alone
def test_pauses_for_garbage_stand_in_p90_and_mean_as_in_the_program_alone(tmp_path, monkeypatch):
    """Both over the median, so that a machine that is slower for a while makes no difference. One step in six pauses,
    so that p90 is a pause.
    """
    true = json.loads(alone(PAUSES, TIMES))
    found = next(r for r in records(PAUSES, tmp_path, monkeypatch, min_time=2.0) if r.trial.role == "timing")
    claimed = found.find("latency", "timed").values
    share, claimed_share = (statistics.fmean(t) / statistics.median(t) for t in (true, claimed))
    tail, claimed_tail = (percentile(t, 90).value / statistics.median(t) for t in (true, claimed))
    assert share > 1.5, "the program pauses"
    assert tail > 5, "in more than a tenth of its steps"
    assert claimed_share == pytest.approx(share, rel=0.3)
    assert claimed_tail == pytest.approx(tail, rel=0.5)


@pytest.mark.parametrize("role", ["need", "gate", "ceiling", "fit", "timing", "energy"])
def test_nothing_is_collected_frozen_or_put_off_in_a_trial_whose_figure_decides(role: Role, tmp_path, monkeypatch):
    (tmp_path / "one.py").write_text("def load(): pass\ndef step(): return 1.0\n" + SUITE)
    done: list[tuple[str, bool]] = []
    module = suite_files.module_of(tmp_path / "one.py")
    for name in ("collect", "freeze", "unfreeze", "disable", "enable", "set_threshold"):
        monkeypatch.setattr(gc, name, lambda *_, name=name: done.append((name, module in sys.modules)))
    monkeypatch.setattr("harness.meters.for_role", lambda *_: [])
    with (tmp_path / "events").open("wb") as events:
        child.run(_spec(role, tmp_path), Channel(events.fileno()))
    assert module in sys.modules
    assert [name for name, begun in done if begun] == [], "once the user's file is there"
    assert [name for name, _ in done] == ["collect"], "of tierbench's own objects, before"


def _spec(role: Role, folder: Path) -> ChildSpec:
    of = trial(role=role)
    work = replace(of.case.workload, suite="one", name="mine", path=str(folder / "one.py"))
    pace = Pace(budget_seconds=0.01, warmup_seconds=0.0, steps=1, energy_seconds=0.01)
    made = replace(of, case=replace(of.case, workload=work, runtime="python"), pace=pace)
    return ChildSpec(made, str(folder), str(folder))


STAMPED = """
import mmap, os, time

stamps, count = None, 0


def load():
    global stamps
    file = os.open({folder!r} + "/" + str(os.getpid()), os.O_RDWR | os.O_CREAT)
    os.ftruncate(file, 1 << 20)
    stamps = memoryview(mmap.mmap(file, 1 << 20)).cast("d")


def step():
    global count
    start = time.perf_counter_ns()
    total = sum(range(3000))
    stamps[count] = (time.perf_counter_ns() - start) / 1e9
    count += 1
    return total
"""


def stamps_of(folder: Path) -> list[float]:
    """Of the process that took the most steps: the timing trial's."""
    every = [list(memoryview(file.read_bytes()).cast("d")) for file in folder.iterdir()]
    return max(([taken for taken in one if taken] for one in every), key=len)


@pytest.mark.slow
@pytest.mark.alone
def test_a_short_opaque_step_takes_as_long_as_its_own_stamps_say(tmp_path, monkeypatch):
    """Both of one process: a core that is slower for a while is so for both."""
    (tmp_path / "stamps").mkdir()
    work = STAMPED.format(folder=str(tmp_path / "stamps"))
    suite = SUITE.replace("quick = {}", "quick = {}\n    opaque = True")
    found = next(r for r in records(work, tmp_path, monkeypatch, suite) if r.trial.role == "timing")
    claimed = found.find("latency", "timed").values
    steps, elapsed = (found.find(name, "timed").values[0] for name in ("timed_steps", "elapsed"))
    true = stamps_of(tmp_path / "stamps")[-int(steps) :]
    assert len(true) == steps
    assert min(true) < 0.001
    assert 0.7 * min(true) < min(claimed) < 1.4 * min(true)
    assert statistics.median(claimed) < 1.4 * statistics.median(true)
    assert steps > 5 * len(claimed), "several steps a round"
    assert elapsed >= 0.5
