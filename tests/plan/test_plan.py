"""Plans: every pair is either a case or has a reason, the order is seeded, shared trials are shared."""

from __future__ import annotations

import pytest
from builders import capabilities, ref
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness import plan, profiles
from harness.content import search_path
from harness.errors import UserError
from harness.model.case import HOST, Limits
from harness.model.machine import Gpu, MeterState, RuntimeState
from harness.model.measure import Metric
from harness.model.own import Own

CAPS = capabilities()
BOARDS = profiles.load_all(search_path())


def chosen(*names: str, runtimes=("torch-eager",), dtypes=("float32",)) -> list[plan.Selected]:
    return [plan.Selected(ref(n), runtimes, dtypes, ("torch-eager",), ("float32", "bfloat16")) for n in names]


def all_tiers(caps=CAPS, boards=True):
    return [profiles.host_profile(caps), *(BOARDS if boards else [])]


def test_need_and_timing_are_shared_by_all_profiles():
    made = plan.make(chosen("a", "b"), all_tiers(), CAPS, plan.Settings(processes=3))
    roles = [t.role for t in made.trials]
    assert roles.count("need") == roles.count("timing") == 2 * 3
    assert roles.count("ceiling") == len([c for c in made.cases if c.profile != HOST])


def test_a_board_alone_needs_no_timing_and_has_its_need():
    made = plan.make(chosen("a"), BOARDS[:1], CAPS, plan.Settings(processes=1))
    assert {t.role for t in made.trials} == {"need", "features", "ceiling"}


def test_features_once_a_work_on_one_thread_where_there_is_a_board_to_project_onto():
    made = plan.make(chosen("a", "b"), all_tiers(), CAPS, plan.Settings(processes=3))
    found = [t for t in made.trials if t.role == "features"]
    assert sorted(t.case.workload.name for t in found) == ["a", "b"]
    assert {t.limits for t in found} == {Limits(threads=1)}
    assert roles_of(all_tiers(), plan.QUICK).count("features") == 1
    assert "features" not in roles_of(all_tiers(boards=False), plan.Settings())
    assert "features" not in roles_of(all_tiers(), plan.Settings(features=None))
    assert "features" not in roles_of(all_tiers(), plan.Settings(sustained_seconds=60.0))


def test_no_features_of_a_runtime_whose_operators_cannot_be_counted():
    python = plan.Selected(ref("a"), ("python",), ("float32",), ("python",), ("float32",))
    assert "features" not in [t.role for t in plan.make([python], all_tiers(), CAPS, plan.Settings()).trials]


def roles_of(profiles, settings):
    return [t.role for t in plan.make(chosen("a"), profiles, CAPS, settings).trials]


def test_need_comes_before_the_ceiling():
    roles = [t.role for t in plan.make(chosen("a", "b"), all_tiers(), CAPS, plan.Settings()).trials]
    assert max(i for i, r in enumerate(roles) if r == "need") < min(i for i, r in enumerate(roles) if r == "ceiling")


def test_ceiling_trials_carry_the_boards_own_limits():
    made = plan.make(chosen("a"), BOARDS, CAPS, plan.Settings())
    by_profile = {p.id: p for p in BOARDS}
    for trial in made.trials:
        if trial.role == "ceiling":
            board = by_profile[trial.case.profile]
            assert trial.limits.memory_bytes == board.budget_bytes
            assert trial.limits.swap_bytes == board.swap_bytes


def test_paced_trials_only_when_asked_last_of_all_and_under_the_limits_of_the_ceiling():
    assert "paced" not in {t.role for t in plan.make(chosen("a"), all_tiers(), CAPS, plan.Settings()).trials}
    made = plan.make(chosen("a", "b"), all_tiers(), CAPS, plan.Settings(slow_down=True))
    paced = [t for t in made.trials if t.role == "paced"]
    assert list(made.trials[-len(paced) :]) == paced
    limits = {t.case.id: t.limits for t in made.trials if t.role == "ceiling"}
    assert paced
    assert all(t.limits == limits[t.case.id] for t in paced)


