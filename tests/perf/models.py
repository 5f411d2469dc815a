"""Whether tierbench, torch.utils.benchmark and a bare loop find the same time for real models; and for ONNX Runtime.

A pair is two calls of the same module, one after the other in one process on one thread (model_turns.py); which way
begins changes from pair to pair. Processes are the unit of replication.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import click
import msgspec

from harness.executors.local import artefacts_directory
from harness.model import codec
from harness.model.case import Pace
from harness.model.spec import ChildSpec
from harness.stats import Summary
from tests.perf import pairs, result
from tests.perf.agreement import TARGET, agrees
from tests.perf.effort import Effort
from tests.perf.model_turns import OURS, Order
from tests.perf.processes import ONE_THREAD, Trials, call, shipped_trial
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
HELD = dict.fromkeys(("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"), str(1 << 30)) | {
    "MALLOC_TOP_PAD_": str(1 << 26)
}
"""glibc moves these as a process runs: then one way would pay for pages of which another finds them there."""
ONE_ROUND = Pace(budget_seconds=1e-9, precision=1e-9, min_rounds=1)
PAIRS = 80
PROCESSES = 6
NEAR = (0.97, 1.03)
ONNX_TARGET = "0.97 to 1.03"


def measure(effort: Effort) -> list[Result]:
    """The paired ratios of tierbench's median to that of each other way, model by model."""
    eager = MODELS[:1] if effort.quick else MODELS
    wanted = [*((*model, "torch-eager") for model in eager), (*IN_ONNX_RUNTIME, "onnxruntime")]
    found = []
    for suite, name, runtime in wanted:
        for other, ratio in _ratios(effort, suite, name, runtime).items():
            found.append(_result(name, runtime, other, ratio))
            click.echo(f"\n  {found[-1].figure}: {found[-1].shown}", err=True, nl=False)
    return found


def _result(name: str, runtime: str, other: str, ratio: Summary) -> Result:
    where = "" if runtime == "torch-eager" else " in ONNX Runtime"
    plain = result.of(ITEM, f"{name}{where}: tierbench's median over that of {other}", ratio, "×")
    if not where:
        return replace(plain, target=TARGET, met=agrees(ratio))
    return replace(plain, target=ONNX_TARGET, met=NEAR[0] <= ratio.median <= NEAR[1])


def _ratios(effort: Effort, suite: str, name: str, runtime: str) -> dict[str, Summary]:
    """By other way."""
    order = _order(effort, suite, name, runtime)
    asked = (sys.executable, "-m", "tests.perf.model_turns", codec.encode(order).decode())
    taken = [
        msgspec.json.decode(call(*asked, **ONE_THREAD, **HELD), type=pairs.Taken)
        for _ in range(effort.times(PROCESSES))
    ]
    others = [way for way in taken[0] if way != OURS]
    return {other: pairs.ratios_by_process([(one[OURS], one[other]) for one in taken]) for other in others}


def _order(effort: Effort, suite: str, name: str, runtime: str) -> Order:
    """For a child whose work is prepared."""
    trials = Trials(effort.folder / f"cache-{runtime}")
    timing = shipped_trial(suite, name, runtime, ONE_ROUND)
    trials.prepare(timing)
    known = trials.known(timing)
    spec = ChildSpec(known, str(trials.cache), str(artefacts_directory(trials.cache, known)), None)
    return Order(spec, effort.times(PAIRS))
