"""What a calibration found, put into a profile's text: anchors, figures, and the error of projections. Pure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from harness import __version__
from harness.errors import UserError
from harness.model.estimate import NotProjected
from harness.model.profile import Accuracy, Anchors, Figure, HardwareProfile, Target
from harness.model.units import show_percent
from harness.projection.accuracy import leave_one_out, stated
from harness.vendor import gathering, profile_file
from harness.vendor.anchor_models import COPY, PRODUCT
from harness.vendor.gathering import Measured
from harness.vendor.importing import configuration

_BY_MODEL = ("values", "spread", "samples")


def put(text: str, found: Measured, profile: HardwareProfile, target_id: str, file: Path) -> tuple[str, list[str]]:
    """The profile's text with anchors, figures and the error of projections from them; what is to be said. Pure."""
    target = target_of(profile, target_id, file)
    text = _figures(text, found, profile, target)
    said = []
    for device, group in found.groups:
        own = target if device == target.device else next((t for t in profile.target if t.device == device), None)
        if own is None:
            said.append(f"left out: {group.runtime} on the {device}: the profile has no such target")
            continue
        fresh, stated_already = _not_stated(group, own)
        said += stated_already
        if fresh.values:
            text = profile_file.put_groups(text, own.id, "anchors", [fresh], _same(fresh))
    return _with_accuracy(text, found, target_id, file, said)


def _not_stated(group: Anchors, target: Target) -> tuple[Anchors, list[str]]:
    """The group without models that the target has from elsewhere in the same configuration; sentences on those."""
    others = [a for a in target.anchors if a.source != gathering.SOURCE and configuration(a) == configuration(group)]
    known = {model: other.source for other in others for model in other.values if model in group.values}
    said = [f"{model} in {group.runtime} {group.dtype} is kept as it stands, from {known[model]}" for model in known]
    kept = {name: {m: v for m, v in getattr(group, name).items() if m not in known} for name in _BY_MODEL}
    return replace(group, **kept), said


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


def _with_accuracy(text: str, found: Measured, target_id: str, file: Path, said: list[str]) -> tuple[str, list[str]]:
    profile = profile_file.sound(text, file)
    target = target_of(profile, target_id, file)
    for device, group in found.groups:
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


def target_of(profile: HardwareProfile, name: str, file: Path) -> Target:
    """The CPU target of that name. Raises UserError."""
    known = {target.id: target for target in profile.target if target.device == "cpu"}
    if name not in known:
        what = f"the profile has no CPU target called {name!r}"
        raise UserError(what, where=str(file), hint="it has " + (", ".join(known) or "none"))
    return known[name]


def said_threads(threads: int) -> str:
    """``1 thread``, ``4 threads``."""
    return "1 thread" if threads == 1 else f"{threads} threads"
