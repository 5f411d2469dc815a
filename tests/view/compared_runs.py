"""Pairs of runs for the tests of what changed. Their figures are invented, their shape is real."""

from __future__ import annotations

import random
from dataclasses import replace as with_fields
from functools import cache

from msgspec.structs import replace
from sample_runs import SMALL, Work, _drawn, boards, make_run

from harness.compare import Comparisons, compare
from harness.model.record import Run
from harness.model.units import MIB

WORKS = (*SMALL, Work("resnet50", seconds=0.02, weights=98 * MIB), Work("whisper", "audio", 0.5, 150 * MIB),
         Work("yolov8n", "detection", 0.03, 12 * MIB))  # fmt: skip
FACTORS = {"vit-b16": 1.14, "whisper": 0.8}
"""What of its time each takes in the second run."""
FAMILIES = ("vision", "language", "audio", "series", "detection", "diffusion")


def as_baseline(run: Run) -> Run:
    """The run as one of the day before, of another commit."""
    environment = replace(run.manifest.environment, git_commit="9f8e7d6c5b4a")
    created = "2026-11-22T02:13:00+00:00"
    manifest = replace(
        run.manifest, run_id="2026-11-22T021300-dead", created=created, command=("x",), environment=environment
    )
    return replace(run, manifest=manifest)


def elsewhere(run: Run) -> Run:
    """The run as it would have been made on another machine."""
    environment = replace(run.manifest.environment, fingerprint="other", cpu="Another CPU")
    return replace(run, manifest=replace(run.manifest, environment=environment))


def changed(work: Work) -> Work:
    """The work in the second run: slower or faster, and one needs more memory."""
    weights = 150 * MIB if work.name == "yolov8n" else work.weights
    return with_fields(work, seconds=work.seconds * FACTORS.get(work.name, 1), weights=weights)


@cache
def pair(*, gpu: bool = False, processes: int = 5) -> tuple[Run, Run]:
    """A baseline and a run in which one workload is slower, one faster, and one stops to fit a board."""
    return pair_of(WORKS, gpu=gpu, processes=processes)


def pair_of(works: tuple[Work, ...], *, gpu: bool, processes: int = 5) -> tuple[Run, Run]:
    """As ``pair``, of other workloads."""
    asked = {"gpu": gpu, "energy": gpu, "processes": processes}
    after = make_run([changed(w) for w in works], **asked, seed=1)  # type: ignore[arg-type]
    return as_baseline(make_run(works, **asked)), after  # type: ignore[arg-type]


def large(workloads: int, tiers: int, *, processes: int = 5) -> tuple[Run, Run]:
    """``workloads`` x ``tiers``, the host and its GPU among them; each 23rd is slower, each 40th needs more memory."""
    works = [_drawn(random.Random(k), k, FAMILIES[k * len(FAMILIES) // workloads], 10) for k in range(workloads)]
    grown = [_grown(k, work) for k, work in enumerate(works)]
    runs = [
        make_run(some, boards(tiers - 2), gpu=True, energy=True, processes=processes, seed=seed)
        for seed, some in enumerate((works, grown))
    ]
    return as_baseline(runs[0]), runs[1]


def _grown(k: int, work: Work) -> Work:
    seconds, weights = work.seconds * (1.2 if k % 23 == 0 else 1), work.weights * (1.3 if k % 40 == 3 else 1)
    return with_fields(work, seconds=seconds, weights=int(weights))


def compared(runs: tuple[Run, Run], **asked: object) -> tuple[Run, Comparisons]:
    """The second run, and what changed since the first: what ``view.build`` takes."""
    return runs[1], compare(*runs, **asked)  # type: ignore[arg-type]
