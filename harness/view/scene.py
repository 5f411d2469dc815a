"""The rows and columns of a run: which workloads, which tiers, and the facts of each case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from harness.model.case import HOST, Case
from harness.model.profile import HardwareProfile
from harness.model.record import Run
from harness.model.units import show_bytes
from harness.verdict import CaseFacts, Estimate, Judged, deadline_state, gather, state_of
from harness.view.figures import Value, values_of
from harness.view.report import Tier

COLOURS = 12


class Line(Struct, frozen=True):
    """One workload in one runtime, dtype and scenario."""

    index: int
    anchor: str
    name: str
    variant: str
    family: str
    case: Case
    """Any of its cases: all share workload, runtime, dtype and scenario."""


class Spot(Struct, frozen=True):
    """One case with its place in the table, its figures and its verdict."""

    line: Line
    tier: Tier
    facts: CaseFacts
    values: dict[str, Value]
    judged: Judged


class Scene(Struct, frozen=True):
    """A run laid out: ``spots`` by (line, tier), absent where the plan has no such case."""

    run: Run
    tiers: tuple[Tier, ...]
    lines: tuple[Line, ...]
    spots: dict[tuple[int, int], Spot]

    def row(self, line: Line) -> list[Spot]:
        """The spots of a line, in the order of the tiers."""
        return [self.spots[line.index, t.index] for t in self.tiers if (line.index, t.index) in self.spots]

    def families(self) -> list[str]:
        """Families in the order of their first line."""
        return list(dict.fromkeys(line.family for line in self.lines))


def lay_out(run: Run, estimates: Mapping[str, Estimate] | None = None) -> Scene:
    """Gather a run's facts into rows and columns."""
    facts = gather(run, estimates)
    tiers = {t.id: t for t in _tiers(run, [f.case for f in facts])}
    lines = {_key(line.case): line for line in _lines([f.case for f in facts])}
    short = _short_names(lines.values())
    spots = {}
    for fact in facts:
        line, tier = lines[_key(fact.case)], tiers[fact.case.tier]
        values = values_of(fact, run.manifest.capabilities, run.manifest.environment.machine)
        judged = _judged(fact, values, short[line.index])
        spots[line.index, tier.index] = Spot(line, tier, fact, values, judged)
    return Scene(run, tuple(tiers.values()), tuple(lines.values()), spots)


def _key(case: Case) -> tuple[str, str, str, str]:
    return case.workload.id, case.runtime, case.dtype, case.scenario


def _lines(cases: Sequence[Case]) -> list[Line]:
    first = {_key(c): c for c in reversed(cases)}
    ordered = list(dict.fromkeys(_key(c) for c in cases))
    varying = [len({key[place] for key in ordered}) > 1 for place in range(4)]
    suites: dict[str, set[str]] = {}
    for case in first.values():
        suites.setdefault(case.workload.name, set()).add(case.workload.suite)
    lines = []
    for index, key in enumerate(ordered):
        case = first[key]
        variant = " · ".join(part for part, varies in zip(key[1:], varying[1:], strict=True) if varies)
        name = _name(case, with_suite=len(suites[case.workload.name]) > 1)
        anchor = f"w-{index}-{re.sub(r'[^a-z0-9]+', '-', case.workload.name.lower()).strip('-')}"
        family = case.workload.family or case.workload.suite
        lines.append(Line(index, anchor, name, variant, family, case))
    return lines


def _name(case: Case, with_suite: bool) -> str:
    work = case.workload
    points = ", ".join(f"{k} {v}" for k, v in sorted(work.parameters.items()))
    return " · ".join(p for p in (f"{work.suite}/{work.name}" if with_suite else work.name, points) if p)


def _short_names(lines: Iterable[Line]) -> dict[int, str]:
    """For a sentence: the workload's bare name where only one line bears it."""
    every = list(lines)
    bare = [line.case.workload.name for line in every]
    return {line.index: b if bare.count(b) == 1 else line.name for line, b in zip(every, bare, strict=True)}


def _tiers(run: Run, cases: Sequence[Case]) -> list[Tier]:
    first = {c.tier: c for c in reversed(cases)}
    profiles = {p.id: p for p in run.manifest.profiles}
    stated = [f"{p.id}:{t.id}" for p in run.manifest.profiles for t in p.target]
    known = [t for t in dict.fromkeys([*stated, *(c.tier for c in cases)]) if t in first]
    ordered = sorted(known, key=lambda t: first[t].profile != HOST)
    targets = [first[t].profile for t in ordered]
    tiers = []
    for index, tier in enumerate(ordered):
        case = first[tier]
        board = case.profile != HOST
        several = targets.count(case.profile) > 1
        name, sub = _board(case, profiles.get(case.profile), several) if board else _host(case, run)
        tiers.append(Tier(index, tier, name, sub, board, index % COLOURS))
    return tiers


def _host(case: Case, run: Run) -> tuple[str, str]:
    environment = run.manifest.environment
    gpus = environment.gpus or run.manifest.capabilities.gpus
    if case.device == "gpu" and gpus:
        return f"Host GPU · {gpus[0].name}", f"{show_bytes(gpus[0].memory_bytes)} of its own"
    noun = "core" if environment.cores == 1 else "cores"
    memory = show_bytes(environment.memory_bytes)
    return f"Host CPU · {environment.cores} {noun}", f"{environment.cpu}, {memory}"


def _board(case: Case, profile: HardwareProfile | None, several: bool) -> tuple[str, str]:
    """A board's name, with the target where the run has several of it, and what a workload may use of it."""
    if profile is None:
        return case.tier, ""
    target = next((t for t in profile.target if t.id == case.target), None)
    alike = [t for t in profile.target if t.device == case.device]
    which = target.name if target and len(alike) > 1 else case.device.upper()
    budget = int(target.memory.base) if target and target.memory else profile.budget_bytes
    sub = f"{show_bytes(budget)} for a workload{f', {target.name}' if target else ''}"
    return f"{profile.name} · {which}" if several else profile.name, sub


def _judged(facts: CaseFacts, values: Mapping[str, Value], name: str) -> Judged:
    case, latency = facts.case, values["latency"]
    return Judged(
        row=" ".join(_key(case)),
        name=name,
        tier=case.tier,
        board=not facts.on_host,
        state=state_of(facts.outcome),
        runtime=case.runtime,
        need_bytes=facts.need.bytes if facts.need else None,
        limit_bytes=facts.limit_bytes,
        deadline=deadline_state(case.workload.deadline_seconds, latency.value, latency.low, latency.high),
    )
