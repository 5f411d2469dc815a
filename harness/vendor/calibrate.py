"""On the board: the published models and the primitives in each installed runtime, as anchors of its profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from harness import __version__, api, plan, selection
from harness.engine import Stop
from harness.errors import MachineError, UserError
from harness.model.estimate import NotProjected
from harness.model.events import EngineEvent, Notice
from harness.model.machine import Capabilities
from harness.model.profile import Accuracy, Anchors, Figure, HardwareProfile, Target
from harness.model.units import show_percent
from harness.projection.accuracy import leave_one_out, stated
from harness.vendor import gathering, profile_file
from harness.vendor.anchor_models import COPY, MODELS, PRODUCT, QUICK_PACE, Chosen, choose, pace
from harness.vendor.gathering import Gathered
from harness.vendor.importing import configuration

_BY_MODEL = ("values", "spread", "samples")
Emit = Callable[[EngineEvent], None]


class Asked(Struct, frozen=True):
    """What to calibrate and how long. Empty ``runtimes`` or ``matching``: all there are."""

    target: str = "cpu"
    runtimes: tuple[str, ...] = ()
    matching: tuple[str, ...] = ()
    minutes: float = 10.0
    quick: bool = False
    include: tuple[Path, ...] = ()
    threads: tuple[int, ...] = ()
    """Empty: 1 and all cores."""
    primitives: bool = True


class Measured(Struct, frozen=True):
    """What a calibration found, by number of threads; ``models``: workload -> model, ``versions`` by runtime."""

    by_threads: dict[int, Gathered]
    models: dict[str, str]
    versions: dict[str, str]
    complete: bool = True

    @property
    def anchors(self) -> list[tuple[str, Anchors]]:
        """Groups with the kind of device that they ran on."""
        return [
            group
            for threads, found in self.by_threads.items()
            for group in gathering.anchors(found, self.models, threads, self.versions)
            if group[0] == "cpu" or threads > 1 or len(self.by_threads) == 1
        ]


def measure(asked: Asked, dtypes: Sequence[str], emit: Emit, stop: Stop) -> Measured:
    """Run it, at one thread and on all cores. ``dtypes``: that the target computes in. Raises UserError."""
    caps = selection.capabilities()
    versions = _versions(caps, asked.runtimes)
    chosen = choose(asked.matching, asked.include, asked.primitives)
    settings = _settings(asked, chosen, tuple(versions), dtypes, caps)
    found: dict[int, Gathered] = {}
    complete = True
    for name in _absent(chosen, asked):
        emit(Notice(f"no suite here has {name}"))
    for threads in asked.threads or _thread_counts(caps):
        handle = api.execute(
            _selection(asked, chosen, tuple(versions), dtypes), replace(settings, threads=threads), emit=emit, stop=stop
        )
        found[threads] = gathering.gather(handle.data)
        for note in (f"run kept in {handle.path}", *found[threads].notes):
            emit(Notice(f"at {said_threads(threads)}: {note}"))
        complete = complete and handle.complete
    made = Measured(found, {ref.id: name for name, ref in chosen.models.items()}, versions, complete)
    if not made.anchors:
        raise MachineError(
            "no time is valid: nothing is written", hint="stop what else runs here, see tierbench doctor"
        )
    return made


def _versions(caps: Capabilities, wanted: Sequence[str]) -> dict[str, str]:
    """The runtimes that work on this CPU, and their versions. Raises UserError where a wanted one does not."""
    states = {state.id: state for state in caps.runtimes if state.device == "cpu" and state.id != "python"}
    for name in wanted:
        if name not in states:
            raise UserError(f"no runtime is called {name!r}", hint="known: " + ", ".join(states))
        if states[name].reason:
            raise UserError(f"the runtime {name} cannot be used here: {states[name].reason}")
    usable = {name: state.version for name, state in states.items() if state.reason is None}
    if not usable:
        reasons = "; ".join(f"{name}: {state.reason}" for name, state in states.items())
        raise UserError(f"no runtime works here ({reasons})")
    return {name: version for name, version in usable.items() if not wanted or name in wanted}


def _selection(asked: Asked, chosen: Chosen, runtimes: Sequence[str], dtypes: Sequence[str]) -> selection.Selection:
    half = ("float16",) if "float16" in dtypes and "ncnn" in runtimes else ()
    return selection.Selection(chosen.ids, runtimes=tuple(runtimes), dtypes=("float32", *half), include=asked.include)


def _settings(
    asked: Asked, chosen: Chosen, runtimes: Sequence[str], dtypes: Sequence[str], caps: Capabilities
) -> plan.Settings:
    base = plan.Settings(processes=1, time_only=True)
    if asked.quick:
        return replace(base, timing=QUICK_PACE)
    planned, *_ = selection.make_plan(_selection(asked, chosen, runtimes, dtypes), base, caps)
    return pace(len(planned.trials) * len(asked.threads or _thread_counts(caps)), asked.minutes, base)


def _thread_counts(caps: Capabilities) -> tuple[int, ...]:
    return (1, caps.cores) if caps.cores > 1 else (1,)


def _absent(chosen: Chosen, asked: Asked) -> list[str]:
    return [] if asked.matching else [name for name in MODELS if name not in chosen.models]


def said_threads(threads: int) -> str:
    """``1 thread``, ``4 threads``."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def put(text: str, found: Measured, profile: HardwareProfile, asked: Asked, file: Path) -> tuple[str, list[str]]:
    """The profile's text with anchors, figures and the error of projections from them; what is to be said. Pure."""
    target = target_of(profile, asked.target, file)
    text = _figures(text, found, profile, target)
    said = []
    for device, group in found.anchors:
        own = target if device == target.device else next((t for t in profile.target if t.device == device), None)
        if own is None:
            said.append(f"left out: {group.runtime} on the {device}: the profile has no such target")
            continue
        fresh, stated_already = _not_stated(group, own)
        said += stated_already
        if fresh.values:
            text = profile_file.put_groups(text, own.id, "anchors", [fresh], _same(fresh))
    return _with_accuracy(text, found, asked, file, said)


