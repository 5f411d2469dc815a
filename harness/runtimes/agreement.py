"""Whether a runtime gives PyTorch eager's output: asked before anything is timed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.model.workload import Model
from harness.runtimes import NotSupported, WrongOutput


def require_tensors(model: Model) -> None:
    """Raises NotSupported unless the module is torch's and its inputs are tensors."""
    import torch

    if not isinstance(model.module, torch.nn.Module):
        raise NotSupported(f"only a torch module can be converted, not {type(model.module).__name__}")
    other = [type(value).__name__ for value in model.inputs if not isinstance(value, torch.Tensor)]
    if other:
        raise NotSupported(f"only tensors can be inputs of a converted model, not {', '.join(other)}")


def eager(model: Model) -> list[Any]:
    """The outputs of PyTorch eager as float32 arrays, in order."""
    import torch

    with torch.inference_mode():
        return arrays(model.module.eval()(*model.inputs))


def arrays(output: Any) -> list[Any]:
    """A module's output as float32 arrays, in order."""
    return [tensor.cpu().float().numpy() for tensor in tensors(output)]


def tensors(output: Any) -> list[Any]:
    """The tensors of a module's output, in order, whatever they are nested in."""
    if isinstance(output, Mapping):
        output = tuple(output.values())
    if isinstance(output, tuple | list):
        return [tensor for part in output for tensor in tensors(part)]
    return [output]


def difference(expected: Sequence[Any], found: Sequence[Any]) -> float:
    """The largest difference relative to the largest expected number, the worst of all outputs.

    Infinite where their number or a shape differs, or a number is not finite.
    """
    import numpy

    given = [numpy.asarray(output) for output in found]
    if [e.shape for e in expected] != [g.shape for g in given]:
        return math.inf
    return max((_relative(e, g) for e, g in zip(expected, given, strict=True)), default=0.0)


def _relative(expected: Any, found: Any) -> float:
    import numpy

    if expected.size == 0:
        return 0.0
    worst = float(numpy.abs(expected - found).max() / max(float(numpy.abs(expected).max()), 1e-30))
    return worst if math.isfinite(worst) else math.inf


def judge(runtime: str, found: float, most: float) -> None:
    """Raises WrongOutput where the difference is more than ``most``."""
    if found <= most:
        return
    said = (
        f"differs from eager by {found:.2e}" if found < math.inf else "has other shapes than eager's or is not finite"
    )
    raise WrongOutput(
        f"the output of {runtime} {said}, and at most {most:.0e} of eager's largest output is accepted",
        hint="nothing of it was timed",
    )
