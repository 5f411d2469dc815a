"""The columns of a run: this machine first, then each board's targets, with their names."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model.case import HOST, Case
from harness.model.profile import HardwareProfile
from harness.model.record import Run
from harness.model.units import show_bytes
from harness.view.names import short_names, with_target
from harness.view.report import Tier

COLOURS = 12


def tiers_of(run: Run, cases: Sequence[Case]) -> list[Tier]:
    """The tiers of ``cases`` in the order of the run's profiles."""
    first = {c.tier: c for c in reversed(cases)}
    profiles = {p.id: p for p in run.manifest.profiles}
    stated = [f"{p.id}:{t.id}" for p in run.manifest.profiles for t in p.target]
    known = [t for t in dict.fromkeys([*stated, *(c.tier for c in cases)]) if t in first]
    ordered = sorted(known, key=lambda t: first[t].profile != HOST)
    targets = [first[t].profile for t in ordered]
    names = _names([profiles[p] for p in dict.fromkeys(targets) if p != HOST and p in profiles])
    short = short_names(names.values())
    tiers = []
    for index, tier in enumerate(ordered):
        case = first[tier]
        board = case.profile != HOST
        which = _target(case, profiles.get(case.profile)) if targets.count(case.profile) > 1 else ""
        words = _host(case, run)
        if board:
            name = names.get(case.profile, case.profile)
            words = _board(case, profiles.get(case.profile), name, short.get(name, name), which)
        tiers.append(Tier(index, tier, *words, board, index % COLOURS))
    return tiers


def _host(case: Case, run: Run) -> tuple[str, str, str]:
    environment = run.manifest.environment
    gpus = environment.gpus or run.manifest.capabilities.gpus
    if case.device == "gpu" and gpus:
        return f"Host GPU · {gpus[0].name}", "Host GPU", f"{gpus[0].name}, {show_bytes(gpus[0].memory_bytes)}"
    noun = "core" if environment.cores == 1 else "cores"
    short = f"Host {case.device.upper()}"
    sub = f"{environment.cores} {noun}, {environment.cpu}, {show_bytes(environment.memory_bytes)}"
    return f"Host CPU · {environment.cores} {noun}", short, sub


def _target(case: Case, profile: HardwareProfile | None) -> str:
    targets = profile.target if profile else ()
    alike = [t for t in targets if t.device == case.device]
    return next((t.name for t in alike if t.id == case.target and len(alike) > 1), case.device.upper())


def _names(profiles: Sequence[HardwareProfile]) -> dict[str, str]:
    """Profile id -> its name, with its power mode or id where two have the same."""
    every = [p.name for p in profiles]
    return {p.id: p.name if every.count(p.name) == 1 else f"{p.name}, {p.power_mode or p.id}" for p in profiles}


def _board(case: Case, profile: HardwareProfile | None, name: str, short: str, which: str) -> tuple[str, str, str]:
    """A board's name and short name, with the target where the run has several of it, and what a workload may use."""
    target = next((t for t in profile.target if t.id == case.target), None) if profile else None
    sub = ""
    if profile:
        budget = int(target.memory.base) if target and target.memory else profile.budget_bytes
        sub = f"{show_bytes(budget)} for a workload{f', {target.name}' if target else ''}"
        sub = f"generic limit, {sub}" if profile.kind == "generic" else sub
    return (with_target(name, which), with_target(short, which), sub) if which else (name, short, sub)
