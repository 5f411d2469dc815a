"""Whether two runs may be compared at all: same machine, same libraries, same work, same limits."""

from __future__ import annotations

from harness.model.case import Case
from harness.model.machine import Environment
from harness.model.record import Manifest
from harness.model.units import show_bytes
from harness.verdict import CaseFacts


def refusals(baseline: Manifest, candidate: Manifest) -> list[str]:
    """Why the runs as a whole are not comparable, in sentences; empty where they are."""
    a, b = baseline.environment, candidate.environment
    return _machine(a, b) + _libraries(a, b)


def _machine(a: Environment, b: Environment) -> list[str]:
    if a.fingerprint == b.fingerprint:
        return []
    told = [
        ("processor", a.cpu, b.cpu),
        ("cores", str(a.cores), str(b.cores)),
        ("memory", show_bytes(a.memory_bytes), show_bytes(b.memory_bytes)),
        ("GPU", _gpus(a), _gpus(b)),
    ]
    differing = [f"{name} {was} and {now}" for name, was, now in told if was != now]
    return ["the runs are from different machines: " + ("; ".join(differing) or "their fingerprints differ")]


def _gpus(environment: Environment) -> str:
    return ", ".join(f"{gpu.name} (driver {gpu.driver})" for gpu in environment.gpus) or "none"


def _libraries(a: Environment, b: Environment) -> list[str]:
    before, after = {"python": a.python, **a.packages}, {"python": b.python, **b.packages}
    changed = [
        f"{name} {before.get(name) or 'absent'} -> {after.get(name) or 'absent'}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
    return ["library versions changed: " + ", ".join(changed)] if changed else []


def notes(baseline: Manifest, candidate: Manifest) -> list[str]:
    """What changed that does not forbid a comparison, in sentences."""
    a, b = baseline.environment, candidate.environment
    told = [
        ("tierbench", a.tierbench, b.tierbench),
        ("kernel", a.kernel, b.kernel),
        ("governor", a.governor, b.governor),
    ]
    return [f"{name} changed: {was or 'unknown'} -> {now or 'unknown'}" for name, was, now in told if was != now]


def case_refusal(baseline: CaseFacts, candidate: CaseFacts) -> str | None:
    """Why one case is not comparable between the runs, None where it is."""
    a, b = baseline.case.workload.version, candidate.case.workload.version
    if a != b:
        return f"the workload changed: version {a} and version {b}"
    if not baseline.on_host and baseline.limit_bytes != candidate.limit_bytes:
        return f"the profile's limit changed: {_bytes(baseline.limit_bytes)} and {_bytes(candidate.limit_bytes)}"
    return None


def _bytes(value: int | None) -> str:
    return "none" if value is None else show_bytes(value)


def one_sided(baseline: set[str], candidate: dict[str, Case]) -> list[str]:
    """Sentences on cases that only one run has."""
    gone, new = sorted(baseline - set(candidate)), sorted(set(candidate) - baseline)
    said = []
    if gone:
        said.append(
            f"{len(gone)} case(s) are only in the baseline: {', '.join(gone[:3])}" + (" ..." if gone[3:] else "")
        )
    if new:
        said.append(f"{len(new)} case(s) are only in the candidate: {', '.join(new[:3])}" + (" ..." if new[3:] else ""))
    return said
