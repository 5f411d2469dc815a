"""The GPU meters against the device itself."""

import time

import pytest

from harness.meters.nvml import Nvml, RealDevice
from harness.meters.torch_cuda import TorchCuda

pytestmark = pytest.mark.gpu
MIB = 1 << 20
SECONDS = 6.0


def filled(torch, mebibytes):
    return torch.ones(mebibytes * MIB // 4, dtype=torch.float32, device="cuda")


def peaks(meter, stage="timed"):
    return {m.metric.id: m.values[0] / MIB for m in meter.end(stage)}


def test_a_held_tensor_and_a_burst_are_in_the_peak(cuda):
    meter = TorchCuda()
    held = filled(cuda, 100)
    meter.begin()
    burst = filled(cuda, 512)
    del burst
    found = peaks(meter)
    assert found["gpu_allocated_peak"] == pytest.approx(612, abs=6)
    assert found["gpu_reserved_peak"] >= found["gpu_allocated_peak"]
    assert held.numel()


def test_an_earlier_peak_is_not_in_the_next_stage(cuda):
    meter = TorchCuda()
    meter.begin()
    earlier = filled(cuda, 1024)
    del earlier
    assert peaks(meter, "load")["gpu_allocated_peak"] == pytest.approx(1024, abs=10)
    meter.begin()
    small = filled(cuda, 64)
    assert peaks(meter)["gpu_allocated_peak"] == pytest.approx(64, abs=2)
    assert small.numel()


@pytest.fixture
def energy(cuda):
    """What the NVML meter says of six seconds of matrix products."""
    meter = Nvml()
    assert meter.available() is None
    a = cuda.randn(4096, 4096, device="cuda")
    cuda.cuda.synchronize()
    meter.begin()
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        for _ in range(20):
            a @ a
        cuda.cuda.synchronize()
    return {m.metric.id: m for m in meter.end("timed")}


@pytest.mark.slow
def test_energy_agrees_with_the_power_readings(energy):
    assert {k: m.missing for k, m in energy.items() if m.missing} == {}
    power, sampled = energy["gpu_power"].values[0], energy["gpu_power_sampled"].values[0]
    assert power == pytest.approx(sampled, rel=0.05)
    assert energy["gpu_energy"].values[0] == pytest.approx(power * SECONDS, rel=0.05)
    assert energy["gpu_energy_step"].values[0] <= 0.021


@pytest.mark.slow
def test_work_draws_more_than_the_second_before_it(energy):
    assert energy["gpu_power"].values[0] > energy["gpu_idle_power"].values[0] > 0


def test_the_power_stays_below_the_limit():
    import pynvml

    field, watts = RealDevice().power_watts()
    pynvml.nvmlInit()
    limit = pynvml.nvmlDeviceGetEnforcedPowerLimit(pynvml.nvmlDeviceGetHandleByIndex(0)) / 1000
    assert field in {"POWER_INSTANT", "POWER_AVERAGE", "PowerUsage"}
    assert 1 < watts < 1.2 * limit
