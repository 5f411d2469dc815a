"""Memory is compared by gate trials where both runs have them: their peaks repeat."""

from __future__ import annotations

from builders import manifest, plan_of, trial

from harness.compare import compare
from harness.model.measure import TREE_PEAK, Measurement
from harness.model.outcome import Ok
from harness.model.record import Record, Run

MIB = 1 << 20
RESTLESS = (500, 470, 520, 480, 510)
STILL = (440.0, 440.5, 439.8, 440.2, 440.1)


def run(need, gate=()):
    records = [peak("need", size, i) for i, size in enumerate(need)] + [peak("gate", s, i) for i, s in enumerate(gate)]
    return Run(manifest(plan_of(*(r.trial for r in records))), tuple(records))


def peak(role, size, replicate):
    of = trial("a", role, replicate)
    return Record(of.id, of, Ok(), "now", 1.0, (Measurement(TREE_PEAK, "trial", "measured", (size * MIB,)),))


def memory(before, after):
    return next(r for r in compare(before, after).rows if r.metric == TREE_PEAK.id)


def test_a_growth_that_the_default_allocator_hides_is_found_by_gate_trials():
    grown = [1.05 * size for size in STILL]
    assert memory(run(RESTLESS), run(RESTLESS)).verdict != "regressed"
    found = memory(run(RESTLESS, STILL), run(RESTLESS, grown))
    assert (found.verdict, found.baseline) == ("regressed", 440.1 * MIB)


def test_gate_trials_of_one_run_only_are_left_aside():
    assert memory(run(RESTLESS, STILL), run(RESTLESS)).baseline == 500 * MIB
