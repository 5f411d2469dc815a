"""A profile as lines for people: what it is, what stands behind each target, its figures and anchors with sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.model.profile import Accuracy, Anchors, Figure, HardwareProfile, Target
from harness.model.text import plain
from harness.model.units import show_bytes, show_percent
from harness.profiles.calibration import calibration, figures
from harness.profiles.fault import Defect

_KINDS = {"board": "", "generic": "limits only, no board", "host": "this machine"}


def describe(profile: HardwareProfile, notes: Sequence[Defect] = ()) -> list[str]:
    """The whole page. ``notes`` are what the check notes of its file."""
    parts = (
        _head(profile),
        _section("targets", _targets(profile)),
        _section("figures", _figures(profile)),
        _section("anchors", [line for t in profile.target for line in _anchors(t)]),
        _section("accuracy of projections", [line for t in profile.target for line in map(_accuracy, t.accuracy)]),
        _section("notes", [f"  {note.field}: {note.message}" for note in notes]),
    )
    return [plain(line) for part in parts for line in part]


def _head(profile: HardwareProfile) -> list[str]:
    p = profile
    facts = [p.tier, p.soc, p.power_mode and f"power mode {p.power_mode}", p.cooling and f"cooling {p.cooling}"]
    facts += [p.firmware and f"firmware {p.firmware}", p.driver and f"driver {p.driver}", _KINDS[p.kind]]
    facts += [p.contributor and f"by {p.contributor}"]
    return [
        f"{p.name} ({p.id})" + (f", also {', '.join(p.aliases)}" if p.aliases else ""),
        *([p.summary] if p.summary else []),
        ", ".join(fact for fact in facts if fact),
        f"a workload may use {show_bytes(p.budget_bytes)} (usable memory less the system's reserve)",
    ]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _targets(profile: HardwareProfile) -> list[str]:
    lines = []
    for target in profile.target:
        stands = calibration(profile, target)
        lines.append(f"  {target.id}: {target.name} ({target.device})")
        lines.append(f"    {stands.level}: {stands.reason}")
        stated = (("computes in", target.dtypes), ("instructions", target.isa), ("runtimes", target.runtimes))
        lines += [f"    {label} {', '.join(values)}" for label, values in stated if values]
    for npu in profile.npu:
        lines.append(f"  {npu.name}: " + (f"run by {npu.runtime}" if npu.runtime else "declared, no runtime named"))
    return lines


def _figures(profile: HardwareProfile) -> list[str]:
    rows = [(path, _said(figure)) for path, figure in figures(profile) if isinstance(figure, Figure)]
    width = max((len(path) for path, _ in rows), default=0)
    return [f"  {path:<{width}}  {said}" for path, said in rows]


def _said(figure: Figure) -> str:
    scope = f", {figure.scope}" if figure.scope else ""
    return f"{amount(figure)}{scope}  [{_origin(figure)}]"


def amount(figure: Figure) -> str:
    """Value and unit as they stand in the file."""
    return f"{figure.value:g}" if figure.unit == "1" else f"{figure.value:g} {figure.unit}"


def _origin(figure: Figure | Anchors) -> str:
    by = f" by {figure.by}" if figure.by else ""
    note = f"; {figure.note}" if figure.note else ""
    return f"{figure.kind}{by}, {figure.date}; source: {figure.source}{note}"


def _anchors(target: Target) -> Iterator[str]:
    for group in target.anchors:
        metric = "decode rate" if group.metric == "decode_rate" else "latency"
        unknown = group.statistic == "unknown"
        runs = f" of {group.n}" if group.n else ""
        statistic = "" if unknown else f", {group.statistic}{runs}"
        yield f"  {target.id}, {configuration(group)}: {metric} in {group.unit}{statistic}  [{_origin(group)}]"
        yield "    " + ", ".join(f"{model} {value:g}{_spread(group, model)}" for model, value in group.values.items())


def _spread(group: Anchors, model: str) -> str:
    return f" ±{show_percent(group.spread[model])}" if model in group.spread else ""


def configuration(group: Anchors | Accuracy) -> str:
    """What anchors or an accuracy are of: ``ncnn 20240410 float32, 4 threads``."""
    version = getattr(group, "version", "")
    batch = getattr(group, "batch", 1)
    parts = [f"{group.runtime} {version}".strip() + f" {group.dtype}"]
    parts += [f"{group.threads} thread{'' if group.threads == 1 else 's'}"]
    return ", ".join(parts + ([f"batch {batch}"] if batch != 1 else []))


def _accuracy(stated: Accuracy) -> str:
    errors = f"median error {show_percent(stated.median_error)}, worst {show_percent(stated.worst_error)}"
    cases = f"{stated.cases} case{'' if stated.cases == 1 else 's'}"
    found = f"{stated.method}, tierbench {stated.tierbench}, {stated.date}"
    return f"  {configuration(stated)}: {errors} over {cases}  [{found}]"
