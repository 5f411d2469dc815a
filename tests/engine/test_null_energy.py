"""The energy of a workload that does nothing: by a real run, its sensor alone made, and as the report tells it."""

from __future__ import annotations

import pytest
from builders import manifest, plan_of, record, trial
from msgspec.structs import replace

from harness import api, plan
from harness.engine import null
from harness.meters import GROUP
from harness.model.case import Pace
from harness.model.machine import MeterState
from harness.model.measure import POWER, STEP_ENERGY, Measurement, Metric
from harness.model.outcome import Failed
from harness.model.record import Run
from harness.selection import Selection
from harness.testing import FakeExecutor
from harness.view.own_cost import DRAWN, own_cost

WATTS = 35.0
METER = '''
"""A counter at 35 W, behind the window that all counters have; its seconds pass a hundred times as fast as ours."""
from time import perf_counter, sleep

from harness.meters.counter import Clock, CounterWindow, family, measurements

METRICS = family("made", "board", "a made counter", "35 mJ")
CLOCK = Clock(lambda: 100 * perf_counter(), lambda seconds: sleep(seconds / 100))


class Made:
    id, roles, devices, metrics = "made", frozenset({"energy"}), frozenset({"cpu"}), METRICS

    def available(self):
        return None

    def begin(self):
        self.window = CounterWindow(lambda: 35 * int(1000 * CLOCK.now()), 1e-3, 0.001, CLOCK)
        self.window.begin()

    def end(self, stage):
        return measurements(self.window.end(), stage, METRICS)
'''
FILES = {
    "tierbench_made.py": METER,
    "tierbench_made-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: tierbench-made\nVersion: 1\n",
    "tierbench_made-1.dist-info/entry_points.txt": f"[{GROUP}]\nmade = tierbench_made:Made\n",
    "suites/nap.py": """
import time

from harness import Model, Workload


class Nap(Workload):
    name = "nap"
    runtimes = ("python",)

    def build(self, place):
        return Model(lambda: time.sleep(0.001))
""",
}
QUICKLY = Pace(budget_seconds=0.05, warmup_seconds=0.1, energy_seconds=0.15)


@pytest.fixture
def run(tmp_path, monkeypatch) -> Run:
    """A run on a machine that has the sensor."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))
    settings = plan.Settings(processes=1, timing=QUICKLY, memory=QUICKLY)
    return api.execute(Selection(("nap",), include=(tmp_path,)), settings, tmp_path / "run").data


@pytest.mark.slow
def test_a_run_that_measures_energy_also_measures_that_of_doing_nothing(run):
    by_role = {r.trial.role: r for r in run.records}
    assert by_role["energy"].find("made_power").values[0] == pytest.approx(WATTS, rel=0.02)
    (own,) = run.manifest.self_energy
    assert (own.trial.case.workload.name, own.trial.role, own.trial.pace) == ("null", "energy", QUICKLY)
    assert own.find("made_power").values[0] == pytest.approx(WATTS, rel=0.02)
    steps, seconds = int(own.facts["energy_steps_made"]), own.find("made_energy").values[0] / WATTS
    assert own.find("step_energy").values[0] == pytest.approx(WATTS * seconds / steps)
    assert own.trial_id not in {r.trial_id for r in run.records}
    facts = {fact.name: fact.value for fact in own_cost(run)}
    assert "W (board) while it is stepped without pause, " in facts[DRAWN]
    assert facts[DRAWN].endswith("J a step")


def energy(device="cpu", target="cpu", pace=QUICKLY):
    of = trial(role="energy")
    return replace(of, case=replace(of.case, device=device, target=target), pace=pace)


def test_nothing_is_run_where_the_plan_measures_no_energy():
    executor = FakeExecutor()
    assert null.measure_energy(executor, plan_of(trial(), trial(role="need"))) == ()
    assert executor.executed == []


def test_each_device_has_its_own_once():
    planned = plan_of(trial(), energy(), energy(), energy("gpu", "gpu0"))
    own = null.energy_trials(planned)
    assert [(t.case.device, t.case.target, t.role, t.pace) for t in own] == [
        ("cpu", "cpu", "energy", QUICKLY),
        ("gpu", "gpu0", "energy", QUICKLY),
    ]
    assert [r.trial for r in null.measure_energy(FakeExecutor(), planned)] == own


def told(*own, planned=(), meters=()):
    """The facts on energy in the report of a run."""
    made = manifest(plan_of(*planned))
    made = replace(made, self_cost=record(null.trial()), self_energy=own)
    made = replace(made, capabilities=replace(made.capabilities, meters=meters))
    return {fact.name: fact.value for fact in own_cost(Run(made, ())) if fact.name.startswith(DRAWN)}


def drew(of, *measurements):
    return replace(record(of), measurements=measurements)


IDLE = Metric("package_idle_power", "W", "lower", "package", "read")
PACKAGE = replace(POWER, scope="package")


def test_what_was_drawn_is_told_with_its_scope_and_what_was_idle():
    own = drew(
        energy(),
        Measurement(PACKAGE, "timed", "measured", (31.24,)),
        Measurement(IDLE, "timed", "measured", (12.5,)),
        Measurement(STEP_ENERGY, "timed", "measured", (4.2e-6,)),
    )
    text = "31.2 W (package) while it is stepped without pause, 12.5 W in the second before; 4.2 µJ a step"
    assert told(own, planned=(energy(),)) == {DRAWN: text}


def test_without_a_meter_the_reason_stands_where_the_figure_would():
    deaf = MeterState("rapl", "no counters here", ("energy",), ("cpu",))
    assert told(meters=(deaf,)) == {DRAWN: "not measured: rapl: no counters here"}
    assert told() == {DRAWN: "not measured: this run measures no energy"}


def test_a_figure_that_is_missing_and_a_trial_that_failed_have_their_reason():
    missing = drew(energy("gpu", "gpu0"), Measurement(PACKAGE, "timed", "measured", missing="the counter is stuck"))
    failed = replace(record(energy()), outcome=Failed("no GPU", "load"))
    assert told(missing, failed, planned=(energy(),)) == {
        f"{DRAWN} (gpu0)": "not measured: the counter is stuck",
        DRAWN: "not measured: no GPU",
    }


def test_a_run_from_before_this_was_measured_says_nothing_of_it():
    assert told(planned=(energy(),)) == {}
