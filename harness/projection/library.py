"""The library: published times of ncnn on the CPUs of boards, and what they say of classes and effects."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from harness.projection.kernel import EFFECTS, Point, columns
from harness.projection.posterior import Learned
from harness.projection.work import TERMS, Floats, known_models

RUNTIME = "ncnn"
SOURCE = "Tencent/ncnn benchmark/README.md at a4d2ea1"


@dataclass(frozen=True)
class Row:
    """One published time."""

    device: str
    setting: str
    soc: str
    core: str
    arch: str
    cores: int
    threads: int
    fp16: bool
    peak_gflops: float | None
    model: str
    seconds: float
    line: int


@dataclass(frozen=True)
class Prior:
    """What a fit to the library found: the mean cost of each of ``TERMS`` and the spread of each of ``EFFECTS``."""

    costs: Floats
    """In ms for a GFLOP or a GB at a peak of 1 GFLOP/s; only their ratios matter, the level is an effect."""
    spread: Floats

    def shares(self, work: Floats) -> Floats:
        """Shares of the time by class; the two kinds of matrix product count as one."""
        times = np.asarray(work) * self.costs
        merged = np.concatenate([times[:5], [times[5] + times[6]], times[7:]])
        return np.asarray(merged / merged.sum())

    def base(self, work: Floats) -> float:
        """Log of the time at the mean costs."""
        return float(np.log(np.asarray(work) @ self.costs))


CLASSES = ("conv1x1", "conv3x3", "conv_other", "dwconv", "gconv", "matrix", "weights", "activations")
"""What ``Prior.shares`` counts, in its order."""


@cache
def rows() -> tuple[Row, ...]:
    """All rows of the library."""
    text = files("harness.projection").joinpath("data/ncnn_cpu.csv").read_text()
    return tuple(row(line) for line in csv.DictReader(text.splitlines()))


def row(line: Mapping[str, str]) -> Row:
    """A line of the library's file."""
    return Row(
        device=line["device"],
        setting=line["setting"],
        soc=line["soc"],
        core=line["core"],
        arch=line["arch"],
        cores=int(line["cores"]),
        threads=int(line["threads"]),
        fp16=line["fp16"] == "1",
        peak_gflops=float(line["peak_gflops"]) if line["peak_gflops"] else None,
        model=line["model"],
        seconds=float(line["latency_ms"]) / 1e3,
        line=int(line["line"]),
    )


@cache
def prior() -> Prior:
    """The prior that comes with this version."""
    data = json.loads(files("harness.projection").joinpath("data/prior.json").read_text())
    costs = np.array([data["costs"][name] for name in TERMS])
    return Prior(costs, np.array([data["spread"][name] for name in EFFECTS]))


def point(found: Row, prior: Prior) -> Point:
    """A row as a point."""
    work = np.array(known_models()[found.model])
    return Point(
        shares=prior.shares(work),
        base=prior.base(work),
        model=found.model,
        setting=f"{found.device} {found.setting}",
        board=found.device,
        chip=found.soc,
        core=found.core,
        arch=found.arch,
        runtime=RUNTIME,
        cores=found.cores,
        fp16=found.fp16,
        peak=found.peak_gflops,
    )


@cache
def learned() -> Learned:
    """All rows, worked through with the prior that comes with this version. Takes a quarter of a second once."""
    known = prior()
    points = [point(found, known) for found in rows()]
    return Learned.of(columns(points), observed(rows(), points), known.spread)


@cache
def blocks() -> dict[str, tuple[Row, ...]]:
    """The rows by device and setting."""
    found: dict[str, list[Row]] = {}
    for member in rows():
        found.setdefault(f"{member.device} {member.setting}", []).append(member)
    return {name: tuple(members) for name, members in found.items()}


@cache
def settings_of() -> dict[tuple[str, float], tuple[str, ...]]:
    """The names of ``blocks`` that hold a model's time, by both (seconds rounded to 1 ns)."""
    found: dict[tuple[str, float], tuple[str, ...]] = {}
    for name, members in blocks().items():
        for member in members:
            key = member.model, round(member.seconds, 9)
            found[key] = (*found.get(key, ()), name)
    return found


def observed(chosen: Sequence[Row], points: Sequence[Point]) -> Floats:
    """The modelled quantity of each row."""
    return np.array([p.observed(r.seconds) for r, p in zip(chosen, points, strict=True)])
