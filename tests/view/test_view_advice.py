"""What fits instead: which variants are offered, at which measured cost, and what is said where none is known."""

from __future__ import annotations

from dataclasses import replace as changed

import pytest
from msgspec.structs import replace
from sample_runs import Work, boards, make_run

from harness.model.case import HOST
from harness.model.outcome import Ok
from harness.model.units import MIB
from harness.view import build

LARGE = Work("net", seconds=0.08, activations=400 * MIB, parameters={"batch": 8})
SMALL = Work("net", seconds=0.012, activations=20 * MIB, parameters={"batch": 1})
OTHER = Work("other", seconds=0.001, activations=20 * MIB, parameters={"batch": 1})


def advice(*works, run=None):
    return build(run or make_run(works, boards(2))).advised


def as_variant(run, name, **changes):
    """The run with a workload's cases in another runtime or data type."""

    def case(c):
        return replace(c, **changes) if c.workload.name == name else c

    def trial(t):
        return replace(t, case=case(t.case))

    plan = run.manifest.plan
    plan = replace(plan, cases=tuple(map(case, plan.cases)), trials=tuple(map(trial, plan.trials)))
    records = tuple(replace(r, trial=(t := trial(r.trial)), trial_id=t.id) for r in run.records)
    return replace(run, manifest=replace(run.manifest, plan=plan), records=records)


def joined(first, second):
    """Two runs of the same machine in one."""
    plan, more = first.manifest.plan, second.manifest.plan
    plan = replace(plan, cases=plan.cases + more.cases, trials=plan.trials + more.trials)
    return replace(first, manifest=replace(first.manifest, plan=plan), records=first.records + second.records)


def without_host(run):
    """The run as if this machine had not been among its tiers."""
    plan = run.manifest.plan
    plan = replace(plan, cases=tuple(c for c in plan.cases if c.profile != HOST))
    records = tuple(r for r in run.records if r.trial.role != "timing")
    return replace(run, manifest=replace(run.manifest, plan=plan), records=records)


def test_a_variant_of_the_same_workload_that_fits_is_offered_with_what_is_different():
    (row,) = advice(LARGE, SMALL, OTHER).rows
    assert "batch=8" in row.case
    assert row.case.partition("@")[2].startswith("board-1:cpu")
    assert [(v.name, "batch=1" in v.case) for v in row.alternatives] == [("batch 1", True)]
    assert row.why.startswith("does not fit, needs ")


def test_its_cost_is_the_measured_time_per_item_over_that_of_what_does_not_fit():
    (variant,) = advice(LARGE, SMALL).rows[0].alternatives
    assert variant.ratio == pytest.approx(1.2, rel=0.1)
    assert variant.low < variant.ratio < variant.high
    assert variant.provenance == "measured"
    assert variant.cost.endswith(" times the time per image")
    assert variant.basis.startswith("a step takes ")
    assert variant.basis.endswith(" times within both intervals")


def test_with_one_process_whose_time_has_no_interval_the_ratio_has_none():
    once = [changed(w, rounds=1) for w in (LARGE, SMALL)]
    (row,) = advice(run=make_run(once, boards(2), processes=1)).rows
    (variant,) = row.alternatives
    assert variant.ratio is not None
    assert (variant.low, variant.high) == (None, None)


def test_with_as_many_items_a_step_is_held_against_a_step():
    heavy = as_variant(make_run([changed(LARGE, seconds=0.01)], boards(2)), "net", dtype="float64")
    light = make_run([changed(LARGE, activations=20 * MIB, seconds=0.02)], boards(2))
    (row,) = advice(run=joined(heavy, light)).rows
    (variant,) = row.alternatives
    assert (variant.name, variant.cost.endswith(" times the time")) == ("float32", True)
    assert variant.ratio == pytest.approx(2, rel=0.1)


def test_another_runtime_is_called_by_its_name():
    heavy = make_run([LARGE], boards(2))
    light = as_variant(make_run([changed(LARGE, activations=0)], boards(2)), "net", runtime="onnxruntime")
    (row,) = advice(run=joined(heavy, light)).rows
    assert [v.name for v in row.alternatives] == ["ONNX Runtime"]


def test_the_quickest_comes_first_and_a_few_are_enough():
    sizes = [changed(SMALL, parameters={"batch": 1, "width": w}, seconds=0.001 * w) for w in range(9, 1, -1)]
    (row,) = advice(changed(LARGE, parameters={"batch": 8, "width": 1}), *sizes).rows
    assert [v.name for v in row.alternatives][:2] == ["batch 1, width 2", "batch 1, width 3"]
    assert (len(row.alternatives), row.more) == (5, 3)


def test_without_a_time_on_the_host_the_cost_is_missing_with_the_reason():
    (row,) = advice(run=without_host(make_run([LARGE, SMALL], boards(2)))).rows
    (variant,) = row.alternatives
    assert (variant.ratio, variant.provenance) == (None, None)
    assert variant.said == "batch 1 fits; its time was not measured on this host"


def test_where_no_variant_fits_the_command_that_tries_them_is_said():
    found = advice(LARGE, OTHER)
    assert found.rows == ()
    assert found.missing == "Of 1 case that does not fit this run has tried no variant that does."
    assert found.command == "tierbench run synthetic/net -p host -p board-1 --advise"


def test_where_everything_fits_there_is_nothing_to_say():
    assert advice(SMALL, OTHER) is None


def test_a_variant_that_does_not_fit_either_is_no_advice():
    both = make_run([LARGE, changed(LARGE, parameters={"batch": 16})], boards(2))
    assert not any(isinstance(r.outcome, Ok) for r in both.records if "board-1" in r.trial.case.id)
    found = build(both).advised
    assert found.rows == ()
    assert found.missing == "Of 2 cases that do not fit no variant that this run has tried fits either."
    assert found.command == ""


def test_where_variants_of_some_were_tried_the_command_is_for_the_others():
    found = advice(LARGE, changed(LARGE, parameters={"batch": 16}), changed(LARGE, name="lone"))
    tried, untried = found.missing.split(". ")
    assert tried == "Of 2 cases that do not fit no variant that this run has tried fits either"
    assert untried == "Of 1 case that does not fit this run has tried no variant that does."
    assert found.command == "tierbench run synthetic/lone -p host -p board-1 --advise"
