"""Whether two runs may be compared at all: same machine, same libraries, same work, same limits."""

from __future__ import annotations

from harness.checks import validity
from harness.model.case import Case
from harness.model.machine import Environment
from harness.model.own import Own
from harness.model.record import Manifest, Run
from harness.model.units import show_bytes
from harness.verdict import SLACK, CaseFacts

_OF_A_LOAD = ("target_latency", "target_latency_percentile", "target_qps", "samples_per_query")


def refusals(baseline: Environment, candidate: Environment) -> list[str]:
    """Why runs made in these environments are not comparable, in sentences; empty where they are."""
    return _machine(baseline, candidate) + _libraries(baseline, candidate)


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


def unsound(run: Run, side: str) -> list[str]:
    """A sentence on the trials of a run whose figures do not hold, none where all do."""
    verdicts = [v for record in run.records if (v := validity(record)).state != "not_judged"]
    invalid = [v for v in verdicts if v.state == "invalid"]
    codes = ", ".join(dict.fromkeys(code for v in invalid for code in v.codes))
    share = f"{len(invalid)} of {len(verdicts)} timing and energy trials"
    return [f"{share} of the {side} are not valid: {codes}"] if invalid else []


def case_refusal(baseline: CaseFacts, candidate: CaseFacts) -> str | None:
    """Why one case is not comparable between the runs, None where it is."""
    a, b = baseline.case.workload.version, candidate.case.workload.version
    if a != b:
        return f"the workload changed: version {a} and version {b}"
    if (changed := _other_model(baseline.case.workload.own, candidate.case.workload.own)) is not None:
        return changed
    was, now = baseline.limit_bytes, candidate.limit_bytes
    if not baseline.on_host and not _same_limit(was, now):
        return f"the profile's limit changed: {_bytes(was)} and {_bytes(now)}"
    return _load_refusal(baseline, candidate)


def _load_refusal(baseline: CaseFacts, candidate: CaseFacts) -> str | None:
    a, b = (_asked(f) for f in (baseline, candidate))
    differing = [f"{name} {a[name]} and {b[name]}" for name in a if a and b and a[name] != b[name]]
    return f"the load changed: {', '.join(differing)}" if differing else None


def _asked(facts: CaseFacts) -> dict[str, object]:
    """What a scenario asked of the case, but for how long it was to take; empty where none did or nothing was timed."""
    load = next((r.trial.pace.load for r in facts.work.timing if r.trial.pace.load is not None), None)
    return {name: getattr(load, name) for name in _OF_A_LOAD} if load is not None else {}


def _other_model(baseline: Own | None, candidate: Own | None) -> str | None:
    """Why the models are not the same, None where they are, or neither is of the user's own."""
    if baseline == candidate:
        return None
    if baseline is None or candidate is None:
        return "one is a workload of a suite and the other a model of its own"
    if baseline.sha256 != candidate.sha256:
        return (
            f"the model changed: {baseline.source} had sha256 {baseline.sha256[:12]}, and now {candidate.sha256[:12]}"
        )
    was, now = (" ".join(f"{i.name}={i.spelt}" for i in own.inputs) for own in (baseline, candidate))
    return f"the inputs changed: {was or 'none'} and {now or 'none'}" if was != now else None


def _same_limit(was: int | None, now: int | None) -> bool:
    """Of a case that did not fit the limit is known as the kernel kept it, in whole pages; else as it was asked."""
    return was == now if was is None or now is None else abs(was - now) <= SLACK


def _bytes(value: int | None) -> str:
    return "none" if value is None else show_bytes(value)


def one_sided(baseline: set[str], candidate: dict[str, Case]) -> list[str]:
    """Sentences on cases that only one run has."""
    gone, new = sorted(baseline - set(candidate)), sorted(set(candidate) - baseline)
    return [_only(cases, run) for cases, run in ((gone, "baseline"), (new, "candidate")) if cases]


def _only(cases: list[str], run: str) -> str:
    are = f"{len(cases)} cases are" if len(cases) > 1 else "1 case is"
    return f"{are} only in the {run}: {', '.join(cases[:3])}{' ...' if cases[3:] else ''}"
