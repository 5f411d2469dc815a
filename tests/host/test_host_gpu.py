"""The NVML calls are replayed: what a library answered stands in for the library."""

from types import SimpleNamespace

import pytest

from harness.host import gpu

GIB = 1 << 30


class Replay:
    """Answers NVML calls from a table; what is not in it is not supported."""

    class NVMLError(Exception):
        pass

    def __init__(self, **answers):
        self.answers = answers

    def __getattr__(self, call):
        def ask(*arguments):
            if call not in self.answers:
                raise self.NVMLError("Not Supported")
            return self.answers[call]

        return ask


H100 = {
    "nvmlInit": None,
    "nvmlShutdown": None,
    "nvmlDeviceGetCount": 1,
    "nvmlSystemGetDriverVersion": "570.86.15",
    "nvmlDeviceGetHandleByIndex": "handle",
    "nvmlDeviceGetName": "NVIDIA H100 80GB HBM3",
    "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=80 * GIB, used=3 * GIB),
    "nvmlDeviceGetMigMode": [0, 0],
    "nvmlDeviceGetComputeRunningProcesses": ["one", "two"],
    "nvmlDeviceGetPersistenceMode": 1,
}


def test_a_gpu_as_nvml_describes_it():
    (found,) = gpu.gpus(8 * GIB, Replay(**H100))
    assert (found.index, found.name, found.memory_bytes) == (0, "NVIDIA H100 80GB HBM3", 80 * GIB)
    assert (found.driver, found.mig) == ("570.86.15", False)


def test_a_gpu_that_shares_the_machines_memory():
    answers = {k: v for k, v in H100.items() if k not in {"nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMigMode"}}
    (found,) = gpu.gpus(8 * GIB, Replay(**answers))
    assert (found.memory_bytes, found.mig) == (8 * GIB, False)


def test_mig_is_seen():
    assert gpu.gpus(0, Replay(**(H100 | {"nvmlDeviceGetMigMode": [1, 1]})))[0].mig


@pytest.mark.parametrize("answers", [{}, {"nvmlInit": None}])
def test_no_driver_or_no_gpu_is_no_gpus(answers):
    assert gpu.gpus(0, Replay(**answers)) == ()
    assert gpu.tenants(Replay(**answers)) == ()


def test_tenants():
    assert gpu.tenants(Replay(**H100)) == (gpu.Tenants(0, 3 * GIB, 2, True),)
    bare = {k: H100[k] for k in ("nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex")}
    assert gpu.tenants(Replay(**bare)) == (gpu.Tenants(0, None, None, None),)
