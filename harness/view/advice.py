"""Which variants of a workload fit where one does not, with their measured cost. Only what this run has measured."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from harness.model.case import Case, WorkloadRef
from harness.model.units import show
from harness.verdict import STATES, runtime_name, short_of_memory
from harness.view.advised import Advice, Advised, Alternative
from harness.view.figures import Value
from harness.view.scene import Scene, Spot
from harness.view.words import detail, shown

MOST = 5
NO_TIME = "its time was not measured on this host"
NO_BASE = "the time of what does not fit was not measured on this host"


def advised(scene: Scene) -> Advised | None:
    """What to take instead; None where every case that was tried fits."""
    misfits = [s for s in scene.spots.values() if s.tier.board and short_of_memory(s.facts.outcome)]
    if not misfits:
        return None
    variants = [_variants(scene, spot) for spot in misfits]
    known = [_alternatives(scene, spot, tried) for spot, tried in zip(misfits, variants, strict=True)]
    rows = tuple(_advice(spot, found) for spot, found in zip(misfits, known, strict=True) if found)
    untried = [spot for spot, tried in zip(misfits, variants, strict=True) if not tried]
    return Advised(rows, _missing(len(misfits) - len(rows) - len(untried), len(untried)), _command(untried))


def _alternatives(scene: Scene, misfit: Spot, tried: Sequence[Spot]) -> list[Alternative]:
    found = [_alternative(scene, misfit, s) for s in tried if s.judged.state == "fits"]
    return sorted(found, key=lambda a: (a.ratio is None, a.ratio or 0.0))


def _variants(scene: Scene, misfit: Spot) -> list[Spot]:
    """Others of its workload that were tried on its tier."""
    case = misfit.facts.case
    here = [s for s in scene.spots.values() if s.tier is misfit.tier and s is not misfit]
    tried = [s for s in here if s.judged.state == "fits" or short_of_memory(s.facts.outcome)]
    return [s for s in tried if _is_variant(s.facts.case, case)]


def _is_variant(other: Case, case: Case) -> bool:
    return (other.workload.suite, other.workload.name, other.scenario) == (
        case.workload.suite,
        case.workload.name,
        case.scenario,
    )


def _advice(spot: Spot, found: Sequence[Alternative]) -> Advice:
    why = ", ".join(part for part in (STATES[spot.judged.state], detail(spot.facts, spot.judged)) if part)
    return Advice(
        case=spot.facts.case.id,
        row=spot.line.index,
        anchor=spot.line.anchor,
        tier=spot.tier.index,
        colour=spot.tier.colour,
        name=f"{spot.line.name} {spot.line.variant}".strip(),
        where=spot.tier.short,
        why=why,
        alternatives=tuple(found[:MOST]),
        more=max(0, len(found) - MOST),
    )


def _alternative(scene: Scene, misfit: Spot, other: Spot) -> Alternative:
    name = ", ".join(_differences(misfit.facts.case, other.facts.case))
    blank = Alternative(other.facts.case.id, name, shown(other.values["memory"]).text, NO_TIME)
    ours, base = _on_host(scene, other), _on_host(scene, misfit)
    time, against = (_step(s) if s else None for s in (ours, base))
    if ours is None or time is None or time.value is None:
        return blank
    if base is None or against is None or not against.value:
        return replace(blank, cost=NO_BASE)
    return _costed(blank, time, against, _items(ours, base))


def _step(spot: Spot) -> Value:
    """The time that passes a step, which is what its throughput stands on; its latency where there is none."""
    latency, rate, items = spot.values["latency"], spot.values["throughput"], spot.facts.items
    if not rate.value or not items:
        return latency
    low, high = (items / bound if bound else None for bound in (rate.high, rate.low))
    return replace(latency, value=items / rate.value, low=low, high=high)


def _costed(blank: Alternative, time: Value, against: Value, items: tuple[float, float, str]) -> Alternative:
    """``items`` are those of a step of the two, and what one is called where the two differ."""
    (ours, theirs, each), values = items, (time.value or 0.0, against.value or 0.0)
    ratio = values[0] / values[1] * theirs / ours
    low, high = (bound and bound * theirs / ours for bound in _bounds(time, against))
    within = f"; {show(low, '1', 2)} to {show(high, '1', 2)} times within both intervals" if low and high else ""
    return replace(
        blank,
        cost=f"{show(ratio, '1', 2)} times the time{f' per {each}' if each else ''}",
        basis=f"a step takes {show(values[0], 's')} against {show(values[1], 's')}{within}",
        ratio=ratio,
        low=low,
        high=high,
        provenance="measured",
    )


def _bounds(time: Value, against: Value) -> tuple[float | None, float | None]:
    """The widest that the two intervals allow; None where one of the times has none."""
    if time.low is None or time.high is None or not against.low or not against.high:
        return None, None
    return time.low / against.high, time.high / against.low


def _items(ours: Spot, theirs: Spot) -> tuple[float, float, str]:
    """Items of a step of each; 1 and 1 where they are equal or not known, so that steps are compared."""
    numbers = ours.facts.items, theirs.facts.items
    if not numbers[0] or not numbers[1] or numbers[0] == numbers[1]:
        return 1.0, 1.0, ""
    return numbers[0], numbers[1], ours.facts.case.workload.items_unit.removesuffix("s")


def _on_host(scene: Scene, spot: Spot) -> Spot | None:
    """The same work on this machine itself."""
    device = spot.facts.case.device
    return next((s for s in scene.row(spot.line) if not s.tier.board and s.facts.case.device == device), None)


def _differences(case: Case, other: Case) -> Iterator[str]:
    """What is different about ``other``."""
    theirs = case.workload.parameters
    for name, value in sorted(other.workload.parameters.items()):
        if theirs.get(name) != value:
            yield f"{name} {value}"
    if other.dtype != case.dtype:
        yield other.dtype
    if other.runtime != case.runtime:
        yield runtime_name(other.runtime)


def _missing(tried: int, untried: int) -> str:
    said = []
    if tried:
        said.append(f"Of {_cases(tried)} no variant that this run has tried fits either.")
    if untried:
        said.append(f"Of {_cases(untried)} this run has tried no variant that does.")
    return " ".join(said)


def _cases(count: int) -> str:
    return "1 case that does not fit" if count == 1 else f"{count} cases that do not fit"


def _asked(work: WorkloadRef) -> str:
    """How a workload is named on the command line."""
    return work.own.source if work.own else f"{work.suite}/{work.name}"


def _command(alone: Sequence[Spot]) -> str:
    """What to run to find one; empty where nothing is missing."""
    works = dict.fromkeys(_asked(s.facts.case.workload) for s in alone)
    profiles = dict.fromkeys(s.facts.case.profile for s in alone)
    words = ["tierbench", "run", *works, "-p", "host", *(word for p in profiles for word in ("-p", p)), "--advise"]
    return shlex.join(words) if alone else ""
