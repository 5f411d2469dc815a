"""Plain values that many tests start from."""

from __future__ import annotations

from harness.model.case import HOST, Case, Limits, Pace, Plan, Trial, WorkloadRef
from harness.model.codec import FORMAT
from harness.model.machine import Capabilities, Environment, MeansState
from harness.model.outcome import Ok, Outcome
from harness.model.record import Manifest, Record


def ref(
    name: str = "small", suite: str = "tiny", path: str = "suite.py", **parameters: int | float | str | bool
) -> WorkloadRef:
    return WorkloadRef(suite, name, path, dict(parameters))


def case(name: str = "small", profile: str = HOST, target: str = "cpu", **parameters: int) -> Case:
    return Case(ref(name, **parameters), profile, target, "cpu", "torch-eager", "float32")


def trial(name: str = "small", role: str = "timing", replicate: int = 0, limits: Limits = Limits()) -> Trial:  # noqa: B008
    return Trial(case(name), role, replicate, limits, Pace(budget_seconds=0.01))  # type: ignore[arg-type]


def record(of: Trial, outcome: Outcome = Ok()) -> Record:  # noqa: B008
    return Record(of.id, of, outcome, "2026-11-23T17:24:00.000+00:00", 1.0)


def capabilities(cores: int = 2) -> Capabilities:
    return Capabilities(cores, 8 << 30, 0, means=(MeansState("cgroup1", None),))


def environment() -> Environment:
    return Environment("here", "Linux", "6.1", "x86_64", "A CPU", 2, 8 << 30, "3.11.7", "0.1.0", {"torch": "2.13.0"})


def plan_of(*trials: Trial) -> Plan:
    return Plan(tuple({t.case.id: t.case for t in trials}.values()), trials, (), 0, 1)


def manifest(plan: Plan) -> Manifest:
    return Manifest(
        FORMAT, "a-run", "2026-11-23T17:24:00+00:00", ("tierbench",), environment(), capabilities(), (), plan
    )
