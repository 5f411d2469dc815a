"""The NVML calls are replayed: what a library answered stands in for the library."""

import sys
from types import SimpleNamespace

import pytest

from harness.host import gpu, multiprocessors

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


def test_multiprocessors_are_those_that_cuda_counts():
    (found,) = gpu.gpus(8 * GIB, Replay(**H100), lambda: (132,))
    assert found.multiprocessors == 132


@pytest.mark.parametrize("counts", [(), (132, 132)])
def test_where_cuda_sees_other_gpus_than_nvml_none_is_counted(counts):
    assert gpu.gpus(0, Replay(**H100), lambda: counts)[0].multiprocessors is None


def test_a_part_of_a_gpu_is_not_counted_as_the_whole():
    answers = H100 | {"nvmlDeviceGetMigMode": [1, 1]}
    assert gpu.gpus(0, Replay(**answers), lambda: (14,))[0].multiprocessors is None


def test_without_a_gpu_cuda_is_not_asked():
    assert gpu.gpus(0, Replay(), lambda: pytest.fail("asked")) == ()


def test_the_probe_says_nothing_where_there_is_no_driver_or_what_it_says_is_no_number():
    assert multiprocessors.counts((sys.executable, "-c", "raise SystemExit('cuInit: 100')")) == ()
    assert multiprocessors.counts(("/no/such/interpreter",)) == ()
    assert multiprocessors.counts((sys.executable, "-c", "print('132\\n108')")) == (132, 108)


def test_the_probe_sees_all_gpus_whatever_this_process_is_held_to(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "10")
    code = "import os; print(sum(name.startswith('CUDA_') for name in os.environ))"
    assert multiprocessors.counts((sys.executable, "-S", "-c", code)) == (1,)


@pytest.mark.parametrize(
    "error", [RuntimeError("Function Not Found"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no")]
)
@pytest.mark.parametrize("call", [name for name in H100 if name != "nvmlInit"])
def test_a_call_that_the_driver_lacks_ends_nothing(call, error):
    """nvidia-ml-py's NVMLLibraryMismatchError is no NVMLError."""

    class Lacking(Replay):
        def __getattr__(self, name):
            def ask(*_arguments):
                if name == call:
                    raise error
                return self.answers[name]

            return ask

    gpu.gpus(8 * GIB, Lacking(**H100))
    found = gpu.tenants(Lacking(**H100))
    if call == "nvmlDeviceGetComputeRunningProcesses":
        assert (found[0].processes, found[0].used_bytes) == (None, 3 * GIB)


def test_a_library_that_does_not_suit_the_driver_is_no_gpu():
    class Mismatch(Replay):
        def __getattr__(self, name):
            raise RuntimeError("library mismatch")

    assert gpu.gpus(8 * GIB, Mismatch()) == ()
