"""What a search has found so far, as data; and its run as reports show any other. Pure."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from harness.capacity.search import State
from harness.capacity.tries import GRAIN, MEMORY, Sought, probe_failure, soughts
from harness.model.record import Record, Run


class Found(Struct, frozen=True):
    """The smallest memory that a workload completes in (bytes), or the largest value of a parameter that fits."""

    what: str
    """``memory``, or the parameter."""
    state: State
    value: int | None
    """None where nothing has been found to fit."""
    beyond: int | None
    """The nearest that was tried and does not fit: the truth lies between the two."""
    tries: int
    reason: str = ""
    """Of a search that stopped: what the try said."""
    estimate: int | None = None
    """What one measured composition said beforehand."""
    thrashes: bool = False
    """True where it completes there, but only by reading the same pages again and again."""
    approximate: bool = False
    """True where the limit was enforced by a means that only comes near it."""


def found(run: Run) -> tuple[Found, ...]:
    """All that the run seeks and what it has found; nothing of a run that seeks nothing."""
    search = run.manifest.search
    if search is None:
        return ()
    asked = (MEMORY, *search.parameters)
    if reason := probe_failure(run.records):
        return tuple(Found(what, "stopped", None, None, 0, reason) for what in asked)
    known = {s.what: _found(s, run.records) for s in soughts(search, run.records)}
    return tuple(known.get(what) or Found(what, "open", None, None, 0) for what in asked)


def shown(run: Run) -> Run:
    """The run with all that was tried beyond its plan among its cases, the points of a search in order."""
    search, plan = run.manifest.search, run.manifest.plan
    tried = {r.trial.case.id: r.trial.case for r in run.records if r.trial.role in {"ceiling", "timing"}}
    cases = {**{c.id: c for c in plan.cases}, **tried}
    if len(cases) == len(plan.cases):
        return run
    ordered = list(cases.values())
    if search is not None:
        ordered.sort(key=lambda c: [c.workload.parameters[name] for name in search.parameters])
    return replace(run, manifest=replace(run.manifest, plan=replace(plan, cases=tuple(ordered))))


def _found(sought: Sought, records: tuple[Record, ...]) -> Found:
    edge, unit = sought.edge, GRAIN if sought.what == MEMORY else 1
    role = "fit" if sought.what == MEMORY else "ceiling"
    tried = [r for r in records if r.trial.role == role]
    return Found(
        what=sought.what,
        state=edge.state,
        value=None if edge.fits is None else edge.fits * unit,
        beyond=None if edge.misfits is None else edge.misfits * unit,
        tries=len(sought.answers),
        reason=edge.reason,
        estimate=sought.estimate,
        thrashes=any(a.value == edge.misfits and a.reason == "thrashes" for a in sought.answers),
        approximate=any(e.approximate for r in tried for e in r.enforced if e.limit == "memory"),
    )
