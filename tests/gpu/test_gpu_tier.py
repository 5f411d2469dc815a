"""A GPU that stands for a smaller one: caps set, read back, and run into, on the device itself."""

import subprocess
import sys

import pytest

from harness import host, store
from harness.host import multiprocessors
from harness.model.case import Limits
from harness.model.outcome import DoesNotFit, Ok
from harness.verdict.limits import told
from harness.worker import gpu_limits
from harness.worker.torch_gpu import TorchGpu

pytestmark = [pytest.mark.gpu, pytest.mark.slow]
GIB, MIB = 1 << 30, 1 << 20

PROFILE = """
format = 1
id = "{id}"
name = "{id}"
kind = "board"
tier = "cloud-gpu"

[memory]
nominal = {{ value = 8, unit = "GiB", source = "test", date = "2026", kind = "estimated" }}
usable = {{ value = 8, unit = "GiB", source = "test", date = "2026", kind = "estimated" }}
reserve = {{ value = 0, unit = "B", source = "test", date = "2026", kind = "estimated" }}

[[target]]
id = "gpu"
device = "gpu"
name = "a small GPU"
memory = {{ value = {memory}, unit = "GiB", source = "test", date = "2026", kind = "estimated" }}

[[target.clusters]]
name = "SM"
cores = {{ value = 8, unit = "cores", source = "test", date = "2026", kind = "estimated" }}
"""

SUITE = """
from harness import Model, Workload

class Held(Workload):
    name = "held"
    requires = ("torch",)

    def build(self, place):
        import torch
        layer = torch.nn.Linear(16384, 16384, bias=False, device=place.device)
        return Model(layer, (torch.ones(8, 16384, device=place.device),))
"""
"""Its weights take 1 GiB."""


def in_a_process(code):
    """What ``code`` prints: a cap holds for a process, so each test has one of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_cap_is_read_back_and_an_allocation_above_it_fails():
    code = f"""
from harness.model.case import Limits
from harness.worker import gpu_limits
from harness.worker.torch_gpu import TorchGpu
gpu = TorchGpu()
(memory,) = gpu_limits.apply(Limits(gpu_memory_bytes={2 * GIB}), gpu)
assert abs(memory.given - memory.asked) < 65536, memory
import torch
held = torch.ones({256 * MIB}, dtype=torch.uint8, device="cuda")
try:
    torch.ones({2 * GIB}, dtype=torch.uint8, device="cuda")
except torch.OutOfMemoryError:
    print("out of memory")
"""
    assert in_a_process(code) == ["out", "of", "memory"]


def test_the_context_is_counted_where_the_driver_tells():
    code = """
from harness.worker.torch_gpu import TorchGpu
print(TorchGpu().begin())
"""
    (context,) = in_a_process(code)
    assert context == "None" or 50 * MIB < int(context) < 4 * GIB


def test_cuda_counts_the_multiprocessors_that_torch_sees(cuda):
    assert multiprocessors.counts()[0] == cuda.cuda.get_device_properties(0).multi_processor_count
    assert host.capabilities().gpus[0].multiprocessors == multiprocessors.counts()[0]


def test_a_share_of_the_multiprocessors_is_held_or_the_reason_is_said(cuda):
    (_, share) = gpu_limits.apply(Limits(gpu_memory_bytes=4 * GIB, gpu_multiprocessors=8), TorchGpu())
    assert (share.given is None and share.note) or 8 <= share.given < multiprocessors.counts()[0]
    product = cuda.ones(2048, 2048, device="cuda") @ cuda.ones(2048, 2048, device="cuda")
    cuda.cuda.synchronize()
    assert float(product[0, 0]) == 2048
    cuda.cuda.set_per_process_memory_fraction(1.0)
    cuda.cuda.set_stream(cuda.cuda.default_stream())


@pytest.fixture(scope="module")
def ceilings(tmp_path_factory):
    """One workload of 1 GiB on a tier of 4 GiB and on one of 1 GiB: the records of its ceiling trials."""
    folder = tmp_path_factory.mktemp("gpu-tier")
    for name in ("suites", "hardware_profiles"):
        (folder / name).mkdir()
    (folder / "suites" / "held.py").write_text(SUITE)
    for name, memory in (("roomy", 4), ("tight", 1)):
        (folder / "hardware_profiles" / f"{name}.toml").write_text(PROFILE.format(id=name, memory=memory))
    options = ["-p", "roomy", "-p", "tight", "--processes", "1", "--no-report", "--out", str(folder / "run")]
    command = [sys.executable, "-m", "harness", "run", "held", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {r.trial.case.profile: r for r in store.read(folder / "run").records if r.trial.role == "ceiling"}


def test_what_the_smaller_gpu_holds_fits_it(ceilings):
    assert told(ceilings["roomy"]) == Ok()
    limits = {e.limit: e for e in ceilings["roomy"].enforced}
    assert {"gpu_memory", "gpu_multiprocessors", "memory"} <= set(limits)


def test_what_it_does_not_hold_does_not_fit_and_names_its_limit(ceilings):
    outcome = told(ceilings["tight"])
    assert isinstance(outcome, DoesNotFit)
    assert outcome.limit_bytes == GIB
    assert "out of memory" in outcome.how.lower()
