"""Real disturbances, planted: what is measured beside a busy neighbour must not pass as valid."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import store
from harness.checks import Code, validity
from harness.errors import Exit

SUITE = '''"""A core kept busy."""

from harness import Model, Workload


class Spin(Workload):
    """Adds numbers."""

    name = "spin"
    runtimes = ("python",)
    parameters = {"thousand": (1, 20, 100, 500)}

    def build(self, place, thousand):
        return Model(lambda: sum(range(1000 * thousand)))
'''


@contextmanager
def busy_neighbour(core: int) -> Iterator[None]:
    """A process that never rests, on that core alone."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE
    )
    try:
        os.sched_setaffinity(process.pid, {core})
        assert process.stdout is not None
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.communicate()


def run(tmp_path: Path, core: int, *more: object) -> subprocess.CompletedProcess[str]:
    suites = tmp_path / "content" / "suites"
    suites.mkdir(parents=True)
    (suites / "busy.py").write_text(SUITE)
    command = [sys.executable, "-P", "-m", "harness", "run", "busy", "-I", tmp_path / "content", "--no-report"]
    return subprocess.run(
        [*map(str, command), "--out", str(tmp_path / "run"), *map(str, more)],
        env={**os.environ, "TIERBENCH_CACHE": str(tmp_path / "cache")},
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_beside_a_busy_neighbour_on_the_same_core_no_time_is_called_valid(tmp_path):
    core = max(os.sched_getaffinity(0))
    with busy_neighbour(core):
        done = run(tmp_path, core, "--processes", 2, "--budget", 0.2, "--strict", "--json")
    assert done.returncode == Exit.FAILED, done.stderr
    timings = [r for r in store.read(tmp_path / "run").records if r.trial.role == "timing"]
    verdicts = [validity(r) for r in timings]
    assert len(verdicts) == 8
    assert {v.state for v in verdicts} == {"invalid"}
    assert all(Code.CONTENDED in v.codes for v in verdicts)
    assert set(json.loads(done.stdout)["invalid"]) == {r.trial_id for r in timings}
    assert done.stderr.count("contended: a thread that was ready had to wait") == 8


def test_strict_says_nothing_of_a_run_in_which_nothing_was_timed_badly(tmp_path, monkeypatch):
    """A verdict is read from the record: one that says nothing against its figures ends well under --strict."""
    from msgspec.structs import replace

    from harness import api

    core = max(os.sched_getaffinity(0))
    run(tmp_path, core, "-k", "thousand=1]", "--processes", 1, "--budget", 0.05)
    handle = api.load(tmp_path / "run")
    clean = replace(handle.data, records=tuple(replace(r, findings=()) for r in handle.data.records))
    assert api.RunHandle(clean).invalid == {}


@pytest.mark.parametrize("text", ["10", "0s", "-3m", "soon", "m", "nans", "infh"])
def test_a_duration_without_sense_is_bad_input(tmp_path, text):
    done = run(tmp_path, max(os.sched_getaffinity(0)), f"--sustained={text}", "--dry-run")
    assert done.returncode == Exit.BAD_INPUT
    assert "write 90s, 10m or 1h" in done.stderr


def test_a_sustained_run_is_a_scenario_of_its_own_and_is_told_part_by_part(tmp_path):
    done = run(tmp_path, max(os.sched_getaffinity(0)), "-k", "thousand=20]", "--sustained", "0.6s")
    assert done.returncode == Exit.OK, done.stderr
    assert "last part of the load" in done.stdout
    read = store.read(tmp_path / "run")
    timing = next(r for r in read.records if r.trial.role == "timing")
    assert timing.trial.case.scenario == "sustained"
    assert len(timing.find("part_latency").values) == 3
    assert sum(timing.find("latency", "timed").values) * 1 <= 0.75
    assert timing.trial.timeout_seconds == pytest.approx(600.6)


def test_what_measuring_costs_is_in_every_run_and_in_its_report(tmp_path):
    from harness import api

    run(tmp_path, max(os.sched_getaffinity(0)), "-k", "thousand=20]", "--processes", 1, "--budget", 0.05)
    handle = api.load(tmp_path / "run")
    cost = handle.data.manifest.self_cost
    assert cost is not None
    rounds = cost.find("latency", "timed").values
    assert len(rounds) >= 128
    assert sorted(rounds)[len(rounds) // 2] < 100e-6
    assert cost.trial_id not in {t.id for t in handle.data.manifest.plan.trials}
    view = handle.view()
    assert [fact.name for fact in view.method.own_cost] == [
        "a round, beside its steps",
        "a trial without a workload",
        "harness while a trial is timed",
    ]
    assert "null" not in {row.title for row in view.matrix.rows}
