"""What a tier allows: data types and runtimes that its profile states, and the limits of its trials."""

from __future__ import annotations

import pytest
from builders import capabilities, case, ref
from msgspec.structs import replace

from harness import content, plan, profiles, tiers

CAPS = capabilities()
BOARD = next(p for p in profiles.load_all(content.search_path()) if p.id == "raspberry-pi-zero-2w")
CPU = BOARD.target[0]


def why_not(target, **changes):
    return tiers.why_not(replace(case(), profile=BOARD.id, **changes), BOARD, target, CAPS)


def test_a_data_type_that_the_target_states_is_tried():
    assert why_not(replace(CPU, dtypes=("float32",)), dtype="float32") is None


def test_a_data_type_that_the_target_lacks_is_said_with_those_it_has():
    reason = why_not(replace(CPU, name="4x Cortex-A53", dtypes=("float32", "float64")), dtype="float16")
    assert reason == "4x Cortex-A53 does not compute in float16: its profile states float32, float64"


def test_a_runtime_that_is_not_known_to_work_there_is_said_with_those_that_are():
    reason = why_not(replace(CPU, name="4x Cortex-A53", runtimes=("ncnn",)), runtime="torch-eager")
    assert reason == "torch-eager is not known to work on 4x Cortex-A53: its profile states ncnn"


def test_a_runtime_that_is_known_to_work_there_is_tried():
    assert why_not(replace(CPU, runtimes=("ncnn", "torch-eager")), runtime="torch-eager") is None


def test_plain_python_runs_wherever_tierbench_does():
    assert why_not(replace(CPU, runtimes=("ncnn",)), runtime="python") is None


@pytest.mark.parametrize("changes", [{"dtype": "int4"}, {"runtime": "anything"}])
def test_where_nothing_is_stated_nothing_is_refused(changes):
    assert why_not(replace(CPU, dtypes=(), runtimes=()), **changes) is None


def test_the_reason_stands_in_the_plan_and_the_case_has_no_trial():
    chosen = plan.Selected(ref("a"), ("torch-eager",), ("float16",), ("torch-eager",), ("float32", "float16"))
    made = plan.make([chosen], [BOARD], CAPS, plan.Settings())
    assert made.trials == ()
    assert [s.reason for s in made.skips] == [
        "4x Cortex-A53 does not compute in float16: its profile states float32, float64"
    ]


def test_the_limits_are_the_boards_memory_swap_and_cores():
    limits = tiers.limits(BOARD, CPU)
    assert (limits.memory_bytes, limits.swap_bytes) == (BOARD.budget_bytes, BOARD.swap_bytes)
    assert limits.cores == limits.threads == 4
