"""Section 11: where and how it was measured, what of each tier was enforced and what was not."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from harness.model.machine import Environment, Gpu
from harness.model.measure import Metric
from harness.model.profile import HardwareProfile
from harness.model.record import Enforced, Record, Run
from harness.model.units import show_bytes
from harness.verdict import SLACK
from harness.view.not_imitated import not_imitated
from harness.view.own_cost import own_cost
from harness.view.report import Fact, LimitSet, Method, Tier, TierMethod
from harness.view.scene import Scene, Spot
from harness.view.tighter import by_tighter

_BYTES = {"memory", "swap", "gpu_memory"}
_OWN_WORDS = {"affinity", "means", "parameters"}
"""Facts of a child that differ by workload or stand elsewhere."""


def method(scene: Scene) -> Method:
    """All of section 11 but the downloads."""
    run = scene.run
    environment = run.manifest.environment
    return Method(
        tiers=tuple(_tier(scene, t) for t in scene.tiers),
        machine=tuple(_machine(environment)),
        versions=tuple(_versions(environment)),
        workers=tuple(_workers(run.records)),
        metrics=tuple(Fact(m.id, f"{m.how} ({m.unit}, {m.scope})") for m in _metrics(run)),
        command=shlex.join(run.manifest.command),
        notices=run.notices,
        own_cost=tuple(own_cost(run)),
    )


def _tier(scene: Scene, tier: Tier) -> TierMethod:
    spots = [s for s in scene.spots.values() if s.tier.index == tier.index]
    records = [r for s in spots for r in _records(s)]
    limits = [_limit_set(e) for e in dict.fromkeys(e for r in records if not r.shown_by for e in r.enforced)]
    limits += by_tighter(records)
    if not limits:
        missing = "nothing was limited" if not tier.board else "no trial ran under this tier's limits"
        return TierMethod(tier, _basis(scene, tier), (), missing)
    return TierMethod(tier, _basis(scene, tier), (*limits, *_beyond_limits(scene, tier, records)))


def _beyond_limits(scene: Scene, tier: Tier, records: Sequence[Record]) -> list[LimitSet]:
    """What no limit reaches; nothing for this machine itself, and for a limit that stands for no board."""
    profile = _profile(scene, tier)
    target = next((t for t in profile.target if f"{profile.id}:{t.id}" == tier.id), None) if profile else None
    if profile is None or target is None or profile.kind != "board":
        return []
    return not_imitated(profile, target, records, scene.run.manifest.environment.machine)


def _profile(scene: Scene, tier: Tier) -> HardwareProfile | None:
    return next((p for p in scene.run.manifest.profiles if p.id == tier.id.split(":")[0]), None)


def _records(spot: Spot) -> tuple[Record, ...]:
    if spot.tier.board:
        return (spot.facts.ceiling,) if spot.facts.ceiling else ()
    return spot.facts.work.timing


def _basis(scene: Scene, tier: Tier) -> str:
    if not tier.board:
        return "This machine itself: time, memory and energy are its own."
    profile = _profile(scene, tier)
    return _budget(profile) if profile else ""


def _budget(profile: HardwareProfile) -> str:
    memory = profile.memory
    if profile.kind == "generic":
        return f"A generic limit and no board: {show_bytes(profile.budget_bytes)} for a workload."
    return (
        f"{show_bytes(memory.usable.base)} usable ({memory.usable.kind}) less {show_bytes(memory.reserve.base)} "
        f"for its system ({memory.reserve.kind}) leaves {show_bytes(profile.budget_bytes)}; "
        f"swap {show_bytes(profile.swap_bytes) if profile.swap_bytes else 'none'}."
    )


def _limit_set(enforced: Enforced) -> LimitSet:
    e = enforced
    slack = SLACK if e.limit in _BYTES else 0
    kept = e.given is not None and abs(e.given - e.asked) <= slack
    given = "–" if e.given is None else _amount(e.limit, e.given)
    asked = _amount(e.limit, e.asked)
    name = e.limit.replace("gpu_", "GPU ")
    if e.given is None:
        verdict = "not enforced"
    elif kept:
        verdict = "approximate" if e.approximate else "enforced"
    else:
        verdict = f"asked {asked}, given {given}" + (", approximate" if e.approximate else "")
    return LimitSet(name, asked, given, e.means, verdict, kept, e.note)


def _amount(limit: str, number: int) -> str:
    if limit in _BYTES:
        return show_bytes(number)
    noun = limit.removeprefix("gpu_")
    return f"{number} {noun if number != 1 else noun.removesuffix('s')}"


def _machine(environment: Environment) -> Iterable[Fact]:
    e = environment
    yield Fact("machine", e.hostname)
    yield Fact("processor", f"{e.cpu}, {e.cores} cores, {e.machine}")
    yield Fact("memory", show_bytes(e.memory_bytes))
    for gpu in e.gpus:
        yield Fact(f"GPU {gpu.index}", _gpu(gpu))
    yield Fact("system", f"{e.system}, kernel {e.kernel}")
    yield Fact("clock governor", e.governor or "not known")
    yield Fact("virtualisation", e.virtualisation or "none found")
    if e.git_commit:
        yield Fact("commit", e.git_commit + (" with local changes" if e.git_dirty else ""))
    yield Fact("fingerprint", e.fingerprint)


def _gpu(gpu: Gpu) -> str:
    driver = f", driver {gpu.driver}" if gpu.driver else ""
    return f"{gpu.name}, {show_bytes(gpu.memory_bytes)}{driver}{', MIG' if gpu.mig else ''}"


def _versions(environment: Environment) -> Iterable[Fact]:
    yield Fact("tierbench", environment.tierbench)
    yield Fact("Python", environment.python)
    for name, version in sorted(environment.packages.items()):
        yield Fact(name, version or "not installed")


def _workers(records: Iterable[Record]) -> Iterable[Fact]:
    """What the children said of themselves, each distinct value once."""
    said: dict[str, dict[str, None]] = {}
    for record in records:
        for name, value in record.facts.items():
            if name not in _OWN_WORDS and not name.startswith("energy_steps"):
                said.setdefault(name, {})[value] = None
    for name, values in sorted(said.items()):
        yield Fact(name.replace("_", " "), ", ".join(values))


def _metrics(run: Run) -> Iterable[Metric]:
    every = {m.metric.id: m.metric for r in run.records for m in r.measurements}
    return (every[key] for key in sorted(every))
