"""What a workload's step is made of: its operators by class, their work, and their time on this host. Child's side.

Each runtime's operators are counted where it runs them: PyTorch's by its dispatcher, ONNX Runtime's by its profile,
ncnn's layer by layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.features.operators import Counted, NotCounted, Operator, summed
from harness.runtimes import Loaded

__all__ = ["Counted", "NotCounted", "Operator", "count", "summed"]

Step = Callable[[Callable[..., Any]], Any]
"""A workload's step, given the callable to go through."""


def count(runtime: str, loaded: Loaded, step: Step, passes: int) -> Counted:
    """The operators of a step, in each of ``passes`` passes over it. Raises NotCounted with the reason."""
    if runtime == "torch-eager":
        from harness.features import torch_operators

        run = loaded.call
        return torch_operators.count(run, loaded.inputs, lambda: step(run), passes, loaded.synchronise)
    if loaded.parts is None or loaded.graph is None:
        raise NotCounted(f"the runtime {runtime} does not show what operators it runs")
    return _of_graph(runtime, loaded, step, passes)


def _of_graph(runtime: str, loaded: Loaded, step: Step, passes: int) -> Counted:
    assert loaded.parts is not None
    assert loaded.graph is not None
    times = _calls(loaded.call, step)
    if runtime == "onnxruntime":
        from harness.features import onnx_operators

        shapes = [tuple(array.shape) for array in loaded.inputs]
        return onnx_operators.count(loaded.graph, loaded.parts, passes, times, shapes)
    if runtime == "ncnn":
        from harness.features import ncnn_operators

        half = "fp16_storage on" in loaded.facts["ncnn_options"]
        return ncnn_operators.count(loaded.graph, loaded.parts, passes, times, half)
    raise NotCounted(f"the operators of the runtime {runtime} are not known to this version")


def _calls(call: Callable[..., Any], step: Step) -> int:
    """How often a step calls the model."""
    calls = 0

    def counted(*inputs: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        return call(*inputs, **named)

    step(counted)
    return calls