def test_a_limit_that_stands_for_no_board_has_no_pace():
    generic = replace(BOARDS[0], id="generic", kind="generic")
    made = plan.make(chosen("a"), [generic], CAPS, plan.Settings(slow_down=True))
    assert {t.role for t in made.trials} == {"need", "ceiling"}


def test_a_gpu_target_without_a_gpu_is_left_out_with_the_reason():
    made = plan.make(chosen("a"), all_tiers(), CAPS, plan.Settings())
    assert "this host has no GPU" in {s.reason for s in made.skips}


def test_a_hosts_gpu_is_a_target_and_stands_for_a_boards_under_its_limits():
    caps = replace(CAPS, gpus=(Gpu(0, "NVIDIA H100", 80 << 30, multiprocessors=132),))
    made = plan.make(chosen("a"), all_tiers(caps), caps, plan.Settings())
    assert "host:gpu" in {c.tier for c in made.cases}
    orin = next(t for t in made.trials if t.role == "ceiling" and t.case.tier == "jetson-orin-nano-8gb:gpu")
    assert orin.limits.gpu_memory_bytes == orin.limits.memory_bytes
    assert orin.limits.gpu_shares_memory


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"runtimes": ("onnxruntime",)}, "does not support the runtime"),
        ({"dtypes": ("int4",)}, "does not support int4"),
    ],
)
def test_what_a_workload_does_not_support_is_said(more, reason):
    made = plan.make(chosen("a", **more), all_tiers(boards=False), CAPS, plan.Settings())
    assert not made.cases
    assert reason in made.skips[0].reason


def test_any_lets_every_runtime_be_tried_that_takes_a_torch_module():
    choice = plan.Selected(ref("a"), ("mine", "python"), ("float32",), ("torch-eager", "any"), ("float32",))
    made = plan.make([choice], all_tiers(boards=False), CAPS, plan.Settings())
    assert [c.runtime for c in made.cases] == ["mine"]
    assert [s.reason for s in made.skips] == ["a does not support the runtime python"]


def test_a_runtime_that_cannot_be_used_here_is_said_with_its_reason():
    caps = replace(CAPS, runtimes=(RuntimeState("torch-eager", "cpu", "torch is not installed"),))
    made = plan.make(chosen("a"), all_tiers(boards=False), caps, plan.Settings())
    assert [s.reason for s in made.skips] == ["torch is not installed"]


def test_a_data_type_that_a_runtime_refuses_is_said_with_its_reason():
    states = (RuntimeState("torch-eager", "cpu", None, refused={"bfloat16": "no bfloat16 here"}),)
    caps = replace(CAPS, runtimes=states)
    made = plan.make(chosen("a", dtypes=("float32", "bfloat16")), all_tiers(boards=False), caps, plan.Settings())
    assert [c.dtype for c in made.cases] == ["float32"]
    assert [s.reason for s in made.skips] == ["no bfloat16 here"]


def test_a_data_type_that_a_runtime_makes_needs_only_the_one_that_it_is_made_of():
    made_of, refused = {"int8": "float32", "int4": "float64"}, {"float16": "no float16 here"}
    caps = replace(CAPS, runtimes=(RuntimeState("torch-eager", "cpu", None, "", refused, made_of),))
    made = plan.make(chosen("a", dtypes=("int8", "int4", "float16")), all_tiers(boards=False), caps, plan.Settings())
    assert [c.dtype for c in made.cases] == ["int8"]
    assert [s.reason for s in made.skips] == ["a does not support int4", "no float16 here"]


def energy_meter(meter_id, scope, *devices):
    return MeterState(meter_id, None, ("energy",), devices, (Metric("e", "J", "lower", scope, "read"),))


@pytest.mark.parametrize(
    ("meter", "cpu", "gpu"),
    [
        (energy_meter("rapl", "package", "cpu", "gpu"), True, False),
        (energy_meter("nvml", "device", "gpu"), False, True),
        (energy_meter("ina3221", "module", "cpu", "gpu"), True, True),
        (MeterState("deaf", None, ("energy",), ("cpu",)), False, False),
    ],
)
def test_an_energy_meter_covers_a_device_or_only_its_surroundings(meter, cpu, gpu):
    assert (plan.covers(meter, "cpu"), plan.covers(meter, "gpu")) == (cpu, gpu)