def _not_stated(group: Anchors, target: Target) -> tuple[Anchors, list[str]]:
    """The group without models that the target has from elsewhere in the same configuration; sentences on those."""
    others = [a for a in target.anchors if a.source != gathering.SOURCE and configuration(a) == configuration(group)]
    known = {model: other.source for other in others for model in other.values if model in group.values}
    said = [f"{model} in {group.runtime} {group.dtype} is kept as it stands, from {known[model]}" for model in known]
    kept = {name: {m: v for m, v in getattr(group, name).items() if m not in known} for name in _BY_MODEL}
    return replace(group, **kept), said


def target_of(profile: HardwareProfile, name: str, file: Path) -> Target:
    """The CPU target of that name. Raises UserError."""
    known = {target.id: target for target in profile.target if target.device == "cpu"}
    if name not in known:
        what = f"the profile has no CPU target called {name!r}"
        raise UserError(what, where=str(file), hint="it has " + (", ".join(known) or "none"))
    return known[name]


def _same(new: Anchors) -> Callable[[Anchors], bool]:
    """Anchors of an earlier calibration in the same setting, whatever its version: they are measured anew."""
    setting = (new.runtime, new.dtype, new.threads)
    return lambda old: old.source == gathering.SOURCE and (old.runtime, old.dtype, old.threads) == setting


