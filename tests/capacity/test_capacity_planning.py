"""From a wish to a search: the point that it starts from, the parameters that it takes on, and what it refuses."""

from __future__ import annotations

import pytest
from builders import capabilities, ref
from msgspec.structs import replace

from harness import plan, profiles, selection
from harness.capacity import Wish, plan_search
from harness.content import search_path
from harness.errors import UserError
from harness.model.units import GIB

LIGHT = """
from harness import Model, Workload

class Nap(Workload):
    name, runtimes, parameters, quick = "nap", ("python",), {"ms": (1, 2)}, {"ms": 1}

    def build(self, place, ms):
        return Model(abs, (ms,))
"""
CAPS = capabilities()
ANYTHING = Wish()
SETTINGS = plan.Settings(processes=1, only=("need",))
KNOWN = {p.id: p for p in profiles.load_all(search_path())} | {"host": profiles.host_profile(CAPS)}


def planned(
    tier="raspberry-pi-5-4gb", wish=ANYTHING, runtimes=("torch-eager",), works=None, memory=16 * GIB, **parameters
):
    works = works or [ref("a", **(parameters or {"batch": 4}))]
    chosen = [plan.Selected(w, runtimes, ("float32",), ("torch-eager", "ncnn"), ("float32",)) for w in works]
    made = plan.make(chosen, [KNOWN[tier]], CAPS, SETTINGS)
    return plan_search(wish, made, [KNOWN[tier]], SETTINGS, memory)


@pytest.mark.parametrize(
    ("parameters", "sought"),
    [
        ({"batch": 1}, ("batch",)),
        ({"batch": 1, "context": 512}, ("batch", "context")),
        ({"prompt": 128, "new": 32}, ("prompt",)),
        ({"context": 512, "prompt": 128}, ("context",)),
        ({"shape": "1-2-3"}, ()),
        ({"batch": True}, ()),
    ],
)
def test_batch_and_context_are_sought_where_the_workload_has_them(parameters, sought):
    assert planned(**parameters)[1].parameters == sought


def test_other_parameters_are_sought_in_their_place_when_asked():
    assert planned(wish=Wish(("width", "width")), batch=1, width=64)[1].parameters == ("width",)


def test_on_this_machine_only_the_memory_is():
    made, search = planned("host", batch=1)
    assert search.parameters == ()
    assert search.pattern.limits.memory_bytes is None
    assert [t.role for t in made.trials] == ["gate"]


def test_on_a_tier_the_plan_is_a_probe_and_the_case_as_it_is_under_the_tiers_limits():
    made, search = planned()
    assert [t.role for t in made.trials] == ["gate", "ceiling"]
    assert made.trials[0].limits.memory_bytes is None
    assert made.trials[1].limits.memory_bytes == KNOWN["raspberry-pi-5-4gb"].budget_bytes
    assert [c.id for c in made.cases] == [search.pattern.case.id]


def test_fast_measures_a_composition_too_where_pytorch_runs():
    assert [t.role for t in planned(wish=Wish(fast=True))[0].trials] == ["gate", "composition", "ceiling"]
    assert [t.role for t in planned("host", wish=Wish(fast=True), runtimes=("ncnn",))[0].trials] == ["gate"]


def test_of_several_points_the_first_is_where_it_starts():
    _, search = planned(works=[ref("a", batch=2), ref("a", batch=8)])
    assert search.pattern.case.workload.parameters == {"batch": 2}


def test_a_target_that_is_no_cpu_is_passed_over():
    assert planned("jetson-orin-nano-8gb")[1].pattern.case.target == "cpu"
    with pytest.raises(UserError, match="the tier has no CPU target"):
        planned("nvidia-t4-16gb")


def test_a_tier_that_would_fill_this_machine_is_refused_for_parameters_but_not_for_the_memory_alone():
    with pytest.raises(UserError, match="the largest batch there cannot be tried here"):
        planned("generic-8gb", memory=9 * GIB)
    assert planned("generic-8gb", memory=9 * GIB, shape="1-2-3")[1].parameters == ()


def test_a_try_is_prepared_within_most_of_this_machines_memory():
    assert planned()[1].pattern.settings == {"prepare_within": str(int(0.8 * 16 * GIB))}


def test_several_workloads_are_refused_with_their_names():
    with pytest.raises(UserError, match="one workload, not 2: tiny/a, tiny/b"):
        planned(works=[ref("a", batch=1), ref("b", batch=1)])


def test_several_runtimes_are_refused():
    with pytest.raises(UserError, match="one runtime and one data type"):
        planned("host", runtimes=("torch-eager", "ncnn"))


def test_what_the_tier_refuses_is_refused_with_its_reason():
    board = KNOWN["raspberry-pi-5-4gb"]
    strict = replace(board, target=(replace(board.target[0], dtypes=("float64",)), *board.target[1:]))
    chosen = [plan.Selected(ref("a", batch=1), ("ncnn",), ("float32",), ("ncnn",), ("float32",))]
    made = plan.make(chosen, [strict], CAPS, SETTINGS)
    with pytest.raises(UserError, match="does not compute in float32"):
        plan_search(Wish(), made, [strict], SETTINGS, 8 * GIB)


def test_in_reserve_are_all_points_of_what_was_selected_however_it_was(tmp_path):
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "light.py").write_text(LIGHT)
    own = tmp_path / "mine.py"
    own.write_text(LIGHT)
    chosen = selection.Selection((f"{own}::Nap", "light"), quick=True, include=(tmp_path,))
    found = selection.shipped(chosen, CAPS.memory_bytes)
    ids = [(c.ref.own is not None, c.ref.parameters) for c in found]
    assert [parameters for is_own, parameters in ids if not is_own] == [{"ms": 1}, {"ms": 2}]
    assert any(is_own for is_own, _ in ids)
