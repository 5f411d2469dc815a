"""What all default meters and the sampler add to the time of a step of a millisecond, pairs within one run.

A pair is a timing trial as a run makes it, and a process that warms up and times the same step by the same loop with no
meter and no sampler, started in turn.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from harness.executors.beside import readable
from harness.model.case import Pace
from harness.model.sensors import SAMPLER_CPU
from harness.stats import median
from tests.perf import pairs, result
from tests.perf.effort import Effort
from tests.perf.processes import BARE, ONE_THREAD, Trials, busy_trial, call
from tests.perf.result import Result
from tests.perf.suites.perf.busy import TURNS, turns_of_a_millisecond

ITEM = "meters"
AT_MOST_PERCENT = 1.0
SECONDS = 1.0
"""Of timed rounds, in each process."""


def measure(effort: Effort) -> list[Result]:
    """Percent of the median that a step takes more with all of them."""
    os.environ[TURNS] = str(turns_of_a_millisecond())
    pace = Pace(budget_seconds=0.2 if effort.quick else SECONDS, precision=1e-9)
    trials = Trials(effort.folder / "cache", _sensors(effort.folder / "sensors"))
    timing = busy_trial(pace)
    trials.prepare(timing)

    def metered() -> float:
        record = trials.run(timing)
        latency, sampler = record.find("latency", "timed"), record.find(SAMPLER_CPU.id, "timed")
        if latency is None or sampler is None or not sampler.values:
            raise RuntimeError("no sampler was at work beside the trial")
        return median(latency.values)

    def bare() -> float:
        return float(call(sys.executable, BARE / "rounds.py", msgspec.json.encode(pace).decode(), **ONE_THREAD))

    taken = pairs.interleaved({"metered": metered, "bare": bare}, effort.times(40))
    percent = [100 * ours / theirs for ours, theirs in zip(taken["metered"], taken["bare"], strict=True)]
    more = pairs.differences(percent, [100.0] * len(percent))
    what = "added to the median of a step of a millisecond by all default meters and the sampler"
    return [
        result.of(ITEM, what, more, "%", at_most=AT_MOST_PERCENT),
        Result(ITEM, "the step that was timed", median(taken["bare"]) * 1e3, "ms"),
    ]


def _sensors(made: Path) -> Path:
    """Where the sampler looks: at this machine, or at made files where that shows neither clock nor temperature."""
    if readable(Path("/"), gpu=False):
        return Path("/")
    files = {"sys/class/thermal/thermal_zone0/temp": "45000\n"}
    for core in sorted(os.sched_getaffinity(0)):
        files[f"sys/devices/system/cpu/cpu{core}/cpufreq/scaling_cur_freq"] = "2400000\n"
    for name, text in files.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text)
    return made