def _figures(text: str, found: Measured, profile: HardwareProfile, target: Target) -> str:
    """Copy bandwidth, speed-up, operations per cycle: where nothing states them, or an earlier calibration does."""
    for threads, gathered in found.by_threads.items():
        copied = next((t for k, t in gathered.times.items() if k[0] == "cpu" and k[3].startswith(f"{COPY}[")), None)
        name = "bandwidth_copy_1t" if threads == 1 else "bandwidth_copy"
        if copied is not None and copied.items and _is_ours(getattr(profile.memory, name)):
            text = profile_file.put_figure(text, ("memory", name), gathering.copy_bandwidth(copied, threads))
    most = max(found.by_threads)
    if most > 1 and _is_ours(target.thread_speedup):
        sped = gathering.speedup(found.by_threads[1], found.by_threads[most], found.models, most)
        text = profile_file.put_figure(text, ("thread_speedup",), sped, target.id) if sped else text
    return _operations(text, found, target)


def _is_ours(figure: Figure | None) -> bool:
    """Whether a figure may be put in: it is not there, or was put there by an earlier calibration."""
    return figure is None or gathering.SOURCE in figure.source


def _operations(text: str, found: Measured, target: Target) -> str:
    """Of a single kind of cores whose clock is known, where no peak is stated: the rate of products over it."""
    single = found.by_threads.get(1, gathering.Gathered({}, ()))
    names = {key[3] for key in single.times if key[3].startswith(f"{PRODUCT}[")}
    rates = [rate for name in names if (rate := gathering.product_rate(single, name))]
    if len(target.clusters) != 1 or target.peak_fp32 is not None or not rates:
        return text
    (cluster,) = target.clusters
    if cluster.clock is None or not _is_ours(cluster.flop_per_cycle_fp32):
        return text
    source = f"float32 products on 1 thread over the clock: {gathering.SOURCE}"
    note = f"{max(rates) / 1e9:.1f} GFLOP/s reached by the best runtime: what was reached, no data sheet's peak"
    made = gathering.figure(max(rates) / cluster.clock.base, "FLOP/cycle", "computed", source, note)
    return profile_file.put_figure(text, ("clusters", 0, "flop_per_cycle_fp32"), made, target.id)


def _with_accuracy(text: str, found: Measured, asked: Asked, file: Path, said: list[str]) -> tuple[str, list[str]]:
    profile = profile_file.sound(text, file)
    target = target_of(profile, asked.target, file)
    for device, group in found.anchors:
        if device != "cpu":
            continue
        where = f"{group.runtime} {group.dtype} at {said_threads(group.threads)}"
        pairs = leave_one_out(profile, target, group.runtime, group.dtype, group.threads)
        if isinstance(pairs, NotProjected):
            said.append(f"{where}: {len(group.values)} models; no error: {pairs.reason}")
            continue
        own = stated(
            pairs, group.runtime, group.dtype, group.threads, "leave-one-anchor-out", gathering.today(), __version__
        )
        text = profile_file.put_groups(text, target.id, "accuracy", [own], again(own))
        errors = f"{show_percent(own.median_error)} off in the middle, {show_percent(own.worst_error)} at worst"
        said.append(f"{where}: {len(group.values)} models; each projected from the other anchors: {errors}")
    return text, said


def again(new: Accuracy) -> Callable[[Accuracy], bool]:
    """Whether an accuracy of the file is of the same setting, found by the same method."""
    key = (new.runtime, new.dtype, new.threads, new.method)
    return lambda old: (old.runtime, old.dtype, old.threads, old.method) == key


def calibrate(asked: Asked, into: Path | None, emit: Emit, stop: Stop) -> tuple[str, bool]:
    """Measure, and write ``into`` a profile; what to show, and whether all was run. Raises UserError."""
    profile = profile_file.load(into) if into is not None else None
    dtypes = target_of(profile, asked.target, into).dtypes if profile is not None and into is not None else ()
    found = measure(asked, dtypes, emit, stop)
    if profile is None or into is None:
        return profile_file.as_toml(group for _, group in found.anchors), found.complete
    text, said = put(profile_file.text_of(into), found, profile, asked, into)
    profile_file.write(text, into)
    return "".join(f"{into}: {line}\n" for line in said), found.complete
