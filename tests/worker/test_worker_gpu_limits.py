"""The limits that a GPU tier's process sets itself. Torch and the driver are replayed here: tests/gpu asks them."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from builders import trial
from msgspec.structs import replace

from harness.model.case import Limits
from harness.model.outcome import DoesNotFit, Failed
from harness.model.units import GIB, MIB
from harness.worker import cuda_driver, gpu_limits
from harness.worker.failures import outcome_of
from harness.worker.torch_gpu import TorchGpu


@dataclass
class Replay:
    """An H100 on which ``partitions`` says what becomes of a wish for multiprocessors."""

    context: int | None = 500 * MIB
    mps: int | None = None
    partitions: object = None
    share: float = 1.0
    asked: list[int] = field(default_factory=list)

    def begin(self):
        return self.context

    def total_bytes(self):
        return 80 * GIB

    def cap(self, fraction):
        self.share = fraction
        return fraction

    def multiprocessors(self):
        return 132

    def by_mps(self):
        return self.mps

    def partition(self, number):
        self.asked.append(number)
        if isinstance(self.partitions, Exception):
            raise self.partitions
        return self.partitions


def applied(gpu=None, **limits):
    gpu = gpu or Replay()
    wanted = Limits(**{"gpu_memory_bytes": 16 * GIB, **limits})
    return {e.limit: e for e in gpu_limits.apply(wanted, gpu)}, gpu


def test_torchs_allocator_gets_the_tiers_memory_less_the_context():
    found, gpu = applied()
    assert gpu.share * 80 * GIB == pytest.approx(16 * GIB - 500 * MIB)
    memory = found["gpu_memory"]
    assert (memory.asked, memory.given, memory.means) == (16 * GIB, 16 * GIB, "torch memory fraction")
    assert memory.approximate
    assert "only torch's allocator is capped; the CUDA context took 500 MiB of it" in memory.note


def test_a_context_of_unknown_size_comes_on_top_and_the_note_says_so():
    found, gpu = applied(Replay(context=None))
    assert gpu.share == 16 / 80
    assert "the CUDA context is not in it" in found["gpu_memory"].note


def test_what_was_read_back_is_what_is_given():
    gpu = Replay()
    gpu.cap = lambda _fraction: 1.0
    memory = applied(gpu)[0]["gpu_memory"]
    assert memory.given == 80 * GIB + 500 * MIB


@pytest.mark.parametrize(("asked", "share"), [(100 * GIB, 1.0), (100 * MIB, 0.0)])
def test_a_share_is_never_more_than_all_nor_less_than_nothing(asked, share):
    assert applied(gpu_memory_bytes=asked)[1].share == share


def test_multiprocessors_are_left_alone_where_the_tier_does_not_state_them():
    found, gpu = applied()
    assert set(found) == {"gpu_memory"}
    assert gpu.asked == []


def test_mps_holds_them_where_it_was_asked_to():
    found, gpu = applied(Replay(mps=10), gpu_multiprocessors=8)
    share = found["gpu_multiprocessors"]
    assert (share.asked, share.given, share.means) == (8, 10, "CUDA MPS")
    assert gpu.asked == []


def test_a_green_context_holds_them_where_mps_does_not():
    share = applied(Replay(partitions=8), gpu_multiprocessors=8)[0]["gpu_multiprocessors"]
    assert (share.given, share.means) == (8, "CUDA green context")


def test_without_either_they_are_not_enforced_and_the_reason_is_said():
    share = applied(Replay(partitions=None), gpu_multiprocessors=8)[0]["gpu_multiprocessors"]
    assert share.given is None
    assert share.note == "no MPS daemon is running, and torch's green contexts cannot be used or read back here"


def test_a_green_context_that_fails_does_not_fail_the_trial():
    error = RuntimeError("cuda driver too old to use green context!")
    share = applied(Replay(partitions=error), gpu_multiprocessors=8)[0]["gpu_multiprocessors"]
    assert share.given is None
    assert "RuntimeError: cuda driver too old" in share.note


@pytest.mark.parametrize(("asked", "note"), [(132, ""), (142, "asked 142, this GPU has 132")])
def test_as_many_as_there_are_need_no_share(asked, note):
    found, gpu = applied(gpu_multiprocessors=asked)
    share = found["gpu_multiprocessors"]
    assert (share.given, share.note) == (132, note)
    assert gpu.asked == []


def library(**calls):
    return SimpleNamespace(**calls)


def test_the_driver_is_asked_for_the_multiprocessors_of_a_stream(monkeypatch):
    def context_of(stream, context):
        context._obj.value = stream.value + 1
        return 0

    def resource_of(context, resource, kind):
        assert (context.value, kind) == (8, 1)
        ctypes.c_uint.from_buffer(resource, 96).value = 16
        return 0

    calls = {"cuStreamGetGreenCtx": context_of, "cuGreenCtxGetDevResource": resource_of}
    monkeypatch.setattr(cuda_driver, "_library", lambda: library(**calls))
    assert cuda_driver.of_stream(7) == 16


def test_the_driver_is_asked_for_the_affinity_of_the_context(monkeypatch):
    def affinity(parameters, kind):
        parameters[1] = 10
        return kind

    monkeypatch.setattr(cuda_driver, "_library", lambda: library(cuCtxGetExecAffinity=affinity))
    assert cuda_driver.of_context() == 10


@pytest.mark.parametrize("there", [None, library(), library(cuStreamGetGreenCtx=lambda *_: 801)])
def test_a_driver_that_does_not_tell_is_not_guessed_at(monkeypatch, there):
    monkeypatch.setattr(cuda_driver, "_library", lambda: there)
    assert cuda_driver.of_stream(7) is None
    assert cuda_driver.of_context() is None


def test_the_real_gpu_asks_the_driver_nothing_of_mps_where_it_was_told_nothing(monkeypatch):
    monkeypatch.delenv("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", raising=False)
    monkeypatch.setattr(cuda_driver, "_library", lambda: pytest.fail("asked"))
    assert TorchGpu().by_mps() is None


def test_the_real_gpu_is_not_parted_by_a_torch_without_green_contexts(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda.green_contexts, "SUPPORTED", False)
    assert TorchGpu().partition(8) is None


class OutOfMemoryError(RuntimeError):
    """As torch calls it."""

    __module__ = "torch"


def failing(error, **limits):
    made = trial(role="ceiling", limits=Limits(memory_bytes=4 * GIB, **limits))
    return outcome_of(error, replace(made, case=replace(made.case, device="gpu", target="gpu")), "load")


@pytest.mark.parametrize(
    "error", [OutOfMemoryError("no room"), RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")]
)
def test_running_out_on_the_gpu_is_judged_by_the_gpus_limit(error):
    import torch  # noqa: F401 - a trial that runs out on the GPU has loaded it

    outcome = failing(error, gpu_memory_bytes=16 * GIB)
    assert isinstance(outcome, DoesNotFit)
    assert outcome.limit_bytes == 16 * GIB


@pytest.mark.parametrize("text", ["CUDA out of memory. Tried to allocate 2.00 MiB", "a queue says: cuda out of memory"])
def test_a_text_that_the_gpus_own_figures_do_not_bear_out_is_a_failure(text):
    import torch  # noqa: F401

    assert isinstance(failing(RuntimeError(text), gpu_memory_bytes=16 * GIB), Failed)


def test_running_out_in_the_process_of_a_gpu_tier_is_judged_by_the_processs_limit():
    outcome = failing(MemoryError(), gpu_memory_bytes=16 * GIB)
    assert (outcome.limit_bytes, outcome.reached_bytes is not None) == (4 * GIB, True)


def test_on_a_cpu_tier_torchs_error_is_of_the_process():
    outcome = outcome_of(OutOfMemoryError(""), trial(role="ceiling", limits=Limits(memory_bytes=123)), "load")
    assert outcome.limit_bytes == 123
