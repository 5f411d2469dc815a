"""What to run, and the plan for it on this machine: workloads, profiles and runtimes by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import collect, content, host, limits, meters, network, plan, profiles, runtimes
from harness.errors import UnknownName, UserError
from harness.model.case import HOST, Device, Plan, WorkloadRef
from harness.model.machine import Capabilities, RuntimeState
from harness.model.measure import Finding
from harness.model.profile import HardwareProfile
from harness.model.workload import DTYPES

DEVICES: tuple[Device, ...] = ("cpu", "gpu")


@dataclass(frozen=True)
class Selection:
    """What to run. Empty ``workloads`` and ``matching`` select all; ``matching`` are parts of a workload's id."""

    workloads: tuple[str, ...] = ()
    matching: tuple[str, ...] = ()
    profiles: tuple[str, ...] = (HOST,)
    runtimes: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    """Empty ``runtimes`` or ``dtypes``: each workload's default."""
    quick: bool = False
    include: tuple[Path, ...] = ()
    links: tuple[str, ...] = ()
    """How tiers are reached, as ``network.attach`` reads it."""


def capabilities() -> Capabilities:
    """What this machine can measure and enforce, probed now."""
    return host.capabilities(means=limits.states(), meters=meters.states(), runtimes=runtime_states())


def runtime_states() -> tuple[RuntimeState, ...]:
    """Each known runtime on each kind of device, and why it cannot be used here."""
    states = []
    for name in runtimes.known():
        runtime = runtimes.get(name)
        for device in DEVICES:
            reason = runtime.unavailable(device, "float32")
            version = runtime.version() if reason is None else ""
            refused = {} if reason is not None else _refused(runtime, device)
            states.append(RuntimeState(name, device, reason, version, refused))
    return tuple(states)


def _refused(runtime: runtimes.Runtime, device: Device) -> dict[str, str]:
    reasons = {dtype: runtime.unavailable(device, dtype) for dtype in DTYPES}
    return {dtype: reason for dtype, reason in reasons.items() if reason is not None}


def known_profiles(include: Sequence[Path] = (), caps: Capabilities | None = None) -> list[HardwareProfile]:
    """All profiles on the search path and, where ``caps`` is given, this host's own first."""
    own = [profiles.host_profile(caps)] if caps is not None else []
    return own + list(profiles.load_all(content.search_path(include)))


def select(selection: Selection) -> tuple[list[plan.Selected], list[Finding]]:
    """The selected workloads with what to try them in, and what was noticed. Raises UserError where nothing matches."""
    path = content.search_path(selection.include)
    suites = collect.load_all(path)
    findings = [
        *path.findings("suites"),
        *path.findings("hardware_profiles"),
        *(f for suite in suites for f in suite.findings),
    ]
    chosen: list[plan.Selected] = []
    for suite in suites:
        refs = collect.quick_references(suite) if selection.quick else collect.references(suite)
        kinds = {kind.name: kind for kind in suite.workloads}
        for ref in filter(lambda ref: _is_wanted(ref, selection), refs):
            kind = kinds[ref.name]
            wanted = selection.runtimes or kind.runtimes[:1], selection.dtypes or kind.dtypes[:1]
            chosen.append(plan.Selected(ref, *wanted, kind.runtimes, kind.dtypes))
    _complain_if_unmatched(chosen, suites, selection)
    return chosen, findings


def shipped(selection: Selection) -> list[plan.Selected]:
    """Every point of the workloads that are selected."""
    chosen, _ = select(selection)
    names = tuple(dict.fromkeys(f"{c.ref.suite}/{c.ref.name}" for c in chosen))
    return select(Selection(names, include=selection.include))[0]


def at_first_point(selection: Selection) -> Selection:
    """The selection narrowed to quick points, unless it names points or its workloads have none."""
    quick = replace(selection, quick=True)
    if any("[" in name for name in selection.workloads):
        return selection
    path = content.search_path(selection.include)
    refs = [ref for suite in collect.load_all(path) for ref in collect.quick_references(suite)]
    return quick if any(_is_wanted(ref, selection) for ref in refs) else selection


def _is_wanted(ref: WorkloadRef, selection: Selection) -> bool:
    named = not selection.workloads or {ref.suite, ref.name, f"{ref.suite}/{ref.name}", ref.id} & {*selection.workloads}
    matched = not selection.matching or any(part.lower() in ref.id.lower() for part in selection.matching)
    return bool(named) and matched


def _complain_if_unmatched(chosen: list[plan.Selected], suites: list[collect.Suite], selection: Selection) -> None:
    known = [s.name for s in suites] + [f"{s.name}/{w.name}" for s in suites for w in s.workloads]
    refs = [choice.ref for choice in chosen]
    for name in selection.workloads:
        if not any(name in {r.suite, r.name, f"{r.suite}/{r.name}", r.id} for r in refs) and name not in known:
            raise UnknownName("suite or workload", name, known)
    if not chosen:
        asked = ", ".join((*selection.workloads, *(f"-k {part}" for part in selection.matching)))
        what = f"no workload matches {asked or 'the selection'}"
        raise UserError(
            what + (" in the quick selection" if selection.quick else ""), hint="see `tierbench list suites`"
        )


def resolve_profiles(
    names: Sequence[str], include: Sequence[Path], caps: Capabilities
) -> tuple[list[HardwareProfile], list[str]]:
    """The profiles that ``names`` mean, each once, and what was said of aliases. Raises UnknownName."""
    known = known_profiles(include, caps)
    resolved = [profiles.resolve(name, known) for name in names]
    unique = {r.profile.id: r.profile for r in resolved}
    return list(unique.values()), [r.said for r in resolved if r.said]


def make_plan(
    selection: Selection, settings: plan.Settings, caps: Capabilities
) -> tuple[Plan, list[HardwareProfile], list[Finding], list[str]]:
    """The plan of a selection on this machine, its profiles, findings, and sentences for the user."""
    chosen, findings = select(selection)
    tiers, said = resolve_profiles(selection.profiles, selection.include, caps)
    tiers = network.attach(tiers, selection.links)
    unknown = [name for name in selection.runtimes if name not in runtimes.known()]
    if unknown:
        raise UnknownName("runtime", unknown[0], runtimes.known())
    return plan.make(chosen, tiers, caps, settings), tiers, findings, said
