"""``model.py SUITE_FILE NAME PARAMETERS CACHE HOW CALLS``: times a shipped model singly; prints JSON of seconds.

HOW is ``timer`` for torch.utils.benchmark and ``loop`` for a bare loop. The suite makes the model; no harness runs it.
Warmed up, it stops itself until it is told to go on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import torch
from torch.utils.benchmark import Measurement, Timer

from harness.collect import SuiteFile, load_suite
from harness.model.workload import Place

WARM_CALLS = 10


def main(suite: Path, name: str, parameters: dict[str, Any], cache: Path, how: str, calls: int) -> None:
    """Build, warm up, time."""
    torch.set_num_threads(1)
    (kind,) = [one for one in load_suite(SuiteFile(suite.parent.name, suite)).workloads if one.name == name]
    model = kind().build(Place("cpu", "float32", 0, cache), **parameters)
    with torch.inference_mode():
        for _ in range(WARM_CALLS):
            model.module(*model.inputs)
        os.kill(os.getpid(), signal.SIGSTOP)
        found = {"timer": _timer, "loop": _loop}[how](model.module, model.inputs, calls)
    json.dump(found, sys.stdout)


def _timer(module: Any, inputs: tuple[Any, ...], calls: int) -> list[float]:
    timer = Timer("module(*inputs)", globals={"module": module, "inputs": inputs}, num_threads=1)
    (found,) = Measurement.merge(timer.timeit(1) for _ in range(calls))
    return found.times


def _loop(module: Any, inputs: tuple[Any, ...], calls: int) -> list[float]:
    times = []
    for _ in range(calls):
        start = perf_counter_ns()
        module(*inputs)
        times.append((perf_counter_ns() - start) / 1e9)
    return times


if __name__ == "__main__":
    given = sys.argv[1:]
    main(Path(given[0]), given[1], json.loads(given[2]), Path(given[3]), given[4], int(given[5]))
