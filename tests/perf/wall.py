"""How long `tierbench run` takes for one case with one process, against a script that uses torch.utils.benchmark.

All on one core. The script imports torch, builds the network and calls ``blocked_autorange()`` with its own default
budget of 0.2 s; the command is given the same budget, for by itself it times for as long as a 90th percentile needs.
The command does more than the script: other processes find out how much memory the case needs and what else a run asks
for, and a report is written. The first figure leaves these out
(``--no-report``, and the wall time of all trials but the timing one taken off), the second is the command as it is
typed. What is prepared once for a work has been prepared before.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness import store
from harness.stats import median
from tests.perf import pairs, result
from tests.perf.effort import Effort
from tests.perf.processes import BARE, SUITES, TIERBENCH, call, seconds
from tests.perf.result import Result

ITEM = "wall"
AT_MOST = 1.5
ROWS = 1024
BUDGET = 0.2
"""Of timed rounds in seconds: blocked_autorange's default."""


def measure(effort: Effort) -> list[Result]:
    """Ratios of wall times, paired."""
    with _one_core():
        command = Command(effort.folder)
        takers = {"whole": command.whole, "timing": command.timing, "script": _script}
        taken = pairs.interleaved(takers, effort.times(10))
    timing, whole = (pairs.ratios(taken[name], taken["script"]) for name in ("timing", "whole"))
    script, case = median(taken["script"]), median(command.latencies)
    return [
        result.of(ITEM, "`tierbench run` of one case, its timing only, over a bare script", timing, "×", 1, AT_MOST),
        result.of(ITEM, "`tierbench run` as typed, its other trials and report included, over it", whole, "×"),
        Result(ITEM, "the script, which uses torch.utils.benchmark", script, "s"),
        Result(ITEM, "the case", case * 1e3, "ms"),
    ]


@dataclass
class Command:
    """`tierbench run` of the case, again and again; notes what the case's latency was each time, in seconds."""

    folder: Path
    latencies: list[float] = field(default_factory=list)

    def whole(self) -> float:
        """Wall seconds of the command as it is typed."""
        return self._run()[0]

    def timing(self) -> float:
        """Wall seconds without a report, less those of all trials but the timing one."""
        taken, others = self._run("--no-report")
        return taken - others

    def _run(self, *more: str) -> tuple[float, float]:
        out = self.folder / f"wall-{len(self.latencies)}"
        words = (
            "run",
            f"perf/dense[rows={ROWS}]",
            "--processes",
            1,
            "--budget",
            BUDGET,
            "-I",
            SUITES,
            "--out",
            out,
            *more,
        )
        taken = seconds(lambda: call(TIERBENCH, *words, TIERBENCH_CACHE=str(self.folder / "cache")))
        records = store.read(out).records
        (timing,) = (record for record in records if record.trial.role == "timing")
        latency = timing.find("latency", "timed")
        assert latency is not None
        self.latencies.append(median(latency.values))
        return taken, sum(record.wall_seconds for record in records if record is not timing)


def _script() -> float:
    return seconds(lambda: call(sys.executable, BARE / "torch_benchmark.py", ROWS))


@contextmanager
def _one_core() -> Iterator[None]:
    """Bind this process, and with it what it starts, to the last of its cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
