"""What to run, and the plan for it on this machine: workloads, profiles and runtimes by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import collect, content, host, limits, meters, network, own, plan, profiles, runtimes
from harness.errors import SeveralErrors, UnknownName, UserError
from harness.model.case import HOST, Device, Plan, WorkloadRef
from harness.model.machine import Capabilities, RuntimeState
from harness.model.measure import Finding
from harness.model.profile import HardwareProfile
from harness.model.workload import DTYPES

DEVICES: tuple[Device, ...] = ("cpu", "gpu")
MODEL_REFUSED = "model-refused"
"""Code of the finding on a model of the user's own that cannot be run while others can."""


@dataclass(frozen=True)
class Selection:
    """What to run. Empty ``workloads`` and ``matching`` select all; ``matching`` are parts of a workload's id."""

    workloads: tuple[str, ...] = ()
    """Suites, workloads and their points by name, and models of the user's own by file, function or folder."""
    matching: tuple[str, ...] = ()
    profiles: tuple[str, ...] = (HOST,)
    runtimes: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    """Empty ``runtimes`` or ``dtypes``: each workload's default."""
    quick: bool = False
    include: tuple[Path, ...] = ()
    links: tuple[str, ...] = ()
    """How tiers are reached, as ``network.attach`` reads it."""
    inputs: tuple[str, ...] = ()
    """Of models of the user's own, as ``own.parse`` reads them."""


def capabilities() -> Capabilities:
    """What this machine can measure and enforce, probed now."""
    return host.capabilities(means=limits.states(), meters=meters.states(), runtimes=runtime_states())


def runtime_states() -> tuple[RuntimeState, ...]:
    """Each known runtime on each kind of device, and why it cannot be used here."""
    return tuple(_state(name, device) for name in runtimes.known() for device in DEVICES)


def _state(name: str, device: Device) -> RuntimeState:
    try:
        runtime = runtimes.get(name)
        reason = runtime.unavailable(device, "float32")
        if reason is not None:
            return RuntimeState(name, device, reason)
        made_of, refused = runtimes.made_of(runtime), _refused(runtime, device)
        return RuntimeState(name, device, None, runtime.version(), refused, made_of)
    except Exception as error:  # a third party's runtime that cannot be loaded is a state, not a crash
        return RuntimeState(name, device, f"the runtime cannot be loaded: {type(error).__name__}: {error}")


def _refused(runtime: runtimes.Runtime, device: Device) -> dict[str, str]:
    reasons = {dtype: runtime.unavailable(device, dtype) for dtype in DTYPES}
    return {dtype: reason for dtype, reason in reasons.items() if reason is not None}


def known_profiles(include: Sequence[Path] = (), caps: Capabilities | None = None) -> list[HardwareProfile]:
    """All profiles on the search path and, where ``caps`` is given, this host's own first."""
    own = [profiles.host_profile(caps)] if caps is not None else []
    return own + list(profiles.load_all(content.search_path(include)))


def select(selection: Selection, memory_bytes: int = 0) -> tuple[list[plan.Selected], list[Finding]]:
    """The selected workloads with what to try them in, and what was noticed. Raises UserError where nothing matches."""
    models, names, refused = own.split(selection.workloads)
    if selection.inputs and not models:
        raise UserError("--input is about a model of your own", hint="name its file, such as model.onnx")
    chosen, complaints = _own(models, selection, memory_bytes)
    refused += complaints
    if refused and not chosen and not names:
        raise SeveralErrors(refused)
    findings = [Finding("error", MODEL_REFUSED, error.line, subject=error.where) for error in refused]
    if names or not selection.workloads:
        found, noticed = _of_suites(replace(selection, workloads=tuple(names)))
        chosen, findings = chosen + found, findings + noticed
    return chosen, findings


def own_models(models: Sequence[own.Given], inputs: Sequence[str]) -> list[own.Chosen]:
    """Workloads of models of the user's own. Raises UserError where one of them cannot be run here."""
    found, refused = own.choose(models, own.parse(inputs), host.capabilities().memory_bytes)
    if refused:
        raise SeveralErrors(refused)
    return found


