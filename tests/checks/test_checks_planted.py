"""Real disturbances, planted: what is measured beside a busy neighbour must not pass as valid."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness import store
from harness.checks import Code, finding, validity
from harness.errors import Exit
from harness.model import codec
from tests.checks.disturbances import busy_neighbour, pinned

pytestmark = pytest.mark.slow

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


def tierbench(*args: object, core: int | None = None, **env: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "harness", *map(str, args)]
    environment = {**os.environ, **{name: str(value) for name, value in env.items()}}
    with pinned(core):
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def run(tmp_path: Path, core: int, *more: object) -> subprocess.CompletedProcess[str]:
    suites = tmp_path / "content" / "suites"
    suites.mkdir(parents=True)
    (suites / "busy.py").write_text(SUITE)
    command = ("run", "busy", "-I", tmp_path / "content", "--no-report", "--out", tmp_path / "run", *more)
    return tierbench(*command, core=core, TIERBENCH_CACHE=tmp_path / "cache")


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


def test_strict_goes_by_what_the_records_say(tmp_path):
    """Whether this machine is quiet or not: the same run, once with nothing said against it and once with something."""
    core = max(os.sched_getaffinity(0))
    run(tmp_path, core, "-k", "thousand=1]", "--processes", 1, "--budget", 0.05)
    path = tmp_path / "run" / store.RECORDS
    clean = [replace(r, findings=()) for r in store.read(tmp_path / "run").records]
    disturbed = [replace(r, findings=(finding(Code.STEAL, "taken away", r.trial_id),)) for r in clean]
    ends = {}
    for name, records in (("clean", clean), ("disturbed", disturbed)):
        path.write_bytes(b"".join(codec.encode(r) + b"\n" for r in records))
        ends[name] = tierbench("run", "--resume", tmp_path / "run", "--strict", "--no-report")
    assert ends["clean"].returncode == Exit.OK
    assert "not valid" not in ends["clean"].stdout + ends["clean"].stderr
    assert ends["disturbed"].returncode == Exit.FAILED
    assert "steal: taken away" in ends["disturbed"].stderr
    assert "; not valid: steal" in ends["disturbed"].stdout


@pytest.mark.parametrize("text", ["10", "0s", "-3m", "soon", "m", "nans", "infh"])
def test_a_duration_without_sense_is_bad_input(tmp_path, text):
    done = run(tmp_path, max(os.sched_getaffinity(0)), f"--sustained={text}", "--dry-run")
    assert done.returncode == Exit.BAD_INPUT
    assert "write 90s, 10m or 1h" in done.stderr


@pytest.mark.alone
def test_a_sustained_run_is_a_scenario_of_its_own_and_is_told_part_by_part(tmp_path):
    done = run(tmp_path, max(os.sched_getaffinity(0)), "-k", "thousand=20]", "--sustained", "0.6s")
    assert done.returncode == Exit.OK, done.stderr
    assert "last part of the load" in done.stdout
    read = store.read(tmp_path / "run")
    timing = next(r for r in read.records if r.trial.role == "timing")
    assert timing.trial.case.scenario == "sustained"
    assert len(timing.find("part_latency").values) == 3
    assert timing.trial.timeout_seconds == pytest.approx(600.6)


@pytest.mark.alone
def test_what_measuring_costs_is_in_every_run_and_in_its_report(tmp_path):
    from harness import results

    run(tmp_path, max(os.sched_getaffinity(0)), "-k", "thousand=20]", "--processes", 1, "--budget", 0.05)
    handle = results.load(tmp_path / "run")
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
        "power, with a workload that does nothing",
        "harness while a trial is timed",
    ]
    assert "null" not in {row.title for row in view.matrix.rows}
