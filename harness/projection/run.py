"""Projections for all cases of a run: what its host measured on one thread, onto every target of its profiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from threadpoolctl import threadpool_limits

from harness.model.case import HOST, Case
from harness.model.estimate import Estimate, NotProjected
from harness.model.measure import LATENCY, MATMUL_RATE
from harness.model.profile import HardwareProfile, Target
from harness.model.record import Record, Run
from harness.projection import decode, order
from harness.projection.device import setting
from harness.projection.energy import with_energy
from harness.projection.estimate import Known, gathered, project
from harness.projection.posterior import Learned
from harness.projection.subject import Host, Measured

NO_FEATURES = "not projected: the host did not count and time its operators on one thread"
NOT_COUNTED = "not projected: the operators could not be counted and timed by class"
DECODES = 0.5
"""Share of the bytes of weights that products of few rows read, above which bandwidth decides."""

BEYOND_CACHES = 64e6
"""Bytes of weights: fewer may stay in a cache between steps, and are no matter of the memory's bandwidth."""

Work = tuple[str, str, str]
"""Workload, runtime and data type."""


def estimates(run: Run, times: Learned | None = None) -> dict[str, Estimate | NotProjected]:
    """By case id, for every case on a board: left-out ones too, since a GPU that is not here can be projected.

    ``times`` stand in for the library's.
    """
    host = Host(run.manifest.environment.machine, _rate(run))
    works = {_work(r.trial.case): m for r in run.records if (m := _measured(r)) is not None}
    profiles = {p.id: p for p in run.manifest.profiles}
    cases = {c.id: c for c in (*run.manifest.plan.cases, *(s.case for s in run.manifest.plan.skips))}
    boards = {name: c for name, c in cases.items() if c.profile != HOST and c.profile in profiles}
    with threadpool_limits(1, user_api="blas"):  # matrices this small take twice as long on two threads
        return _all(boards, profiles, works, host, times)


def _all(
    boards: Mapping[str, Case],
    profiles: Mapping[str, HardwareProfile],
    works: Mapping[Work, Measured],
    host: Host,
    times: Learned | None,
) -> dict[str, Estimate | NotProjected]:
    found: dict[str, Estimate | NotProjected] = {}
    known: dict[tuple[str, str], Known] = {}
    groups: dict[tuple[str, str, str, str], list[tuple[str, Case]]] = defaultdict(list)
    for name, case in boards.items():
        groups[case.profile, case.target, case.runtime, case.dtype].append((name, case))
    for (profile_id, target_id, runtime, dtype), members in groups.items():
        profile = profiles[profile_id]
        target = next(t for t in profile.target if t.id == target_id)
        own = [w for w in works.values() if (w.runtime, w.dtype) == (runtime, dtype)]
        if (runtime, dtype) not in known:
            known[runtime, dtype] = gathered([w for w in own if not _decodes(w)], host, times)
        made = _on_target(profile, target, (runtime, dtype), own, known[runtime, dtype])
        for name, case in members:
            one = made.get(case.workload.id, NotProjected(NO_FEATURES)) if isinstance(made, dict) else made
            found[name] = with_energy(one, profile) if isinstance(one, Estimate) else one
    return found


def _on_target(
    profile: HardwareProfile, target: Target, way: tuple[str, str], works: list[Measured], known: Known
) -> dict[str, Estimate | NotProjected] | NotProjected:
    if target.device == "gpu":
        return {w.workload: _on_gpu(w, profile, target) for w in works}
    at = setting(profile, target, *way, None)
    steps = {w.workload: _decoding(w, profile, target) for w in works if _decodes(w)}
    if isinstance(at, NotProjected):
        return {**{w.workload: at for w in works}, **steps} if steps else at
    made: dict[str, Estimate | NotProjected] = {w.workload: NotProjected(NOT_COUNTED) for w in works}
    return {**made, **project(known, at), **steps}


def _on_gpu(work: Measured, profile: HardwareProfile, target: Target) -> Estimate | NotProjected:
    if profile.kind == "generic":
        return NotProjected("not projected: limits without a board have no time")
    return order.gpu(work.features, profile, target, work.dtype, work.dtype)


def _decodes(work: Measured) -> bool:
    """Whether reading weights for few rows at a time is most of what it does."""
    own = work.features.find("gemv").weight_bytes
    return own > max(DECODES * work.features.weight_bytes, BEYOND_CACHES)


def _decoding(work: Measured, profile: HardwareProfile, target: Target) -> Estimate | NotProjected:
    """Bytes of weights over bandwidth, and for the rest of the time the share that it had on the host."""
    moved = decode.bandwidth(profile, target)
    if target.dtypes and work.dtype not in target.dtypes:
        return NotProjected(f"not projected: {target.name} computes {work.dtype} only by way of another type")
    if profile.kind == "generic" or moved is None:
        return NotProjected("not projected: the profile has no measured bandwidth of its memory")
    reading = work.features.find("gemv")
    whole = sum(c.seconds or 0.0 for c in work.features.classes)
    beside = (whole / reading.seconds - 1) if reading.seconds else 0.0
    return decode.estimate(reading.weight_bytes, beside, moved)


def _measured(record: Record) -> Measured | None:
    found = record.find(LATENCY.id, "timed")
    if record.trial.role != "features" or record.features is None or found is None or not found.values:
        return None
    case = record.trial.case
    median = sorted(found.values)[len(found.values) // 2]
    return Measured(case.workload.id, case.runtime, case.dtype, median, record.features)


def _work(case: Case) -> Work:
    return case.workload.id, case.runtime, case.dtype


def _rate(run: Run) -> float | None:
    """The host's float32 products on one thread, in GFLOP/s: the best that any trial saw."""
    rates = [v for r in run.records if (m := r.find(MATMUL_RATE.id)) is not None for v in m.values]
    return max(rates) / 1e9 if rates else None
