"""How much of a processor the harness itself takes while a child measures: `tierbench run` on a terminal, watched.

Run as ``python -m tests.perf.parent FOLDER SECONDS`` it is that parent: a process that runs one case and prints its own
share of a processor in every timing trial, from before the child is started until its record is on disk.
"""

from __future__ import annotations

import json
import os
import pty
import resource
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from time import perf_counter

from msgspec.structs import replace

from harness import api, plan, stats
from harness.cli.progress import watching
from harness.model.case import Pace
from harness.model.events import EngineEvent, TrialEnded, TrialStarted
from harness.selection import Selection
from tests.perf import result
from tests.perf.effort import Effort
from tests.perf.processes import ROOT, SUITES
from tests.perf.result import Result

ITEM = "parent"
AT_MOST_PERCENT = 1.0


def measure(effort: Effort) -> list[Result]:
    """Per cent of one processor, over trials that measure for 10 s."""
    seconds = 1.0 if effort.quick else 10.0
    shares = [_share(effort.folder / f"parent-{number}", seconds) for number in range(effort.times(4, 1))]
    summary = stats.summarise([[share] for share in shares])
    what = f"the harness's share of a processor while a child measures for {seconds:g} s"
    return [result.of(ITEM, what, summary, "%", 100, AT_MOST_PERCENT)]


def _share(folder: Path, seconds: float) -> float:
    """Run the parent with a terminal of its own, whose output is read and dropped."""
    ours, its = pty.openpty()
    reader = threading.Thread(target=_drain, args=(ours,))
    reader.start()
    command = [sys.executable, "-m", "tests.perf.parent", str(folder), str(seconds)]
    environment = {**os.environ, "TERM": "xterm-256color", "TIERBENCH_CACHE": str(folder.parent / "cache")}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=its, check=True)
    finally:
        os.close(its)
        reader.join()
        os.close(ours)
    answer: float = json.loads(done.stdout)
    return answer


def _drain(terminal: int) -> None:
    with suppress(OSError):  # what Linux says once nobody holds the other end
        while os.read(terminal, 4096):
            pass


class Account:
    """The processor time and the wall time that this process spent in timing trials, in seconds."""

    def __init__(self) -> None:
        self.processor = self.wall = 0.0
        self._begun = (0.0, 0.0)

    def hear(self, event: EngineEvent) -> None:
        """Take the times at both ends of a timing trial."""
        if isinstance(event, TrialStarted) and event.trial.role == "timing":
            self._begun = (_processor_seconds(), perf_counter())
        elif isinstance(event, TrialEnded) and event.record.trial.role == "timing":
            self.processor += _processor_seconds() - self._begun[0]
            self.wall += perf_counter() - self._begun[1]


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(folder: Path, seconds: float) -> None:
    """Be the parent: run one case that takes its whole budget; print the share as a number."""
    account = Account()
    selection = Selection(workloads=("perf/dense[rows=1024]",), include=(SUITES,))
    pace = Pace(budget_seconds=seconds, precision=1e-9)
    settings = replace(plan.Settings(), processes=1, timing=pace)
    with watching(quiet=False) as (emit, stop):

        def both(event: EngineEvent) -> None:
            account.hear(event)
            emit(event)

        handle = api.execute(selection, settings, folder, emit=both, stop=stop)
    if handle.failed or not handle.complete:
        raise RuntimeError(f"the run in {folder} did not end well")
    sys.stdout.write(json.dumps(account.processor / account.wall))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
