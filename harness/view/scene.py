"""The rows and columns of a run: which workloads, which tiers, and the facts of each case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from harness.checks import Code
from harness.model.case import Case
from harness.model.estimate import Estimate, NotProjected
from harness.model.profile import HardwareProfile
from harness.model.record import Run
from harness.network import Payload
from harness.stats.kinds import two_kinds
from harness.verdict import CaseFacts, Judged, deadline_state, gather, state_of
from harness.view.figures import Value, values_of
from harness.view.memory_parts import memory_parts
from harness.view.names import label
from harness.view.over_link import Request, due, end_to_end, payloads, request
from harness.view.paced import paced
from harness.view.per_item import per_item
from harness.view.report import Tier
from harness.view.tiers import tiers_of
from harness.view.under_load import under_load

_Key = tuple[str, str, str, str]


class Line(Struct, frozen=True):
    """One workload in one runtime, dtype and scenario."""

    index: int
    anchor: str
    title: str
    """The workload's name, with its suite where another has the same."""
    points: str
    variant: str
    """What differs from line to line of this run."""
    own_variant: str
    """What differs from line to line of the same workload."""
    family: str
    case: Case
    """Any of its cases: all share workload, runtime, dtype and scenario."""

    @property
    def name(self) -> str:
        """Title and parameters."""
        return " · ".join(part for part in (self.title, self.points) if part)

    @property
    def label(self) -> tuple[str, ...]:
        """For a plot, on one line or two."""
        return label(self.title, "".join(f"· {part} " for part in (self.points, self.own_variant) if part).strip())


class Spot(Struct, frozen=True):
    """One case with its place in the table, its figures and its verdict."""

    line: Line
    tier: Tier
    facts: CaseFacts
    values: dict[str, Value]
    judged: Judged


class Scene(Struct, frozen=True):
    """A run laid out: ``spots`` by (line, tier), absent where the plan has no such case; ``payloads`` by request."""

    run: Run
    tiers: tuple[Tier, ...]
    lines: tuple[Line, ...]
    spots: dict[tuple[int, int], Spot]
    payloads: dict[Request, Payload]

    def row(self, line: Line) -> list[Spot]:
        """The spots of a line, in the order of the tiers."""
        return [self.spots[line.index, t.index] for t in self.tiers if (line.index, t.index) in self.spots]

    def families(self) -> list[str]:
        """Families in the order of their first line."""
        return list(dict.fromkeys(line.family for line in self.lines))


def lay_out(run: Run, estimates: Mapping[str, Estimate | NotProjected] | None = None) -> Scene:
    """Gather a run's facts into rows and columns."""
    facts = gather(run, estimates)
    tiers = {t.id: t for t in tiers_of(run, [f.case for f in facts])}
    lines = {_key(line.case): line for line in _lines([f.case for f in facts])}
    short = _short_names(lines.values())
    sizes, profiles = payloads(facts), {p.id: p for p in run.manifest.profiles}
    spots = {}
    for fact in facts:
        line, tier = lines[_key(fact.case)], tiers[fact.case.tier]
        values = _values(fact, run, sizes.get(request(fact.case)), profiles.get(fact.case.profile))
        judged = _judged(fact, values, short[line.index])
        spots[line.index, tier.index] = Spot(line, tier, fact, values, judged)
    return Scene(run, tuple(tiers.values()), tuple(lines.values()), spots, sizes)


def _values(facts: CaseFacts, run: Run, payload: Payload | None, profile: HardwareProfile | None) -> dict[str, Value]:
    values = values_of(facts, run.manifest.capabilities, run.manifest.environment.machine)
    values |= under_load(facts) | memory_parts(facts) | per_item(facts) if facts.on_host else paced(facts)
    return values | dict(end_to_end(values["latency"], payload, profile))


def _key(case: Case) -> _Key:
    return case.workload.id, case.runtime, case.dtype, case.scenario


def _lines(cases: Sequence[Case]) -> list[Line]:
    first = {_key(c): c for c in reversed(cases)}
    ordered = list(dict.fromkeys(_key(c) for c in cases))
    same: dict[str, list[_Key]] = {}
    suites: dict[str, set[str]] = {}
    for key in ordered:
        same.setdefault(key[0], []).append(key)
        suites.setdefault(first[key].workload.name, set()).add(first[key].workload.suite)
    varying = _varying(ordered)
    return [
        _line(index, first[key], suites, _variant(key, varying), _variant(key, _varying(same[key[0]])))
        for index, key in enumerate(ordered)
    ]


def _line(index: int, case: Case, suites: Mapping[str, set[str]], variant: str, own_variant: str) -> Line:
    work = case.workload
    return Line(
        index=index,
        anchor=f"w-{index}-{re.sub(r'[^a-z0-9]+', '-', work.name.lower()).strip('-')}",
        title=f"{work.suite}/{work.name}" if len(suites[work.name]) > 1 else work.name,
        points=", ".join(f"{k} {v}" for k, v in sorted(work.parameters.items())),
        variant=variant,
        own_variant=own_variant,
        family=work.family or work.suite,
        case=case,
    )


def _varying(keys: Sequence[_Key]) -> list[int]:
    """Which of runtime, dtype and scenario differ among ``keys``, as places in a key."""
    return [place for place in (1, 2, 3) if len({key[place] for key in keys}) > 1]


def _variant(key: _Key, varying: Sequence[int]) -> str:
    return " · ".join(key[place] for place in varying)


def _short_names(lines: Iterable[Line]) -> dict[int, str]:
    """For a sentence: the workload's bare name where only one line bears it."""
    every = list(lines)
    bare = [line.case.workload.name for line in every]
    return {line.index: b if bare.count(b) == 1 else line.name for line, b in zip(every, bare, strict=True)}


def _judged(facts: CaseFacts, values: Mapping[str, Value], name: str) -> Judged:
    case, latency = facts.case, due(values)
    return Judged(
        row=" ".join(_key(case)),
        name=name,
        family=case.workload.family,
        workload=case.workload.name,
        tier=case.tier,
        board=not facts.on_host,
        state=state_of(facts.outcome),
        runtime=case.runtime,
        need_bytes=facts.need.bytes if facts.need else None,
        limit_bytes=facts.limit_bytes,
        need_bound=facts.need.bound if facts.need else None,
        generic=facts.generic,
        deadline=deadline_state(case.workload.deadline_seconds, latency.value, latency.low, _highest(facts, latency)),
    )


def _highest(facts: CaseFacts, latency: Value) -> float | None:
    """The end of the interval; where steps are of two kinds, the slow kind's time, which the median does not show."""
    if latency.value is None or all(f.code != Code.TWO_KINDS for r in facts.work.timing for f in r.findings):
        return latency.high
    kinds = [two_kinds(times) for times in facts.latency_groups]
    slower = [latency.value + found.slow - found.quick for found in kinds if found is not None]
    return max([*slower, latency.high or latency.value])
