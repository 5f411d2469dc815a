"""What of a tier no limit reaches: its instruction set, clock, bandwidth and accelerators, each as its profile has it.

Also what the plan saw to: data types and runtimes that the profile states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness import tiers
from harness.model.profile import Cluster, Figure, HardwareProfile, Npu, Target
from harness.model.record import Record
from harness.view.report import LimitSet

NOT_STATED = "not stated"
OWN = "this host's own"


def not_imitated(profile: HardwareProfile, target: Target, records: Sequence[Record], machine: str) -> list[LimitSet]:
    """Rows of the table of limits; ``records`` ran on the tier, ``machine`` is this host's architecture."""
    cases = [r.trial.case for r in records]
    return [
        _planned("data types", target.dtypes, [c.dtype for c in cases]),
        _planned("runtimes", target.runtimes, [c.runtime for c in cases]),
        *(_row(*parts) for parts in _hardware(profile, target, _instructions(records, machine))),
    ]


def _planned(what: str, stated: Sequence[str], tried: Iterable[str]) -> LimitSet:
    """Cases outside of what is stated were left out of the plan; where nothing is, none was."""
    given = ", ".join(dict.fromkeys(tried))
    if stated:
        return LimitSet(what, ", ".join(stated), given, "plan", "enforced", True, "")
    note = f"no {what} are stated, so none was refused"
    return LimitSet(what, NOT_STATED, given, "–", "nothing to enforce", False, note, expected=True)


def _hardware(profile: HardwareProfile, target: Target, instructions: str) -> Iterator[tuple[str, str, str]]:
    yield "instruction set", ", ".join(target.isa) or NOT_STATED, instructions
    yield "clock", _clocks(target.clusters), OWN
    yield "memory bandwidth", _bandwidth(profile, target), OWN
    if target.device == "gpu" and tiers.multiprocessors(target) is None:
        yield "GPU multiprocessors", NOT_STATED, OWN
    for npu in profile.npu:
        yield "accelerator", _npu(npu), "none"
    for name, stated in (("power mode", profile.power_mode), ("cooling", profile.cooling)):
        if stated:
            yield name, stated, OWN


def _row(what: str, asked: str, given: str) -> LimitSet:
    return LimitSet(what, asked, given, "–", "not imitated", False, "", expected=True)


def _instructions(records: Sequence[Record], machine: str) -> str:
    used = dict.fromkeys(r.facts["cpu_capability"] for r in records if r.facts.get("cpu_capability"))
    return f"{machine} ({', '.join(used)})" if used else machine


def _clocks(clusters: Sequence[Cluster]) -> str:
    found = [(c.name, _shown(c.clock)) for c in clusters if c.clock]
    several = len(found) > 1
    return ", ".join(f"{name} {clock}" if several else clock for name, clock in found) or NOT_STATED


def _bandwidth(profile: HardwareProfile, target: Target) -> str:
    """That of the memory the target computes from, by data sheet where there is one."""
    own = [target.bandwidth_peak, target.bandwidth_copy]
    board = [profile.memory.bandwidth_peak, profile.memory.bandwidth_copy, profile.memory.bandwidth_copy_1t]
    figures = own if target.memory else [*own, *board]
    return next((_shown(figure) for figure in figures if figure), NOT_STATED)


def _npu(npu: Npu) -> str:
    return f"{npu.name}, {_shown(npu.peak_int8)}{' (sparse)' if npu.sparse else ''}" if npu.peak_int8 else npu.name


def _shown(figure: Figure | None) -> str:
    return f"{figure.value:g} {figure.unit}" if figure else NOT_STATED
