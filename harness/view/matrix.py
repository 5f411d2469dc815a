"""Section 4: workload x tier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.compare import Comparison
from harness.model.outcome import Unsupported
from harness.model.units import show
from harness.verdict import TRIED, runtime_name
from harness.view import changes
from harness.view.figures import NOT_PROJECTED
from harness.view.over_link import on_link
from harness.view.remarks import remarks
from harness.view.report import Cell, Matrix, MetricChoice, Row, Tier
from harness.view.scene import Line, Scene, Spot
from harness.view.words import bar, deadline, fit, shown

METRICS = (
    MetricChoice("latency", "Latency"),
    MetricChoice("throughput", "Throughput"),
    MetricChoice("memory", "Peak memory"),
    MetricChoice("energy", "Energy per step"),
)
_ENERGY = "energy"


def matrix(scene: Scene, compared: Mapping[str, Sequence[Comparison]]) -> Matrix:
    """The whole table; ``compared`` has what is known of a baseline by case id."""
    return Matrix(
        metrics=METRICS,
        tiers=scene.tiers,
        rows=tuple(_row(scene, line, compared) for line in scene.lines),
        families=tuple(scene.families()),
        notes=tuple(_notes(scene)),
        untried=tuple(_untried(scene, t) for t in scene.tiers),
        absent=tuple((_ENERGY,) if _no_energy(scene, t) else () for t in scene.tiers),
    )


def _no_energy(scene: Scene, tier: Tier) -> str:
    """The one reason why a tier has no energy at all, empty where it has some or there are several reasons."""
    values = [s.values[_ENERGY] for s in scene.spots.values() if s.tier is tier]
    reasons = {v.note if v.value is None else "" for v in values}
    return reasons.pop() if len(reasons) == 1 else ""


def _untried(scene: Scene, tier: Tier) -> str:
    """The one reason why no trial was made for a tier; empty where there are more, one was made, or a time is known."""
    facts = [s.facts for s in scene.spots.values() if s.tier is tier]
    if any(s.tier is tier and s.values["latency"].value is not None for s in scene.spots.values()):
        return ""
    reasons = {f.outcome.reason if isinstance(f.outcome, Unsupported) and not f.ceiling else "" for f in facts}
    return reasons.pop() if len(reasons) == 1 else ""


def _row(scene: Scene, line: Line, compared: Mapping[str, Sequence[Comparison]]) -> Row:
    due = line.case.workload.deadline_seconds
    spots = [scene.spots.get((line.index, t.index)) for t in scene.tiers]
    return Row(
        index=line.index,
        anchor=line.anchor,
        name=line.name,
        title=line.title,
        points=line.points,
        variant=line.variant,
        family=line.family,
        deadline=f"deadline {show(due, 's')}" if due is not None else "",
        cells=tuple(_cell(s, compared.get(s.facts.case.id, ())) if s else None for s in spots),
    )


def _cell(spot: Spot, rows: Sequence[Comparison]) -> Cell:
    facts, judged = spot.facts, spot.judged
    states = [judged.state, *([judged.deadline] if judged.deadline else [])]
    return Cell(
        case=facts.case.id,
        tier=spot.tier.index,
        fit=fit(facts, judged),
        figures={m.id: shown(spot.values[m.id]) for m in METRICS},
        bar=bar(facts),
        deadline=deadline(facts, judged, on_link(spot.values)),
        states=(*states, *changes.states(rows)),
        remarks=tuple(remarks(spot.facts, spot.values)),
        changes=changes.told(rows),
    )


def _notes(scene: Scene) -> list[str]:
    """What the table's words mean in this run, and what is nowhere in it."""
    boards = [s for s in scene.spots.values() if s.tier.board]
    return [*(_board_notes(scene, boards) if boards else ()), *_energy_notes(scene)]


def _energy_notes(scene: Scene) -> Iterator[str]:
    hosts = [t for t in scene.tiers if not t.board]
    reasons = {t.short: reason for t in hosts if (reason := _no_energy(scene, t))}
    known = any(s.values[_ENERGY].value is not None for s in scene.spots.values() if s.tier.board)
    if len(reasons) == len(hosts) > 0 and not known:
        yield f"Energy per step is a dash throughout: {'; '.join(dict.fromkeys(reasons.values()))}."
        return
    for name, reason in reasons.items():
        yield f"Energy per step of the {name} is a dash throughout: {reason}."
    if len(hosts) < len(scene.tiers):
        where = "a dash where it was not projected" if known else "a dash: it was not measured"
        yield f"A board's energy is {where}, and this host's says nothing of it."


def _board_notes(scene: Scene, boards: Sequence[Spot]) -> Iterator[str]:
    if any(s.judged.state in TRIED for s in boards):
        runtimes = ", ".join(dict.fromkeys(runtime_name(s.facts.case.runtime) for s in boards))
        yield (
            f"“Fits” means: loaded and ran a few steps in {runtimes} on this {_architecture(scene)} host under the "
            "tier's memory limit. “Fits but thrashes”: under the limit it read the same pages from disk again and "
            "again. Needs were measured on this host, uncapped; on another instruction set they differ somewhat, so "
            "near a limit take them as approximate."
        )
    if any(s.values["latency"].note == NOT_PROJECTED for s in boards):
        yield (
            "A board's time is a dash, “not projected”: this host's own time says nothing about the board's, and no "
            "projection has been made for it."
        )
    if any(s.values["latency"].provenance == "projected" for s in boards):
        yield (
            "A board's time is computed, never run: this host's measurement on one thread, scaled by what is "
            "published of the board. Medians with 90 % intervals; docs/projection-accuracy.md tells how far they "
            "were off."
        )
    if any(s.facts.generic for s in boards):
        yield "A generic limit stands for no board: no time is ever projected for it."


def _architecture(scene: Scene) -> str:
    facts = [r.facts for s in scene.spots.values() if s.facts.ceiling for r in [s.facts.ceiling]]
    isa = next((f["cpu_capability"] for f in facts if f.get("cpu_capability")), "")
    machine = scene.run.manifest.environment.machine
    return f"{machine} ({isa})" if isa else machine
