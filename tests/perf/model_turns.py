"""Times a shipped model call by call, in turn with tierbench's loop, torch.utils.benchmark and a bare loop.

All in one process on the same module and inputs, since from process to process the same loop differs by more than the
target; and by single calls, since within a second a shared core differs by more than it, too.
``python -m tests.perf.model_turns ORDER`` prints seconds by way and call; both are JSON.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from harness import collect, runtimes
from harness.model.spec import ChildSpec
from harness.model.workload import Model, Place
from harness.scenarios.single_stream import MarkTaker, SingleStream
from harness.stats import median
from harness.worker.batches import Batches
from harness.worker.subject import Subject
from tests.perf import pairs
from tests.perf.processes import seconds

OURS = "tierbench"


class Order(msgspec.Struct):
    """A timing trial as its child is told of it, and how many calls of each way."""

    spec: ChildSpec
    pairs: int


def main(order: Order) -> pairs.Taken:
    """Load as a trial does, warm up, and take turns."""
    trial, place = order.spec.trial, _place(order.spec)
    workload, runtime = collect.workload(trial.case.workload), runtimes.get(trial.case.runtime)
    build = cache(lambda: workload.build(place, **trial.case.workload.parameters))
    loaded = runtime.load(build, place, Path(order.spec.artefacts))
    subject = Subject(trial, workload, loaded, Batches(trial.case.workload, _no_other, "not asked for"))
    stream = SingleStream(subject.stepper(MarkTaker()), trial.pace)
    warm, _ = stream.warm_up(stream.cold())
    typical = median(warm)
    gc.freeze()
    others = _torch(build(), loaded.inputs) if runtime.builds_in_trial else _session(order.spec)

    def ours() -> float:
        ((start, end),), inner, _ = stream.measure(typical, batched=True)
        return (end - start) / inner / 1e9

    return pairs.interleaved({OURS: ours, **others}, order.pairs)


def _place(spec: ChildSpec) -> Place:
    return Place("cpu", spec.trial.case.dtype, spec.trial.seed, Path(spec.cache))


def _no_other(batch: int) -> Callable[[], Any]:
    raise AssertionError(f"a step of {batch} was asked for")


def _torch(model: Model, inputs: Sequence[Any]) -> dict[str, Callable[[], float]]:
    import torch
    from torch.utils.benchmark import Timer

    timer = Timer("module(*inputs)", globals={"module": model.module, "inputs": inputs}, num_threads=1)

    def benchmark() -> float:
        with torch.inference_mode():
            return float(timer.timeit(1).median)

    def bare() -> float:
        with torch.inference_mode():
            return seconds(lambda: model.module(*inputs))

    return {"torch.utils.benchmark": benchmark, "a bare loop": bare}


def _session(spec: ChildSpec) -> dict[str, Callable[[], float]]:
    """ONNX Runtime's own session of the same converted file, with the inputs that lie beside it."""
    import numpy
    import onnxruntime

    file = Path(spec.artefacts) / "model.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    with numpy.load(file.with_name("inputs.npz")) as kept:
        given = dict(zip([one.name for one in session.get_inputs()], kept.values(), strict=True))
    return {"a loop of its session": lambda: seconds(lambda: session.run(None, given))}


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(main(msgspec.json.decode(sys.argv[1], type=Order))))
