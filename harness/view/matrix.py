"""Section 4: workload x tier."""

from __future__ import annotations

from harness.model.units import show
from harness.verdict import runtime_name
from harness.view.figures import NOT_PROJECTED
from harness.view.report import Cell, Matrix, MetricChoice, Row
from harness.view.scene import Line, Scene, Spot
from harness.view.words import bar, deadline, fit, shown

METRICS = (
    MetricChoice("latency", "Latency"),
    MetricChoice("throughput", "Throughput"),
    MetricChoice("memory", "Peak memory"),
    MetricChoice("energy", "Energy per step"),
)


def matrix(scene: Scene) -> Matrix:
    """The whole table."""
    rows = tuple(_row(scene, line) for line in scene.lines)
    return Matrix(METRICS, scene.tiers, rows, tuple(scene.families()), tuple(_notes(scene)))


def _row(scene: Scene, line: Line) -> Row:
    due = line.case.workload.deadline_seconds
    cells = tuple(_cell(s) if (s := scene.spots.get((line.index, t.index))) else None for t in scene.tiers)
    text = f"deadline {show(due, 's')}" if due is not None else ""
    return Row(line.index, line.anchor, line.name, line.variant, line.family, text, cells)


def _cell(spot: Spot) -> Cell:
    facts, judged = spot.facts, spot.judged
    states = [judged.state, *([judged.deadline] if judged.deadline else [])]
    return Cell(
        case=facts.case.id,
        tier=spot.tier.index,
        fit=fit(facts, judged),
        figures={m.id: shown(spot.values[m.id]) for m in METRICS},
        bar=bar(facts),
        deadline=deadline(facts, judged),
        states=tuple(states),
    )


def _notes(scene: Scene) -> list[str]:
    """What the table's words mean in this run."""
    boards = [s for s in scene.spots.values() if s.tier.board]
    if not boards:
        return []
    runtimes = ", ".join(dict.fromkeys(runtime_name(s.facts.case.runtime) for s in boards))
    notes = [
        f"“Fits” means: loaded and ran a few steps in {runtimes} on this {_architecture(scene)} host under the tier's "
        "memory limit. Memory on another instruction set differs somewhat, so near a limit take it as approximate."
    ]
    if any(s.values["latency"].note == NOT_PROJECTED for s in boards):
        notes.append(
            "A dash under a board is “not projected”: this host's own time says nothing about the board's, and no "
            "projection has been made for it."
        )
    return notes


def _architecture(scene: Scene) -> str:
    facts = [r.facts for s in scene.spots.values() if s.facts.ceiling for r in [s.facts.ceiling]]
    isa = next((f["cpu_capability"] for f in facts if f.get("cpu_capability")), "")
    machine = scene.run.manifest.environment.machine
    return f"{machine} ({isa})" if isa else machine
