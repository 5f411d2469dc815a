"""A run on the GPU from the command line to the record file."""

import subprocess
import sys

import pytest

from harness import host, store
from harness.meters.nvml import PART_TIME, PHASES
from harness.model.outcome import Ok

pytestmark = [pytest.mark.gpu, pytest.mark.slow]

SUITE = """
from harness import Model, Workload

class Product(Workload):
    name = "product"
    requires = ("torch",)

    def build(self, place):
        import torch
        layer = torch.nn.Linear(4096, 4096, bias=False, device=place.device)
        return Model(layer, (torch.ones(256, 4096, device=place.device),))
"""


def test_the_gpu_is_the_one_that_torch_sees(cuda):
    (first, *_) = host.capabilities().gpus
    assert first.name == cuda.cuda.get_device_name(0)
    assert first.memory_bytes == pytest.approx(cuda.cuda.get_device_properties(0).total_memory, rel=0.05)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of one workload on this host."""
    folder = tmp_path_factory.mktemp("gpu-run")
    (folder / "suites").mkdir()
    (folder / "suites" / "small.py").write_text(SUITE)
    options = ["-p", "host", "--processes", "1", "--budget", "1", "--no-report", "--out", str(folder / "run")]
    command = [sys.executable, "-m", "harness", "run", "product", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return store.read(folder / "run")


@pytest.fixture(scope="module")
def records(run):
    """The records of the GPU, by role."""
    return {r.trial.role: r for r in run.records if r.trial.case.device == "gpu"}


def test_every_role_ends_well_on_the_gpu(records):
    assert {"need", "timing", "energy"} <= set(records)
    assert {role: r.outcome for role, r in records.items() if not isinstance(r.outcome, Ok)} == {}


def test_memory_of_the_gpu_holds_the_weights(records):
    found = records["need"].find("gpu_allocated_peak", "timed")
    assert found.values[0] >= 4096 * 4096 * 4


def test_a_step_is_timed_to_the_end_of_its_work(records):
    seconds = min(records["timing"].find("latency", "timed").values)
    flop = 2 * 256 * 4096 * 4096
    assert flop / seconds < 2e15


def test_a_step_has_an_energy(records):
    found = records["energy"].find("step_energy")
    assert found.missing is None
    assert found.values[0] > 0
    assert found.metric.scope == "device"


def test_what_the_gpu_draws_with_a_workload_that_does_nothing_is_in_the_run(run, records):
    (own,) = [r for r in run.manifest.self_energy if r.trial.case.device == "gpu"]
    assert isinstance(own.outcome, Ok), own.outcome
    assert 0 < own.find("power").values[0] < records["energy"].find("power").values[0]


def test_the_window_is_repeated_where_the_sensor_looks_a_part_of_the_time(records, cuda):
    part_time = cuda.cuda.get_device_capability(0) in PART_TIME
    found = records["energy"]
    assert len(found.find("step_energy").values) == (len(PHASES) if part_time else 1)
    assert ("energy_phases_nvml" in found.facts) == part_time
