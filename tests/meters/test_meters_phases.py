"""A sensor that looks a quarter of the time, through the energy role: shifted windows find what a single one misses."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from part_time import LOOK, PERIOD, Load, NoReadings, PartTimeGpu

from harness import meters
from harness.meters.counter import CounterWindow
from harness.meters.nvml import PHASES, POLL_SECONDS, Nvml
from harness.model import codec
from harness.model.case import Case, Pace, Trial, WorkloadRef
from harness.model.events import Found, Measured, Said
from harness.model.measure import STEP_ENERGY, Measurement
from harness.worker import energy
from harness.worker.channel import Channel
from harness.worker.energy import Window, merged, phase_dependent


@pytest.fixture
def run_energy(fake_time, monkeypatch):
    """Run the role on a GPU, and give its samples by metric, its facts and the codes of its findings."""

    def run(gpu: PartTimeGpu):
        meter = Nvml(gpu.open, fake_time.clock(), NoReadings)
        monkeypatch.setattr(meters, "for_role", lambda role, device: [meter])
        case = Case(WorkloadRef("s", "w", "s.py"), "host", "gpu", "gpu", "torch-eager", "float32")
        receive, send = os.pipe()
        energy.run(gpu.step, Trial(case, "energy", pace=Pace(energy_seconds=0.01)), Channel(send), 1.0)
        os.close(send)
        with os.fdopen(receive, "rb") as lines:
            events = [codec.decode_event(line) for line in lines]
        found = {e.measurement.metric.id: e.measurement for e in events if isinstance(e, Measured)}
        facts = {name: said for e in events if isinstance(e, Said) for name, said in e.facts.items()}
        return found, facts, [e.finding for e in events if isinstance(e, Found)]

    return run


def mean(values):
    return sum(values) / len(values)


LOADS = {
    "as long as the period": Load(),
    "busy where the sensor never looks": Load(offset=0.05),
    "busy for most of it": Load(busy=0.07, offset=0.01),
    "half the period": Load(seconds=0.05, busy=0.02),
    "two periods": Load(seconds=0.2, busy=0.09, offset=0.03),
}


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_the_mean_of_the_shifted_windows_is_the_truth_where_no_single_window_need_be(run_energy, fake_time, load):
    found, facts, _ = run_energy(PartTimeGpu(fake_time, load))
    truth = load.watts * load.seconds
    samples = found["step_energy"].values
    steps = [int(count) for count in facts["energy_steps_nvml"].split(", ")]
    assert len(samples) == len(PHASES) == len(steps)
    one_step = load.high * PERIOD / min(steps)  # of the counter, shared out to the steps of the load
    late = POLL_SECONDS / LOOK * PERIOD / 4 * (load.high - load.idle)  # a step is seen so much later in one window
    assert mean(samples) == pytest.approx(truth, abs=one_step + 2 * late)


def test_every_single_window_of_a_load_that_keeps_step_with_the_sensor_is_wrong(run_energy, fake_time):
    load = Load()
    found, facts, findings = run_energy(PartTimeGpu(fake_time, load))
    truth, samples = load.watts * load.seconds, found["step_energy"].values
    assert samples[0] == pytest.approx(load.high * PERIOD, rel=0.06)  # it sees the burst alone
    assert min(samples) == pytest.approx(load.idle * PERIOD, rel=0.06)  # it never sees it
    off = [abs(sample - truth) / truth for sample in samples]
    assert min(off) > 0.4
    assert abs(mean(samples) - truth) / truth < 0.02
    assert facts["energy_phases_nvml"] == "0, 0.25, 0.5, 0.75"
    (told,) = [f for f in findings if f.code == "phase-dependent"]
    assert "J to " in told.message
    assert "quote the mean, 17." in told.hint


def test_a_steady_load_is_the_same_in_every_window_and_nothing_is_said(run_energy, fake_time):
    load = Load(busy=PERIOD)
    found, _, findings = run_energy(PartTimeGpu(fake_time, load))
    assert found["gpu_power"].values == pytest.approx((400.0,) * 4, rel=0.01)
    assert found["gpu_idle_power"].values == pytest.approx((100.0,) * 4, rel=0.01)
    assert [f.code for f in findings] == []


def test_a_sensor_that_looks_all_the_time_gets_one_window_and_no_phases(run_energy, fake_time):
    load = Load()
    found, facts, _ = run_energy(PartTimeGpu(fake_time, load, looks_always=True))
    assert len(found["step_energy"].values) == 1
    assert found["step_energy"].values[0] == pytest.approx(load.watts * load.seconds, rel=0.02)
    assert "energy_phases_nvml" not in facts
    assert ", " not in facts["energy_steps_nvml"]


def test_a_gpu_that_does_not_say_what_it_is_gets_one_window(fake_time):
    gpu = PartTimeGpu(fake_time, Load())
    assert Nvml(gpu.open, fake_time.clock()).phases() == PHASES
    gpu.lost_from = 0.0
    assert Nvml(gpu.open, fake_time.clock()).phases() == (0.0,)


def test_where_one_window_has_no_energy_the_others_do_not_stand_for_it(run_energy, fake_time, monkeypatch):
    gpu, begin_at = PartTimeGpu(fake_time, Load()), Nvml.begin_at

    def losing(meter, phase):
        begin_at(meter, phase)
        gpu.lost_from = fake_time.seconds if phase == PHASES[-1] else gpu.lost_from

    monkeypatch.setattr(Nvml, "begin_at", losing)
    found, facts, _ = run_energy(gpu)
    assert (found["step_energy"].values, found["gpu_power"].missing) == ((), "GPU is lost")
    assert facts["energy_phases_nvml"] == "0, 0.25, 0.5, 0.75"


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.9])
def test_a_window_begins_so_much_of_a_period_after_a_step_and_what_idled_before_is_not_in_it(fake_time, stepped, phase):
    taken = CounterWindow(stepped(fake_time, 50.0, 0.02, 1e-3), 1e-3, 0.001, fake_time.clock())
    taken.begin(phase, PERIOD)
    assert (fake_time.seconds - phase * PERIOD) % 0.02 < 0.0015
    fake_time.sleep(6.0)
    found = taken.end()
    assert found.seconds == pytest.approx(6.0, abs=1e-4)
    assert found.joules == pytest.approx(50.0 * found.seconds, abs=50.0 * 0.02)


def test_the_period_is_the_counters_step_where_that_is_longer(fake_time, stepped):
    taken = CounterWindow(stepped(fake_time, 50.0, 0.2, 1e-3), 1e-3, 0.001, fake_time.clock())
    taken.begin(0.5, PERIOD)
    assert fake_time.seconds % 0.2 == pytest.approx(0.1, abs=0.0015)


def window(joules, steps=10):
    values, missing = ((joules,), None) if joules else ((), "x")
    measured = Measurement(STEP_ENERGY, "timed", "measured", values, missing)
    return Window(steps, (measured,))


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=6))
def test_windows_are_merged_sample_by_sample_and_differ_beyond_five_percent_only(joules):
    windows = [window(j) for j in joules]
    (found,) = merged(windows)
    assert found.values == tuple(joules)
    told = phase_dependent(windows)
    assert (told is not None) == (max(joules) - min(joules) > 0.05 * mean(joules))


def test_missing_windows_keep_their_reason():
    (found,) = merged([window(1.0), window(None), window(2.0)])
    assert (found.values, found.missing) == ((), "x")


def test_windows_read_by_different_means_are_no_samples_of_one_metric():
    integral = Measurement(replace(STEP_ENERGY, how="integral of power readings"), "timed", "measured", (1.0,))
    (found,) = merged([window(1.0), Window(10, (integral,))])
    assert (found.values, found.missing) == ((), energy.MIXED)
