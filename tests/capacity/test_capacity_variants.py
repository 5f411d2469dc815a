"""What is held in reserve: variants tried only where their workload does not fit, then what those cost."""

from __future__ import annotations

from builders import capabilities, record, ref
from capacity_machine import truth
from msgspec.structs import replace

from harness import plan, profiles, store
from harness.capacity import drive, pending, reserve, shown
from harness.content import search_path
from harness.engine import Engine
from harness.engine.prepared import Preparation
from harness.model.outcome import DoesNotFit
from harness.model.record import Enforced, Run
from harness.testing import FakeExecutor

CAPS = capabilities()
BOARD = next(p for p in profiles.load_all(search_path()) if p.id == "generic-1gb")
TIERS = [profiles.host_profile(CAPS), BOARD]
SETTINGS = replace(plan.QUICK, features=None)


def selected(name, batch, runtimes=("torch-eager",), dtypes=("float32", "bfloat16")):
    return plan.Selected(ref(name, batch=batch), runtimes[:1], dtypes[:1], runtimes, dtypes)


def made(*batches, name="a", shipped=(1, 200)):
    """A plan of these batches, and a reserve of all that are shipped."""
    planned = plan.make([selected(name, b) for b in batches], TIERS, CAPS, SETTINGS)
    return planned, reserve([selected(name, b) for b in shipped], TIERS, CAPS, SETTINGS, planned)


def manifest(planned, held):
    import builders

    return replace(builders.manifest(planned), profiles=tuple(TIERS), reserve=held)


def run(folder, planned, held):
    path = folder / "run"
    with store.RunWriter.create(path, manifest(planned, held)) as writer:
        engine = Engine(FakeExecutor(truth), writer, Preparation(folder / "cache", {}))
        assert engine.run(planned)
        assert drive(engine, path)
    return store.read(path)


def test_in_reserve_is_every_point_and_data_type_but_what_is_planned():
    planned, held = made(200)
    points = {(t.case.workload.parameters["batch"], t.case.dtype) for t in held if t.role == "ceiling"}
    assert points == {(1, "float32"), (1, "bfloat16"), (200, "bfloat16")}
    assert not {t.id for t in held} & {t.id for t in planned.trials}
    assert {t.role for t in held} == {"ceiling", "need", "timing"}


def test_where_everything_fits_nothing_of_it_is_run(tmp_path):
    planned, held = made(1)
    done = run(tmp_path, planned, held)
    assert {r.trial_id for r in done.records} == {t.id for t in planned.trials}
    assert pending(done) == ()


def test_where_something_does_not_fit_the_variants_are_tried_and_those_that_fit_are_timed(tmp_path):
    done = run(tmp_path, *made(200))
    beyond = [r for r in done.records if r.trial_id not in {t.id for t in done.manifest.plan.trials}]
    assert {r.trial.case.workload.parameters["batch"] for r in beyond if r.trial.role == "ceiling"} == {1, 200}
    assert {r.trial.case.workload.parameters["batch"] for r in beyond if r.trial.role != "ceiling"} == {1}
    assert pending(done) == ()


def test_they_are_shown_among_the_cases(tmp_path):
    done = run(tmp_path, *made(200))
    cases = {c.id for c in shown(done).manifest.plan.cases}
    assert {r.trial.case.id for r in done.records if r.trial.role in {"ceiling", "timing"}} <= cases


def test_nothing_is_due_before_the_plan_has_been_run():
    planned, held = made(200)
    assert pending(Run(manifest(planned, held), ())) == ()


def test_another_workload_that_does_not_fit_says_nothing_of_this_one():
    planned, held = made(1)
    other = plan.make([selected("b", 200)], TIERS, CAPS, SETTINGS)
    misfit = next(t for t in other.trials if t.role == "ceiling")
    limit = BOARD.budget_bytes
    gone = replace(
        record(misfit, DoesNotFit(limit, limit, "killed")), enforced=(Enforced("memory", limit, limit, "cgroup1"),)
    )
    whole = replace(planned, trials=(*planned.trials, misfit))
    records = (*(record(t) for t in planned.trials), gone)
    assert pending(Run(manifest(whole, held), records)) == ()
