"""The noise floor of a machine: how far equal code differs from itself, by metric, kept for later comparisons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from harness import atomic, stats
from harness.errors import UserError
from harness.model import codec
from harness.model.machine import Environment
from harness.model.measure import LATENCY, STEP_ENERGY, TREE_PEAK
from harness.model.record import Record, Run
from harness.verdict import mean_step

LEAST_PROCESSES = 6
"""Fewer processes say too little of how processes differ."""

THROUGHPUT = "throughput"
_WHERE = (
    (LATENCY.id, "timed", "timing"),
    (THROUGHPUT, "timed", "timing"),
    (TREE_PEAK.id, "trial", "need"),
    (STEP_ENERGY.id, "timed", "energy"),
)


class Floor(Struct, frozen=True):
    """How far two equal halves of ``processes`` may differ, as a fraction, in 95 of 100 comparisons."""

    metric: str
    fraction: float
    processes: int
    workload: str


class Noise(Struct, frozen=True):
    """The floors of one machine, by its fingerprint, under one kernel, Python and tierbench."""

    fingerprint: str
    created: str
    floors: tuple[Floor, ...]
    made_by: str = ""

    def fractions(self) -> dict[str, float]:
        """The largest floor of each metric over the workloads that were tried."""
        found: dict[str, float] = {}
        for floor in self.floors:
            found[floor.metric] = max(floor.fraction, found.get(floor.metric, 0.0))
        return found


def floor_of(medians: Sequence[float]) -> float:
    """How far the halves of ``medians`` may differ, as a fraction: the t interval of their log ratio.

    ``medians`` has one figure a process, all above 0. Raises ValueError with fewer than ``LEAST_PROCESSES``.
    """
    if len(medians) < LEAST_PROCESSES:
        raise ValueError(f"at least {LEAST_PROCESSES} processes are needed, not {len(medians)}")
    logs = [math.log(m) for m in medians]
    centre = math.fsum(logs) / len(logs)
    deviation = math.sqrt(math.fsum((v - centre) ** 2 for v in logs) / (len(logs) - 1))
    half = len(logs) // 2
    return math.expm1(stats.t_quantile(0.95, len(logs) - 1) * deviation * math.sqrt(2 / half))


def measure(run: Run) -> Noise:
    """The floors that a run of equal processes shows. Raises UserError where it has too few."""
    floors = [floor for metric, stage, role in _WHERE for floor in _floors(run, metric, stage, role)]
    if not floors:
        raise UserError(f"the noise floor needs at least {LEAST_PROCESSES} processes that ended well")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    environment = run.manifest.environment
    return Noise(environment.fingerprint, now, tuple(floors), made_by(environment))


def made_by(environment: Environment) -> str:
    """What else than the machine makes equal code differ from itself."""
    return f"{environment.kernel}, Python {environment.python}, tierbench {environment.tierbench}"


def _floors(run: Run, metric: str, stage: str, role: str) -> list[Floor]:
    works: dict[str, list[float]] = {}
    for record in run.records:
        figure = _figure(record, metric, stage) if record.trial.role == role else None
        if figure:
            works.setdefault(record.trial.case.workload.id, []).append(figure)
    enough = {work: figures for work, figures in works.items() if len(figures) >= LEAST_PROCESSES}
    return [Floor(metric, floor_of(figures), len(figures), work) for work, figures in enough.items()]


def _figure(record: Record, metric: str, stage: str) -> float | None:
    """Of a process: the median of its samples; of throughput the time that passed a step, whose ratio is the same."""
    if metric == THROUGHPUT:
        return mean_step(record)
    found = record.find(metric, stage)
    return stats.median(found.values) if found is not None and found.values else None


def _file(cache: Path, fingerprint: str) -> Path:
    return cache / "noise" / f"{fingerprint}.json"


def save(noise: Noise, cache: Path) -> Path:
    """Keep the floors for later comparisons on this machine; returns where. Raises OSError."""
    target = _file(cache, noise.fingerprint)
    atomic.write(target, codec.encode(noise))
    return target


def load(cache: Path, environment: Environment) -> Noise | None:
    """The floors kept for a machine; None where there are none, of another kernel, or the file cannot be read."""
    try:
        found = codec.decode(_file(cache, environment.fingerprint).read_bytes(), Noise)
    except (OSError, codec.FormatError):
        return None
    return found if found.made_by == made_by(environment) else None
