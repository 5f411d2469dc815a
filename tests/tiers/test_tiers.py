"""What a tier allows: data types and runtimes that its profile states, and the limits of its trials."""

from __future__ import annotations

import pytest
from builders import capabilities, case, ref
from msgspec.structs import replace

from harness import content, plan, profiles, tiers
from harness.model.machine import Gpu
from harness.model.profile import Cluster, Figure, Target
from harness.model.units import GIB

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


def test_pytorch_computes_bfloat16_on_any_cpu_so_that_it_is_tried():
    target = replace(CPU, dtypes=("float32",))
    assert why_not(target, dtype="bfloat16") is None
    assert why_not(target, dtype="bfloat16", runtime="onnxruntime") is not None


@pytest.mark.parametrize("dtype", ["int8", "int4"])
def test_weights_in_few_bits_are_computed_with_on_any_cpu_by_pytorch(dtype):
    target = replace(CPU, dtypes=("float32",))
    assert why_not(target, dtype=dtype) is None
    assert why_not(target, dtype=dtype, runtime="onnxruntime") is not None
    assert why_not(target, dtype=dtype, device="gpu") is not None


def test_a_work_in_a_type_that_no_board_computes_in_is_not_counted_since_no_time_can_be_projected():
    chosen = plan.Selected(ref("a"), ("torch-eager",), ("bfloat16",), ("torch-eager",), ("bfloat16",))
    roles = [t.role for t in plan.make([chosen], [BOARD], CAPS, plan.Settings(processes=1)).trials]
    assert "ceiling" in roles
    assert "features" not in roles


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


def figure(value: float, unit: str) -> Figure:
    return Figure(value, unit, "the test", "2026", "estimated")


def on_gpu(memory: float | None = 16, multiprocessors: int | None = 40) -> Target:
    clusters = (Cluster("SM", figure(multiprocessors, "cores")),) if multiprocessors else ()
    return Target("gpu", "gpu", "T4", clusters=clusters, memory=figure(memory, "GiB") if memory else None)


H100 = Gpu(0, "NVIDIA H100 80GB HBM3", 80 * GIB, multiprocessors=132)


def why_no_gpu(target=None, gpus=(H100,), **changes):
    wanted = replace(case(), profile=BOARD.id, target="gpu", device="gpu", **changes)
    return tiers.why_not(wanted, BOARD, target or on_gpu(), replace(CAPS, gpus=gpus))


def test_a_larger_gpu_stands_for_a_smaller_one():
    assert why_no_gpu() is None


def test_without_a_gpu_none_can_stand_for_it():
    assert why_no_gpu(gpus=()) == "this host has no GPU"


def test_a_smaller_gpu_stands_for_no_larger_one():
    assert why_no_gpu(gpus=(replace(H100, memory_bytes=8 * GIB),)) == "this host's GPU has 8 GiB, the tier 16 GiB"


def test_the_memory_of_a_runtime_beside_torch_cannot_be_capped():
    reason = why_no_gpu(runtime="onnxruntime")
    assert reason == "only PyTorch's memory on a GPU can be capped here, not that of onnxruntime"


def test_a_gpu_of_its_own_memory_is_held_to_it_and_the_process_to_the_boards():
    limits = tiers.limits(BOARD, on_gpu(), H100)
    assert (limits.gpu_memory_bytes, limits.memory_bytes) == (16 * GIB, BOARD.budget_bytes)
    assert not limits.gpu_shares_memory


def test_a_gpu_that_shares_the_boards_memory_is_held_to_what_the_board_leaves():
    limits = tiers.limits(BOARD, on_gpu(memory=None), H100)
    assert limits.gpu_memory_bytes == limits.memory_bytes == BOARD.budget_bytes
    assert limits.gpu_shares_memory


def test_the_share_of_multiprocessors_is_that_of_this_hosts():
    limits = tiers.limits(BOARD, on_gpu(multiprocessors=33), H100)
    assert (limits.gpu_multiprocessors, limits.gpu_percent) == (33, 25.0)


@pytest.mark.parametrize(
    ("target", "gpu"),
    [
        (on_gpu(multiprocessors=None), H100),
        (on_gpu(), replace(H100, multiprocessors=None)),
        (on_gpu(multiprocessors=132), H100),
        (on_gpu(), None),
    ],
)
def test_no_share_where_a_number_is_not_known_or_there_are_no_more_to_share(target, gpu):
    assert tiers.limits(BOARD, target, gpu).gpu_percent is None


def test_the_process_of_a_gpu_tier_runs_on_the_cores_of_the_boards_cpu():
    assert tiers.limits(BOARD, on_gpu(), H100).cores == CPU.cores


def test_a_card_alone_says_nothing_of_the_machine_around_it_which_is_then_not_limited():
    card = replace(BOARD, target=(on_gpu(),))
    limits = tiers.limits(card, on_gpu(), H100)
    assert (limits.memory_bytes, limits.cores, limits.threads) == (None, None, None)
    assert limits.gpu_memory_bytes == 16 * GIB


def test_only_clusters_called_sm_are_multiprocessors():
    cuda_cores = (Cluster("CUDA cores", figure(1024, "cores")),)
    assert tiers.multiprocessors(replace(on_gpu(), clusters=cuda_cores)) is None
