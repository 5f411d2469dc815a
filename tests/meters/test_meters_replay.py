"""Traces through the real meters: the truth is a closed form, the error at most one step of the sensor."""

import hand_made
import pytest
from hand_made import FOLDER, GPU, MODULE, PACKAGE, READING, STEP

from harness.meters import trace
from harness.meters.ina3221 import Ina3221
from harness.meters.nvml import Nvml
from harness.meters.rapl import Rapl
from harness.meters.replay import Replay

WINDOW = 6.0


@pytest.fixture
def replay(tmp_path):
    return lambda name: Replay(trace.load(FOLDER / f"hand-made-{name}.jsonl"), tmp_path / "machine")


def gpu(machine):
    return Nvml(machine.nvml, machine.clock(), machine.sampler)


def rapl(machine):
    return Rapl(machine.root("/sys/class/powercap"), machine.read, machine.clock())


def ina3221(machine):
    return Ina3221(machine.root("/sys/class/hwmon"), machine.read, machine.clock(), machine.sampler)


def measure(machine, make, wait=0.0):
    """What the meter says of a window of 6 s, and when that ended, in seconds of the trace."""
    machine.sleep(wait)
    meter = make(machine)
    assert meter.available() is None
    meter.begin()
    machine.sleep(WINDOW)
    ended = machine.seconds
    return {m.metric.id: m for m in meter.end("timed")}, ended


def one(found, name):
    assert found[name].missing is None, found[name].missing
    return found[name].values[0]


@pytest.mark.parametrize("wait", [0.0, 0.013, 0.4, 1.207])
@pytest.mark.parametrize(
    ("name", "make", "prefix", "power", "step"),
    [
        ("gpu-steps", gpu, "gpu", GPU, STEP),
        ("gpu-gap", gpu, "gpu", GPU, STEP),
        ("gpu-power-only", gpu, "gpu", GPU, READING),
        ("rapl-wrap", rapl, "package", PACKAGE, STEP),
        ("ina3221-steps", ina3221, "module", MODULE, READING),
    ],
)
def test_energy_is_the_truth_within_one_step(replay, name, make, prefix, power, step, wait):
    found, ended = measure(replay(name), make, wait)
    joules = one(found, f"{prefix}_energy")
    seconds = joules / one(found, f"{prefix}_power")
    truth = power.energy(ended) - power.energy(ended - seconds)
    assert seconds == pytest.approx(WINDOW, abs=0.03)
    assert abs(joules - truth) <= power.most * step
    assert one(found, f"{prefix}_energy_step") == pytest.approx(step / seconds, rel=0.1)


def test_net_energy_is_what_comes_on_top_of_idle(replay):
    found, _ = measure(replay("gpu-steps"), gpu)
    idle, joules = one(found, "gpu_idle_power"), one(found, "gpu_energy")
    assert idle == pytest.approx(100.0, rel=0.01)
    assert one(found, "gpu_net_energy") == pytest.approx(joules - idle * WINDOW, abs=2 * GPU.most * STEP)


def test_the_counter_agrees_with_the_power_beside_it(replay):
    found, _ = measure(replay("gpu-steps"), gpu)
    assert one(found, "gpu_power_sampled") == pytest.approx(one(found, "gpu_power"), rel=0.05)


def test_a_gap_in_the_readings_spares_the_counter_and_spoils_the_mean(replay):
    found, _ = measure(replay("gpu-gap"), gpu)
    assert found["gpu_energy"].values
    assert "gap of 2.0" in found["gpu_power_sampled"].missing


def test_a_counter_that_is_stuck_has_no_energy(replay):
    found, _ = measure(replay("gpu-stuck"), gpu)
    assert found["gpu_energy"].values == ()
    assert "did not move for 1 s" in found["gpu_energy"].missing


def test_the_wrap_is_in_the_window(replay):
    machine = replay("rapl-wrap")
    _, ended = measure(machine, rapl)
    wrap = (hand_made.SPAN - hand_made.START) * 1e-6
    assert PACKAGE.energy(ended) > wrap > PACKAGE.energy(ended - WINDOW)


def test_what_a_trace_does_not_hold_is_not_available(replay):
    machine = replay("rapl-wrap")
    assert "no NVIDIA driver" in gpu(machine).available()
    assert "no INA3221" in ina3221(machine).available()


@pytest.mark.parametrize("name", hand_made.ALL)
def test_the_files_are_what_is_made_by_hand_and_say_so(name):
    assert (FOLDER / name).read_bytes() == b"".join(trace.lines(hand_made.ALL[name]()))
    assert trace.load(FOLDER / name).head.origin == "made by hand"


def test_a_trace_is_named_for_where_it_comes_from():
    prefixes = {"made by hand": "hand-made-", "recorded": "recorded-"}
    for path in FOLDER.glob("*.jsonl"):
        assert path.name.startswith(prefixes[trace.load(path).head.origin])
