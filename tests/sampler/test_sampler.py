"""The sampler over a real tree of files: alone, and beside a real trial."""

import os
import threading
import time
from pathlib import Path

import pytest

from harness import sampler
from harness.executors.beside import Beside, readable
from harness.executors.local import LocalExecutor
from harness.meters.nvml_device import NvmlError
from harness.model.case import Case, Pace, Trial, WorkloadRef
from harness.model.events import Ended, Measured, Said
from harness.model.outcome import Ok
from harness.model.sensors import CPU_CLOCK, SAMPLER_CPU, TEMPERATURE, throttled
from harness.sampler import Probe, Sampler

NAP = """
from harness import Model, Workload


class Nap(Workload):
    name = "nap"
    runtimes = ("python",)

    def build(self, place):
        import time

        return Model(lambda: time.sleep(0.01))
"""


@pytest.fixture
def machine(tmp_path):
    """A tree in which every core has a clock, and there are two thermal zones, one of them switched off."""
    root = tmp_path / "machine"
    for cpu in range(64):
        folder = root / f"sys/devices/system/cpu/cpu{cpu}/cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_cur_freq").write_text(f"{1_000_000 + cpu}\n")
    for zone, said in enumerate(("45000\n", "51500\n", "")):
        folder = root / f"sys/class/thermal/thermal_zone{zone}"
        folder.mkdir(parents=True)
        (folder / "temp").write_text(said)
    return root


def test_the_fastest_of_the_trials_cores_and_the_hottest_zone(machine):
    found = {p.metric: p.read() for p in sampler.probes(machine, [0, 3], gpu=False)}
    assert found == {CPU_CLOCK: 1_000_003_000.0, TEMPERATURE: 51.5}


def test_nothing_to_look_at_is_no_probe_and_no_process(tmp_path, machine):
    assert sampler.probes(tmp_path / "none", [0], gpu=False) == []
    assert not readable(tmp_path / "none", gpu=True)
    assert readable(machine, gpu=False)


def test_a_sensor_that_fails_keeps_what_it_gave():
    left = [3.0, 2.0]

    def read():
        if not left:
            raise NvmlError("the GPU is lost")
        return left.pop()

    probe = Probe(CPU_CLOCK, read)
    for _ in range(4):
        probe.look()
    assert probe.measurement().values == (2.0, 3.0)
    assert Probe(CPU_CLOCK, lambda: 1 / 0).measurement().missing == "the timed stage was never reached"
    silent = Probe(CPU_CLOCK, read)
    silent.look()
    assert silent.measurement().missing == "the GPU is lost (after 0 samples)"


def test_too_many_samples_are_thinned_evenly():
    ticks = iter(range(10**6))
    made = Sampler([Probe(CPU_CLOCK, lambda: float(next(ticks)))])
    for _ in range(sampler.MOST_SAMPLES + 3):
        made.look()
    values = made.probes[0].values
    assert len(values) == sampler.MOST_SAMPLES // 2 + 3
    assert values[:3] == [0.0, 2.0, 4.0]
    assert made.interval == 2 * sampler.INTERVAL_SECONDS


def test_its_cost_counts_only_while_it_is_active():
    made = Sampler([Probe(CPU_CLOCK, lambda: 1.0)])

    def burn():
        end = time.process_time() + 0.02
        while time.process_time() < end:
            pass

    burn()
    made.enter("timed")
    burn()
    made.enter("")
    burn()
    cost = next(e.measurement for e in made.events() if isinstance(e, Measured) and e.measurement.metric == SAMPLER_CPU)
    assert 0.02 <= cost.values[0] < 0.058, "of three times 20 ms one counts"


def test_it_moves_off_the_trials_cores_where_one_is_free():
    usable = os.sched_getaffinity(0)
    try:
        assert "shared" in sampler.settle(sorted(usable))
        if len(usable) > 1:
            first, *_ = sorted(usable)
            assert "which the trial does not use" in sampler.settle([first])
            assert first not in os.sched_getaffinity(0)
    finally:
        os.sched_setaffinity(0, usable)


@pytest.mark.parametrize(
    ("mask", "expected"), [(0x0, False), (0x1, False), (0x2, False), (0x4, True), (0x21, True), (0x40, True)]
)
def test_idle_and_set_clocks_are_no_throttling(mask, expected):
    assert throttled(mask) == expected


@pytest.fixture
def beside(tmp_path, machine):
    """The events of a timing trial of a second and of a memory trial, on a machine with sensors and on one without."""
    suite = tmp_path / "nap.py"
    suite.write_text(NAP)

    def run(role, root=machine):
        case = Case(WorkloadRef("nap", "nap", str(suite)), "host", "cpu", "cpu", "python", "float32")
        trial = Trial(case, role, pace=Pace(budget_seconds=1.0, warmup_seconds=0.1, precision=1e-9, steps=1))
        events = []
        ending = LocalExecutor(tmp_path / "cache", sensors=root).execute(trial, (), events.append, lambda: False)
        assert ending.exit_code == 0, ending
        assert any(isinstance(e, Ended) and e.outcome == Ok() for e in events)
        return events

    return run


def measured(events):
    return {e.measurement.metric.id: e.measurement for e in events if isinstance(e, Measured)}


@pytest.mark.slow
def test_samples_of_the_timed_stage_come_with_what_they_cost(beside):
    events = beside("timing")
    found = measured(events)
    clock, cost = found["cpu_clock_sampled"], found["sampler_cpu"]
    assert clock.stage == cost.stage == "timed"
    assert len(clock.values) == len(found["temperature"].values) >= 2
    assert set(found["temperature"].values) == {51.5}
    assert 0 < cost.values[0] < sum(found["latency"].values)
    facts = {k: v for e in events if isinstance(e, Said) for k, v in e.facts.items()}
    assert "core" in facts["sampler"]
    assert facts["sampler_interval_seconds"] == "0.25"


def children():
    return set(Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split())


def test_a_trial_that_is_given_up_leaves_no_sampler(machine):
    case = Case(WorkloadRef("nap", "nap", "nap.py"), "host", "cpu", "cpu", "python", "float32")
    before = children()
    made = Beside(Trial(case, "timing"), None, os.environ, machine)
    assert len(children() - before) == 1
    made.close()
    assert children() == before


@pytest.mark.slow
def test_no_sampler_where_memory_is_measured_or_there_is_nothing_to_see(beside, tmp_path):
    assert "sampler_cpu" not in measured(beside("need"))
    assert "sampler_cpu" not in measured(beside("timing", tmp_path / "none"))