def test_energy_trials_only_where_a_meter_sees_the_device():
    caps = replace(CAPS, meters=(energy_meter("rapl", "package", "cpu", "gpu"),))
    with_meter = plan.make(chosen("a"), all_tiers(caps, False), caps, plan.Settings())
    without = plan.make(chosen("a"), all_tiers(boards=False), CAPS, plan.Settings())
    assert ["energy" in {t.role for t in made.trials} for made in (with_meter, without)] == [True, False]


@given(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), st.integers(0, 99), st.integers(1, 4))
def test_plans_are_whole_unique_and_repeatable(names, seed, processes):
    settings = plan.Settings(processes=processes, seed=seed)
    made = plan.make(chosen(*names), all_tiers(), CAPS, settings)
    assert made == plan.make(chosen(*names), all_tiers(), CAPS, settings)
    ids = [t.id for t in made.trials]
    assert len(set(ids)) == len(ids)
    targets = sum(len(p.target) for p in all_tiers())
    assert len(made.cases) + len(made.skips) == len(names) * targets
    for replicate in range(processes):
        inside = [t for t in made.trials if t.replicate == replicate and t.role == "timing"]
        assert len(inside) == len(names)


def test_the_order_depends_on_the_seed_and_interleaves_the_workloads():
    names = [f"w{i}" for i in range(12)]
    orders = {
        tuple(t.id for t in plan.make(chosen(*names), all_tiers(boards=False), CAPS, plan.Settings(seed=s)).trials)
        for s in range(5)
    }
    assert len(orders) == 5


def test_time_alone_has_timing_trials_and_no_others_on_as_many_threads_as_asked():
    made = plan.make(chosen("a"), all_tiers(), CAPS, plan.Settings(processes=2, only=("timing",), threads=1))
    assert [(t.role, t.limits) for t in made.trials] == [("timing", Limits(threads=1))] * 2


def test_timed_rounds_have_a_least_time_and_reach_a_percentile_quick_or_not():
    for settings in (plan.Settings(), plan.QUICK):
        made = plan.make(chosen("a"), all_tiers(boards=False), CAPS, settings)
        paces = [t.pace for t in made.trials if t.role == "timing"]
        assert {(p.min_seconds, p.wanted_rounds) for p in paces} == {(plan.LEAST_SECONDS, 64)}


def test_what_is_asked_of_timed_rounds_is_heeded_and_a_contradiction_refused():
    asked = plan.timed(plan.QUICK, budget=2.0, precision=0.1, min_time=1.5, warmup=7.0).timing
    assert (asked.budget_seconds, asked.precision, asked.min_seconds, asked.warmup_seconds) == (2.0, 0.1, 1.5, 7.0)
    assert plan.timed(plan.QUICK, min_time=60.0).timing.budget_seconds == 60.0
    assert plan.timed(plan.QUICK, min_time=0.0).timing.budget_seconds == plan.QUICK.timing.budget_seconds
    assert plan.timed(plan.QUICK, budget=0.1).timing.budget_seconds == 0.1
    with pytest.raises(UserError, match="--min-time 5 is more than --budget 2 allows"):
        plan.timed(plan.QUICK, budget=2.0, min_time=5.0)


@pytest.mark.parametrize("kind", ["onnx", "exported"])
def test_a_file_is_run_in_no_other_data_type_than_it_is_stored_in(kind):
    own = Own(kind, "/models/model")
    chosen = plan.Selected(replace(ref("a"), own=own), ("mine",), ("float32", "int8"), ("mine",), ("float32",))
    state = RuntimeState("mine", "cpu", None, "1", made_of={"int8": "float32"})
    caps = replace(CAPS, runtimes=(state,))
    made = plan.make([chosen], all_tiers(caps, boards=False), caps, plan.QUICK)
    assert {t.case.dtype for t in made.trials} == {"float32"}
    assert [s.reason for s in made.skips] == ["a is run as it is stored, in float32: not in int8"]
