"""Whether tierbench, torch.utils.benchmark and a bare loop find the same time for real models; and for ONNX Runtime.

A pair is one process of each, started in turn, on one thread, with the same weights. Each takes the median of about as
many calls, timed singly.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace

from harness.model.case import Pace, Trial
from harness.stats import Summary, median
from tests.perf import pairs, result
from tests.perf.agreement import TARGET, agrees
from tests.perf.effort import Effort
from tests.perf.processes import BARE, ONE_THREAD, Trials, call, shipped_trial
from tests.perf.result import Result

ITEM = "models"
MODELS = (
    ("vision", "mobilenetv2"),
    ("published", "resnet18"),
    ("published", "alexnet"),
    ("published", "shufflenet_v2"),
    ("published", "googlenet"),
)
IN_ONNX_RUNTIME = ("vision", "mobilenetv2")
SECONDS = 2.0
"""Spent on calls that are timed, in each process."""
PAIRS = 10
NEAR = (0.97, 1.03)
ONNX_TARGET = "interval meets 0.97 to 1.03"


def measure(effort: Effort) -> list[Result]:
    """The paired ratios of tierbench's median to that of each other way, model by model."""
    models = MODELS[:1] if effort.quick else MODELS
    found = [one for suite, name in models for one in _eager(effort, suite, name)]
    return [*found, _in_onnx_runtime(effort, *IN_ONNX_RUNTIME)]


def _eager(effort: Effort, suite: str, name: str) -> list[Result]:
    trials, timing, ours, calls = _begun(effort, suite, name, "torch-eager")
    where = (timing.case.workload.path, name, json.dumps(timing.case.workload.parameters), trials.cache)

    def bare(how: str) -> Callable[[], float]:
        return lambda: float(call(sys.executable, BARE / "model.py", *where, how, calls, **ONE_THREAD))

    others = {"torch.utils.benchmark": bare("timer"), "a bare loop": bare("loop")}
    taken = pairs.interleaved({"tierbench": ours, **others}, effort.times(PAIRS))
    return [_of_eager(name, other, pairs.ratios(taken["tierbench"], taken[other])) for other in others]


def _of_eager(name: str, other: str, ratio: Summary) -> Result:
    plain = result.of(ITEM, f"{name}: tierbench's median over that of {other}", ratio, "×")
    return replace(plain, target=TARGET, met=agrees(ratio))


def _in_onnx_runtime(effort: Effort, suite: str, name: str) -> Result:
    trials, _, ours, calls = _begun(effort, suite, name, "onnxruntime")
    (converted,) = trials.cache.rglob("model.onnx")

    def session() -> float:
        return float(call(sys.executable, BARE / "onnx_session.py", converted, calls, **ONE_THREAD))

    taken = pairs.interleaved({"tierbench": ours, "session": session}, effort.times(PAIRS))
    ratio = pairs.ratios(taken["tierbench"], taken["session"])
    plain = result.of(
        ITEM, f"{name} in ONNX Runtime: tierbench's median over that of a loop of its session", ratio, "×"
    )
    met = ratio.low is not None and ratio.high is not None and ratio.low <= NEAR[1] and ratio.high >= NEAR[0]
    return replace(plain, target=ONNX_TARGET, met=met)


def _begun(effort: Effort, suite: str, name: str, runtime: str) -> tuple[Trials, Trial, Callable[[], float], int]:
    """Prepared: the trials, the timing one, what takes its median, and how many calls fill the time."""
    trials = Trials(effort.folder / f"cache-{runtime}")
    pace = Pace(budget_seconds=0.2 if effort.quick else SECONDS, precision=1e-9)
    timing = shipped_trial(suite, name, runtime, pace)
    trials.prepare(timing)

    def ours() -> float:
        latency = trials.run(timing).find("latency", "timed")
        assert latency is not None
        return median(latency.values)

    return trials, timing, ours, max(5, round(pace.budget_seconds / ours()))
