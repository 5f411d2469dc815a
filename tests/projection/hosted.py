"""End to end: networks measured on this machine in ncnn and ONNX Runtime, projected onto boards, against their times.

Only ncnn's times are published for boards, so ONNX Runtime's projections are held against ncnn's times too, and say so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cache
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from msgspec.structs import replace

from harness import api, plan
from harness.model.case import HOST
from harness.model.estimate import Estimate
from harness.model.profile import Anchors, HardwareProfile, Target
from harness.model.record import Run
from harness.model.units import to_base
from harness.projection import library
from harness.projection.kernel import columns
from harness.projection.posterior import Learned
from harness.projection.run import estimates
from harness.selection import Selection
from tests.projection.summary import Line, of_errors

BEST = ("mobilenet_v2", "resnet18", "googlenet", "shufflenet_v2", "alexnet")
BOARDS = {
    "raspberry-pi-4b-4gb": "Raspberry Pi 4",
    "raspberry-pi-5-4gb": "Raspberry Pi 5",
    "jetson-nano-4gb": "NVIDIA Jetson Nano",
    "raspberry-pi-zero-2w": "Raspberry Pi Zero 2",
    "jetson-orin-nano-8gb": "NVIDIA Jetson Orin Nano",
}
"""What the names of each board's devices in the published tables begin with."""
NINETY = 1.6449


def measured() -> tuple[str, dict[str, list[Line]]]:
    """A sentence on the machine, and tables by runtime. Takes minutes."""
    run = _run()
    machine = run.manifest.environment
    said = f"On {machine.cpu}, one thread, torch {machine.packages['torch']}: {_count(run)} networks of `published`."
    return said, {runtime: _lines(run, runtime) for runtime in ("ncnn", "onnxruntime")}


def _run() -> Run:
    """The features role of every network in both runtimes; no other trial."""
    settings = replace(plan.QUICK, only=("features",))
    selection = Selection(("published",), profiles=(HOST, *BOARDS), runtimes=("ncnn", "onnxruntime"), quick=False)
    with TemporaryDirectory(prefix="tierbench-validate-") as folder:
        return api.execute(selection, settings, Path(folder) / "run", emit=lambda event: click.echo(".", nl=False)).data


def _count(run: Run) -> int:
    return len({r.trial.case.workload.id for r in run.records if r.features is not None})


def _lines(run: Run, runtime: str) -> list[Line]:
    found = []
    for label, kept in (("0 anchors", ()), (f"{len(BEST)} anchors", BEST)):
        errors = list(_errors(run, runtime, kept))
        line = of_errors(label, [abs(ratio - 1) for ratio, _ in errors])
        held = sum(within for _, within in errors) / len(errors)
        found.append(dataclasses.replace(line, coverage=held))
    return found


def _errors(run: Run, runtime: str, kept: Sequence[str]) -> Iterator[tuple[float, bool]]:
    """Projected over published for each network that is no anchor, and whether the interval holds it."""
    for profile in (p for p in run.manifest.profiles if p.id in BOARDS):
        yield from _of_board(run, runtime, profile, kept)


def _of_board(run: Run, runtime: str, profile: HardwareProfile, kept: Sequence[str]) -> Iterator[tuple[float, bool]]:
    lean = Run(replace(run.manifest, profiles=(_with_anchors(profile, kept),)), run.records)
    made, truths = estimates(lean, _without(BOARDS[profile.id])), _published(profile)
    for case in (c for c in run.manifest.plan.cases if c.profile == profile.id):
        estimate, truth = made.get(case.id), truths.get(case.workload.name)
        if case.runtime != runtime or case.workload.name in kept or truth is None or not isinstance(estimate, Estimate):
            continue
        off = log(estimate.seconds / truth)
        yield estimate.seconds / truth, abs(off) <= NINETY * (estimate.deviation or 0.0)


@cache
def _without(device: str) -> Learned:
    """The library without the devices whose names begin so."""
    rows = [row for row in library.rows() if not row.device.startswith(device)]
    points = [library.point(row, library.prior()) for row in rows]
    return Learned.of(columns(points), library.observed(rows, points), library.prior().spread)


def _with_anchors(profile: HardwareProfile, kept: Sequence[str]) -> HardwareProfile:
    return replace(profile, target=tuple(_lean(target, kept) for target in profile.target))


def _lean(target: Target, kept: Sequence[str]) -> Target:
    groups = [replace(a, values={m: v for m, v in a.values.items() if m in kept}) for a in target.anchors if _same(a)]
    return replace(target, anchors=tuple(a for a in groups if a.values))


def _same(group: Anchors) -> bool:
    return group.metric == "latency" and group.runtime == "ncnn" and group.dtype == "float32"


def _published(profile: HardwareProfile) -> dict[str, float]:
    """Seconds by network, of all cores in float32 on the profile's CPU."""
    for target in profile.target:
        for group in target.anchors:
            if _same(group) and group.threads == target.cores:
                return {model: to_base(value, group.unit) for model, value in group.values.items()}
    return {}
