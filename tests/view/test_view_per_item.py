"""Energy per item, and how far an output is off, among a workload's figures."""

from __future__ import annotations

from builders import manifest, plan_of, trial
from msgspec.structs import replace

from harness.model.measure import ITEM_ENERGY, STEP_ENERGY, Measurement
from harness.model.outcome import Ok
from harness.model.record import Record, Run
from harness.view import build


def record(role, *measured, items=32.0, facts=None):
    of = trial(role=role)
    work = replace(of.case.workload, items_unit="tokens")
    of = replace(of, case=replace(of.case, workload=work))
    return Record(of.id, of, Ok(), "2026-01-01T00:00:00", 1.0, measured, items=items, facts=facts or {})


def lines(*records):
    run = Run(manifest(plan_of(*(r.trial for r in records))), records)
    return {line.metric: line for line in build(run).details[0].lines}


def text(line):
    (figure,) = (f for f in line.figures if f)
    return figure.text


JOULES = (
    Measurement(STEP_ENERGY, "timed", "measured", (64.0,)),
    Measurement(ITEM_ENERGY, "timed", "measured", (2.0,)),
)


def test_energy_per_token_stands_beside_that_per_step():
    found = lines(record("need"), record("energy", *JOULES))
    assert text(found["energy per step"]) == "64 J"
    assert text(found["energy per token"]) == "2 J"


def test_of_one_item_a_step_it_would_say_the_same_twice():
    assert "energy per token" not in lines(record("need", items=1.0), record("energy", *JOULES, items=1.0))


def test_the_price_of_few_bits_is_a_figure_with_what_was_done():
    facts = {"relative_difference": "3.1e-02", "weight_only": "43 linear layers in int4, computed in float32"}
    line = lines(record("need", facts=facts))["output's difference from float32"]
    assert text(line) == "0.031"
    assert "over the largest output; 43 linear layers in int4, computed in float32" in line.how
