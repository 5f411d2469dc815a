"""What a trial on a GPU that stands for a smaller one may say of the tier."""

from __future__ import annotations

import pytest
from builders import record, trial
from msgspec.structs import replace

from harness.model.case import Limits
from harness.model.measure import GPU_RESERVED, TREE_PEAK, Measurement
from harness.model.outcome import DoesNotFit, Ok, Thrashes, Unsupported
from harness.model.record import Enforced
from harness.model.units import GIB
from harness.verdict import memory_limits
from harness.verdict.limits import enforcement, told

BOARD, CARD = 12 * GIB, 16 * GIB
MEMORY = Enforced("memory", BOARD, BOARD, "cgroup1")
GPU = Enforced("gpu_memory", CARD, CARD, "torch memory fraction", approximate=True)


def ceiling(outcome=Ok(), enforced=(MEMORY, GPU), shares=False, took=()):  # noqa: B008
    limits = Limits(BOARD, gpu_memory_bytes=BOARD if shares else CARD, gpu_shares_memory=shares)
    made = trial(role="ceiling", limits=limits)
    made = replace(made, case=replace(made.case, profile="board", target="gpu", device="gpu"))
    peaks = zip((TREE_PEAK, GPU_RESERVED), took, strict=False)
    found = tuple(Measurement(metric, "trial", "enforced", (float(v),)) for metric, v in peaks)
    return replace(record(made, outcome), enforced=enforced, measurements=found)


def test_what_ran_under_both_limits_fits_and_approximately_so():
    assert told(ceiling()) == Ok()
    assert enforcement(ceiling()) == "approximately enforced"
    assert [e.means for e in memory_limits(ceiling())] == ["torch memory fraction", "cgroup1"]


@pytest.mark.parametrize("enforced", [(MEMORY,), (MEMORY, replace(GPU, given=None))])
def test_without_the_gpus_limit_it_was_as_good_as_not_tried(enforced):
    assert told(ceiling(enforced=enforced)) == Unsupported("GPU memory limit not enforced")
    assert enforcement(ceiling(enforced=enforced)) == "not enforced"


def test_without_the_processs_limit_it_was_as_good_as_not_tried():
    assert told(ceiling(enforced=(GPU,))) == Unsupported("memory limit not enforced")


def test_a_gpus_limit_that_is_looser_than_asked_does_not_bear_a_fit():
    loose = replace(GPU, given=2 * CARD)
    assert told(ceiling(enforced=(MEMORY, loose))) == Unsupported(
        "GPU memory limit not enforced: asked 16 GiB, given 32 GiB"
    )


def test_running_out_on_the_gpu_stands_on_the_gpus_limit_alone():
    misfit = DoesNotFit(CARD, CARD, "allocation failed in load: OutOfMemoryError")
    assert told(ceiling(misfit, (replace(MEMORY, given=None), GPU))) == misfit
    assert told(ceiling(misfit, (MEMORY, replace(GPU, given=None)))) == Unsupported("GPU memory limit not enforced")
    assert memory_limits(ceiling(misfit)) == (GPU,)


@pytest.mark.parametrize("outcome", [DoesNotFit(BOARD, BOARD, "killed"), Thrashes(BOARD, 999)])
def test_running_out_in_the_process_stands_on_its_limit_alone(outcome):
    assert told(ceiling(outcome, (MEMORY,))) == outcome
    assert enforcement(ceiling(outcome, (MEMORY,))) == "enforced"


SHARED = (MEMORY, replace(GPU, asked=BOARD, given=BOARD))


def test_where_both_share_one_memory_what_they_took_together_must_fit_it():
    assert told(ceiling(enforced=SHARED, shares=True, took=(5 * GIB, 6 * GIB))) == Ok()
    assert told(ceiling(enforced=SHARED, shares=True, took=(7 * GIB, 6 * GIB))) == Unsupported(
        "CPU and GPU share 12 GiB on this tier, which no limit here holds: together they took 13 GiB"
    )


def test_where_that_cannot_be_read_nothing_is_said_of_a_shared_memory():
    outcome = told(ceiling(enforced=SHARED, shares=True, took=(5 * GIB,)))
    assert outcome == Unsupported("CPU and GPU share this tier's memory, and what they took together could not be read")


def test_a_card_alone_is_judged_by_its_own_memory():
    alone = ceiling(enforced=(GPU,))
    limits = replace(alone.trial.limits, memory_bytes=None)
    assert told(replace(alone, trial=replace(alone.trial, limits=limits))) == Ok()


def test_a_machine_that_ran_out_of_memory_says_nothing_of_a_card():
    outcome = DoesNotFit(2 * BOARD, None, "allocation failed in load: MemoryError")
    assert told(ceiling(outcome, (GPU,))) == Unsupported("memory limit not enforced")
