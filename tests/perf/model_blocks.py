"""Times a shipped model in blocks, in turn with tierbench's loop, torch.utils.benchmark and a bare loop.

All in one process on the same module and inputs: from process to process the same loop differs by more than the target.
``python -m tests.perf.model_blocks ORDER`` prints medians in seconds by way and block; both are JSON.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from time import perf_counter_ns
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

OURS = "tierbench"


class Order(msgspec.Struct):
    """A timing trial as its child is told of it, and how many blocks of each way."""

    spec: ChildSpec
    pairs: int


def main(order: Order) -> pairs.Taken:
    """Load as a trial does, warm up, and take the blocks."""
    trial, place = order.spec.trial, _place(order.spec)
    workload, runtime = collect.workload(trial.case.workload), runtimes.get(trial.case.runtime)
    build = cache(lambda: workload.build(place, **trial.case.workload.parameters))
    loaded = runtime.load(build, place, Path(order.spec.artefacts))
    subject = Subject(trial, workload, loaded, Batches(trial.case.workload, _no_other, "not asked for"))
    stream = SingleStream(subject.stepper(MarkTaker()), trial.pace)
    warm, _ = stream.warm_up(stream.cold())
    typical = median(warm)
    calls = max(5, round(trial.pace.budget_seconds * 1e9 / typical))
    gc.freeze()
    others = _torch(build(), loaded.inputs, calls) if runtime.builds_in_trial else _session(order.spec, calls)

    def ours() -> float:
        rounds, inner, _ = stream.measure(typical, batched=True)
        return median([(end - start) / inner / 1e9 for start, end in rounds])

    return pairs.interleaved({OURS: ours, **others}, order.pairs)


def _place(spec: ChildSpec) -> Place:
    return Place("cpu", spec.trial.case.dtype, spec.trial.seed, Path(spec.cache))


def _no_other(batch: int) -> Callable[[], Any]:
    raise AssertionError(f"a step of {batch} was asked for")


def _torch(model: Model, inputs: Sequence[Any], calls: int) -> dict[str, Callable[[], float]]:
    import torch
    from torch.utils.benchmark import Measurement, Timer

    timer = Timer("module(*inputs)", globals={"module": model.module, "inputs": inputs}, num_threads=1)

    def benchmark() -> float:
        with torch.inference_mode():
            (found,) = Measurement.merge(timer.timeit(1) for _ in range(calls))
        return float(found.median)

    def bare() -> float:
        with torch.inference_mode():
            return _loop(lambda: model.module(*inputs), calls)

    return {"torch.utils.benchmark": benchmark, "a bare loop": bare}


def _session(spec: ChildSpec, calls: int) -> dict[str, Callable[[], float]]:
    """ONNX Runtime's own session of the same converted file, with the inputs that lie beside it."""
    import numpy
    import onnxruntime

    file = Path(spec.artefacts) / "model.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    with numpy.load(file.with_name("inputs.npz")) as kept:
        given = dict(zip([one.name for one in session.get_inputs()], kept.values(), strict=True))
    return {"a loop of its session": lambda: _loop(lambda: session.run(None, given), calls)}


def _loop(call: Callable[[], Any], calls: int) -> float:
    times = []
    for _ in range(calls):
        start = perf_counter_ns()
        call()
        times.append(perf_counter_ns() - start)
    return median(times) / 1e9


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(main(msgspec.json.decode(sys.argv[1], type=Order))))
