"""GPU memory as NVML accounts for it. The NVML calls are replayed: what the driver answers stands in for the driver."""

from __future__ import annotations

import pytest

from harness.meters.nvml_device import NvmlError
from harness.meters.nvml_memory import BY_DELTA, MIG, NONE_YET, NOT_SAID, UNIFIED, UNNAMED, NvmlMemory

GIB = 1 << 30
OWN = 42


class ReplayGpu:
    """Processes and their bytes on a GPU whose driver keeps 1 GiB for itself."""

    def __init__(self, processes=(), mig=False, unified=False):
        self.now, self.split, self.unified = dict(processes), mig, unified
        self.unknown = 0

    def mig(self):
        return self.split

    def used_bytes(self):
        if self.unified:
            raise NvmlError("nvmlDeviceGetMemoryInfo: Not Supported")
        return GIB + self.unknown + sum(size or 0 for size in self.now.values())

    def processes(self):
        return dict(self.now)


def watched(gpu, reserved=None):
    meter = NvmlMemory(lambda: gpu, lambda: [OWN], lambda: reserved)
    meter.begin()
    return meter


def end(meter):
    return {m.metric.id: m for m in meter.end("timed")}


def test_own_bytes_delta_and_remainder():
    gpu = ReplayGpu()
    meter = watched(gpu, reserved=3 * GIB)
    gpu.now[OWN] = 4 * GIB
    found = end(meter)
    assert found["gpu_process"].values == (4.0 * GIB,)
    assert found["gpu_device_delta"].values == (4.0 * GIB,)
    assert found["gpu_remainder"].values == (1.0 * GIB,)
    assert meter.findings() == ()


def test_the_baseline_is_that_before_the_first_stage():
    gpu = ReplayGpu()
    meter = watched(gpu)
    gpu.now[OWN] = 2 * GIB
    meter.begin()
    assert end(meter)["gpu_device_delta"].values == (2.0 * GIB,)


def test_other_tenants_are_told_once_and_not_counted():
    gpu = ReplayGpu({7: 5 * GIB})
    meter = watched(gpu, reserved=0)
    gpu.now[OWN] = GIB
    found = end(meter)
    (told,) = meter.findings()
    assert (told.level, told.code) == ("warning", "gpu-shared")
    assert "1 other process(es) hold 6 GiB" in told.message
    assert found["gpu_process"].values == found["gpu_device_delta"].values == (1.0 * GIB,)
    end(meter)
    assert meter.findings() == ()


def test_a_tenant_that_comes_during_the_trial():
    gpu = ReplayGpu()
    meter = watched(gpu)
    gpu.now = {OWN: GIB, 8: GIB}
    end(meter)
    assert "came to this GPU during the trial" in meter.findings()[0].message


def test_in_a_container_the_device_delta_stands_in_and_says_so():
    gpu = ReplayGpu()
    meter = watched(gpu, reserved=GIB)
    gpu.now[31337] = 3 * GIB
    found = end(meter)
    assert found["gpu_process"].missing == UNNAMED
    assert found["gpu_device_delta"].values == (3.0 * GIB,)
    assert found["gpu_remainder"].values == (2.0 * GIB,)
    assert found["gpu_remainder"].metric.how == BY_DELTA
    assert meter.findings() == ()


def test_a_process_without_its_bytes():
    gpu = ReplayGpu()
    meter = watched(gpu)
    gpu.now[OWN], gpu.unknown = None, GIB
    found = end(meter)
    assert found["gpu_process"].missing == NOT_SAID
    assert found["gpu_device_delta"].values == (1.0 * GIB,)


def test_before_the_gpu_is_touched():
    found = end(watched(ReplayGpu()))
    assert found["gpu_process"].missing == found["gpu_remainder"].missing == NONE_YET
    assert found["gpu_device_delta"].values == (0.0,)


def test_mig_and_unified_memory_are_unavailable_with_the_reason():
    assert NvmlMemory(lambda: ReplayGpu(mig=True)).available() == MIG
    assert UNIFIED in NvmlMemory(lambda: ReplayGpu(unified=True)).available()
    assert NvmlMemory(lambda: ReplayGpu()).available() is None


@pytest.mark.parametrize("begun", [True, False])
def test_without_a_driver_all_is_missing_with_the_reason(begun):
    def lost():
        raise NvmlError("nvmlInit: NVML Shared Library Not Found")

    meter = NvmlMemory(lost)
    assert "Not Found" in meter.available()
    if begun:
        meter.begin()
    found = end(meter)
    assert {m.values for m in found.values()} == {()}
    assert all(m.missing for m in found.values())