def _own(
    models: Sequence[own.Given], selection: Selection, memory_bytes: int
) -> tuple[list[plan.Selected], list[UserError]]:
    """Models of the user's own, and why others are refused."""
    found, refused = own.choose(models, own.parse(selection.inputs), memory_bytes, quick=selection.quick)
    wanted = [c for c in found if _matches(c.ref, selection)]
    return [_selected(c.ref, c.runtimes, c.dtypes, selection) for c in wanted], refused


def _selected(
    ref: WorkloadRef, runtimes: tuple[str, ...], dtypes: tuple[str, ...], selection: Selection
) -> plan.Selected:
    return plan.Selected(ref, selection.runtimes or runtimes[:1], selection.dtypes or dtypes[:1], runtimes, dtypes)


def _of_suites(selection: Selection) -> tuple[list[plan.Selected], list[Finding]]:
    path = content.search_path(selection.include)
    suites = collect.load_all(path)
    findings = [
        *path.findings("suites"),
        *path.findings("hardware_profiles"),
        *(f for suite in suites for f in suite.findings),
    ]
    chosen: list[plan.Selected] = []
    for suite in suites:
        refs = _quick(suite, selection) if selection.quick else collect.references(suite)
        kinds = {kind.name: kind for kind in suite.workloads}
        for ref in filter(lambda ref: _is_wanted(ref, selection), refs):
            kind = kinds[ref.name]
            chosen.append(_selected(ref, kind.runtimes, kind.dtypes, selection))
    _complain_if_unmatched(chosen, suites, selection)
    return chosen, findings


def _quick(suite: collect.Suite, selection: Selection) -> list[WorkloadRef]:
    """The quick points, and those that are named."""
    quick = collect.quick_references(suite)
    known = {ref.id for ref in quick}
    return quick + collect.references(suite, lambda ref: ref.id in selection.workloads and ref.id not in known)


def shipped(selection: Selection, memory_bytes: int) -> list[plan.Selected]:
    """Every point of the workloads that are selected; a model of the user's own as it is."""
    chosen, _ = select(selection, memory_bytes)
    models = [choice for choice in chosen if choice.ref.own is not None]
    names = dict.fromkeys(f"{c.ref.suite}/{c.ref.name}" for c in chosen if c.ref.own is None)
    return models + (_of_suites(Selection(tuple(names), include=selection.include))[0] if names else [])


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
    return bool(named) and _matches(ref, selection)


def _matches(ref: WorkloadRef, selection: Selection) -> bool:
    return not selection.matching or any(part.lower() in ref.id.lower() for part in selection.matching)


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
    """The profiles that ``names`` mean, each once, and what was said of aliases. Raises UnknownName.

    Files are read only where a name is not the host's: one that is broken stops no run that does not ask for a board.
    """
    known = [profiles.host_profile(caps)] if {*names} == {HOST} else known_profiles(include, caps)
    resolved = [profiles.resolve(name, known) for name in names]
    unique = {r.profile.id: r.profile for r in resolved}
    return list(unique.values()), [r.said for r in resolved if r.said]


def require_something(planned: Plan) -> None:
    """Raises UserError with the reasons where a plan has nothing to run."""
    if planned.trials:
        return
    reasons = dict.fromkeys(
        f"{skip.case.workload.id} on {skip.case.tier} in {skip.case.runtime}: {skip.reason}" for skip in planned.skips
    )
    raise UserError("nothing to run: " + ("; ".join(reasons) or "nothing matches what was asked for"))


def make_plan(
    selection: Selection, settings: plan.Settings, caps: Capabilities
) -> tuple[Plan, list[HardwareProfile], list[Finding], list[str]]:
    """The plan of a selection on this machine, its profiles, findings, and sentences for the user."""
    chosen, findings = select(selection, caps.memory_bytes)
    tiers, said = resolve_profiles(selection.profiles, selection.include, caps)
    tiers = network.attach(tiers, selection.links)
    unknown = [name for name in selection.runtimes if name not in runtimes.known()]
    if unknown:
        raise UnknownName("runtime", unknown[0], runtimes.known())
    return plan.make(chosen, tiers, caps, settings), tiers, findings, said
