"""Figures that stand on what a step is made of or on a second model: energy per item, difference from the reference."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model.measure import ITEM_ENERGY
from harness.stats import summarise_means
from harness.verdict import CaseFacts, samples
from harness.view.figures import Value

DIFFERENCE = "relative_difference"
"""The fact that a runtime or a model in few bits says of its output."""


def per_item(facts: CaseFacts) -> dict[str, Value]:
    """The figures of a host's case by key; only those that could be had, and differ from those per step."""
    return {value.metric: value for value in (*_energy(facts), *_difference(facts))}


def _energy(facts: CaseFacts) -> Iterator[Value]:
    groups = samples(facts.work.energy, ITEM_ENERGY.id)
    if not groups or facts.items == 1:
        return
    unit, s = facts.case.workload.items_unit.removesuffix("s"), summarise_means(groups)
    yield Value(
        "item_energy",
        f"energy per {unit}",
        "J",
        value=s.mean,
        low=s.low,
        high=s.high,
        samples=s.n,
        processes=s.processes,
        provenance="measured",
        method=s.method,
        stage="timed",
    )


def _difference(facts: CaseFacts) -> Iterator[Value]:
    records = [r for r in (*facts.work.timing, *facts.work.need) if "weight_only" in r.facts]
    if not records:
        return
    top = max(records, key=lambda r: float(r.facts[DIFFERENCE]))
    yield Value(
        DIFFERENCE,
        "output's difference from float32",
        "1",
        value=float(top.facts[DIFFERENCE]),
        samples=1,
        processes=1,
        provenance="measured",
        method=f"the largest, over the largest output; {top.facts['weight_only']}",
        stage="trial",
    )
