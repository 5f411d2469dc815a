"""Whether tierbench, torch.utils.benchmark and a bare loop find the same time for real models; and for ONNX Runtime.

A pair is one process of each, on one thread, with the same weights. Once warm they take turns of a quarter of a second
(turns.py), so that the machine's moods fall on all alike. Each takes the median of about as many calls, timed singly.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from msgspec.structs import replace as replace_field

from harness.model.case import Pace, Trial
from harness.model.events import ChildEvent
from harness.model.record import Record
from harness.stats import Summary, median
from tests.perf import pairs, result, turns
from tests.perf.agreement import TARGET, agrees
from tests.perf.effort import Effort
from tests.perf.processes import BARE, Trials, shipped_trial
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
"""Spent on calls that are timed, in each process, while it has its turn."""
PAIRS = 12
NEAR = (0.97, 1.03)
ONNX_TARGET = "interval meets 0.97 to 1.03"


def measure(effort: Effort) -> list[Result]:
    """The paired ratios of tierbench's median to that of each other way, model by model."""
    models = MODELS[:1] if effort.quick else MODELS
    found = [one for suite, name in models for one in _eager(effort, suite, name)]
    return [*found, _in_onnx_runtime(effort, *IN_ONNX_RUNTIME)]


def _eager(effort: Effort, suite: str, name: str) -> list[Result]:
    trials, timing, calls = _begun(effort, suite, name, "torch-eager")
    given = (timing.case.workload.path, name, json.dumps(timing.case.workload.parameters), trials.cache)
    bare = (sys.executable, BARE / "model.py", *given)
    others = {"torch.utils.benchmark": (*bare, "timer", calls), "a bare loop": (*bare, "loop", calls)}
    taken = _in_turn(effort, trials, timing, others)
    return [_of_eager(name, other, pairs.ratios(taken["ours"], taken[other])) for other in others]


def _of_eager(name: str, other: str, ratio: Summary) -> Result:
    plain = result.of(ITEM, f"{name}: tierbench's median over that of {other}", ratio, "×")
    return replace(plain, target=TARGET, met=agrees(ratio))


def _in_onnx_runtime(effort: Effort, suite: str, name: str) -> Result:
    trials, timing, calls = _begun(effort, suite, name, "onnxruntime")
    (converted,) = trials.cache.rglob("model.onnx")
    others = {"session": (sys.executable, BARE / "onnx_session.py", converted, calls)}
    taken = _in_turn(effort, trials, timing, others)
    ratio = pairs.ratios(taken["ours"], taken["session"])
    plain = result.of(
        ITEM, f"{name} in ONNX Runtime: tierbench's median over that of a loop of its session", ratio, "×"
    )
    met = ratio.low is not None and ratio.high is not None and ratio.low <= NEAR[1] and ratio.high >= NEAR[0]
    return replace(plain, target=ONNX_TARGET, met=met)


def _in_turn(
    effort: Effort, trials: Trials, timing: Trial, others: Mapping[str, Sequence[object]]
) -> dict[str, list[float]]:
    """Medians of a call, a process of each way at a time, all of them in turn; whose turn is first changes."""
    share = replace_field(timing, pace=replace_field(timing.pace, budget_seconds=_seconds(effort) * (1 + len(others))))

    def ours(listen: Callable[[ChildEvent], None]) -> Sequence[float]:
        return _latencies(trials.run(share, listen))

    taken = [turns.medians(ours, others, number) for number in range(effort.times(PAIRS))]
    return {name: [one[name] for one in taken] for name in taken[0]}


def _begun(effort: Effort, suite: str, name: str, runtime: str) -> tuple[Trials, Trial, int]:
    """Prepared: the trials, the timing one, and how many calls fill the time."""
    trials = Trials(effort.folder / f"cache-{runtime}")
    timing = shipped_trial(suite, name, runtime, Pace(budget_seconds=_seconds(effort), precision=1e-9))
    trials.prepare(timing)
    typical = median(_latencies(trials.run(timing)))
    return trials, timing, max(5, round(_seconds(effort) / typical))


def _latencies(record: Record) -> Sequence[float]:
    latency = record.find("latency", "timed")
    assert latency is not None
    return latency.values


def _seconds(effort: Effort) -> float:
    return 0.5 if effort.quick else SECONDS
