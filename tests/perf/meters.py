"""What all default meters and the sampler add to the time of a step of a millisecond, pairs within one process.

A pair is two blocks of the same step in the same loop: one as the timed stage of a trial in its group, with all meters
around it and the sampler at work, and one with neither. They take turns within a process, since from process to process
the same loop differs by more than the target.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import msgspec

from harness import limits
from harness.executors.beside import readable
from harness.executors.local import tree_watch
from harness.model import codec
from harness.model.case import Pace
from harness.model.spec import ChildSpec
from harness.stats import median
from tests.perf import pairs, result
from tests.perf.blocks import Answer, Order
from tests.perf.effort import Effort
from tests.perf.processes import ONE_THREAD, busy_trial, call
from tests.perf.result import Result
from tests.perf.suites.perf.busy import TURNS, turns_of_a_millisecond

ITEM = "meters"
AT_MOST_PERCENT = 1.0
SECONDS = 0.05
"""Of timed rounds, in each block: short, so that a slow spell of the machine falls on whole pairs. The sampler looks
once in each, five times as often as in a trial."""
PAIRS = 100
"""Of blocks, in each process."""
PROCESSES = 10


def measure(effort: Effort) -> list[Result]:
    """Percent of the median that a step takes more with all of them."""
    os.environ[TURNS] = str(turns_of_a_millisecond())
    sensors = _sensors(effort.folder / "sensors")
    pace, number = Pace(budget_seconds=SECONDS, precision=1e-9), effort.times(PAIRS, 10)
    answers = [_blocks(pace, number, sensors) for _ in range(effort.times(PROCESSES))]
    more = pairs.percent_more([(answer.metered, answer.bare) for answer in answers])
    what = "added to the median of a step of a millisecond by all default meters and the sampler"
    step = median([seconds for answer in answers for seconds in answer.bare])
    return [
        result.of(ITEM, what, more, "%", at_most=AT_MOST_PERCENT),
        Result(ITEM, "the step that was timed", step * 1e3, "ms"),
    ]


def _blocks(pace: Pace, number: int, sensors: Path) -> Answer:
    """What a process in a group of its own found. Raises RuntimeError where sampler or meters were not at work."""
    trial = busy_trial(pace)
    with closing(limits.open_group(trial.limits, "perf")) as group:
        watch = None if group.watch is None else tree_watch(group.watch)
        order = Order(ChildSpec(trial, "", "", watch), group.join.procs, number, str(sensors))
        said = call(sys.executable, "-m", "tests.perf.blocks", codec.encode(order).decode(), **ONE_THREAD)
    answer = msgspec.json.decode(said, type=Answer)
    if not sum(answer.sampler_seconds):
        raise RuntimeError("no sampler was at work beside the blocks")
    if answer.figures < len(answer.metered):
        raise RuntimeError(f"meters gave {answer.figures} figures of {len(answer.metered)} blocks")
    return answer


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
