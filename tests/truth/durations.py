"""Steps of known duration: what the record claims of them, what they noted themselves, and what they were to take.

tierbench claims a median: of rounds, each the mean of the steps in it where a step is shorter than a millisecond. So
the claim is the median of the rounds in the record, and the truth the median of the steps that the same rounds hold. Of
steps that stall now and then, the claim is what throughput is made of, and the truth the mean of the same steps.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean

from harness import stats, verdict
from harness.model.record import Record
from tests.truth.programs import name_of
from tests.truth.running import tierbench, told_folder, within

SUITE = "durations"


def allowed(true: float) -> float:
    """How far a claim may be off, in seconds: 1 % or 2 µs, whichever is larger."""
    return max(0.01 * true, 2e-6)


@dataclass(frozen=True)
class Duration:
    """One program's step, all in seconds: asked of it, by its own stamps, and claimed by tierbench.

    Both are medians; of steps that stall they are means.
    """

    program: str
    asked: float
    true: float
    claimed: float
    steps: int
    """Timed steps that the truth stands on, ``rounds`` those of the claim."""
    rounds: int
    warnings: tuple[str, ...]
    """What the record itself says against its time."""


def measure(folder: Path, cache: Path) -> list[Duration]:
    """Run the steps of every duration, and read what is claimed and what is true."""
    run = tierbench(folder, cache, SUITE, "-p", "host", "--budget", "1")
    timings = [record for record in run.records if record.trial.role == "timing"]
    return sorted((_of(record, told_folder(folder)) for record in timings), key=lambda d: d.asked)


def _of(record: Record, told: Path) -> Duration:
    rounds = _values(record, "timed")
    own = _timed_steps(record, own_steps(record, told), len(rounds))
    parameters = record.trial.case.workload.parameters
    asked, true, claimed = float(parameters["us"]) / 1e6, stats.median(own), stats.median(rounds)
    if "stalled" in parameters:
        stalls = sum(time > 2 * asked for time in own)
        asked += stalls / len(own) * (float(parameters["stalled"]) / 1e6 - asked)
        true, claimed = fmean(own), verdict.mean_step(record) or 0.0
    return Duration(
        program=name_of(record),
        asked=asked,
        true=true,
        claimed=claimed,
        steps=len(own),
        rounds=len(rounds),
        warnings=tuple(f.code for f in record.findings if f.level == "warning"),
    )


def _timed_steps(record: Record, steps: list[float], rounds: int) -> list[float]:
    """Without the cold step, those of the warm-up, and the last one, whose output is looked at."""
    timed = steps[1 + len(_values(record, "warm-up")) : -1]
    if not timed or len(timed) % rounds:
        raise RuntimeError(f"{record.trial_id}: {len(timed)} timed steps do not make {rounds} rounds")
    return timed


def _values(record: Record, stage: str) -> tuple[float, ...]:
    found = record.find("latency", stage)
    if found is None:
        raise RuntimeError(f"{record.trial_id}: no times of {stage}: {record.outcome}")
    return found.values


def own_steps(record: Record, told: Path) -> list[float]:
    """How long each step of that trial's process took by its own stamps, in seconds, in order."""
    [own] = [path for path in told.iterdir() if _is_of(path, record)]
    return list(_read(own))


def _is_of(path: Path, record: Record) -> bool:
    program, _, moment = path.name.rpartition(" ")
    return program == name_of(record) and within(record, datetime.fromisoformat(moment))


def _read(path: Path) -> Iterator[float]:
    with path.open("rb") as file:
        count = int.from_bytes(file.read(8), sys.byteorder)
        stamps = memoryview(file.read(8 * count)).cast("q")
    return ((stamps[k + 1] - stamps[k]) / 1e9 for k in range(0, count, 2))
