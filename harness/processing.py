"""Pre- and post-processing as stages of a step, beside the model's own: a suite's parameter ``processing``, off or on.

Where it is on, ``build`` gives a ``Raw`` beside the module's own inputs, and ``step`` is handed that. ``Staged`` does
the rest; a workload with a step of its own takes the three marks itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.model.measure import INFERRED, POSTPROCESSED, PREPROCESSED
from harness.model.workload import Marks, Model, Place, Raw, Workload

VALUES = ("off", "on")
"""Of the parameter ``processing``, which a workload of this kind declares."""

_FILE = "raw.npz"


class Staged(Workload):
    """A workload whose step may take raw input: ``prepare``, the model, ``finish``, with a mark after each.

    ``prepare`` and ``finish`` work on numpy arrays on the host, whatever the runtime and the device.
    """

    def prepare(self, *raw: Any) -> tuple[Any, ...]:
        """The module's inputs, as arrays, from what a sensor gives."""
        raise NotImplementedError(f"{type(self).__name__}.prepare: how raw input becomes the module's inputs")

    def finish(self, *outputs: Any) -> Any:
        """What a user of the model wants, from its outputs as arrays, in float32 where they are floating."""
        raise NotImplementedError(f"{type(self).__name__}.finish: what its outputs become")

    def staged(self, module: Any, raw: tuple[Any, ...], place: Place, processing: str) -> Model:
        """The module with the inputs that ``prepare`` makes of ``raw``, which is given to the step where it is on."""
        inputs = tuple(tensor(array, place) for array in self.prepare(*raw))
        return Model(module, inputs, Raw(raw) if processing == "on" else None)

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:
        """The model's outputs; with raw input, what ``finish`` makes of them."""
        if not isinstance(inputs, Raw):
            return call(*inputs)
        prepared = self.prepare(*inputs)
        marks(PREPROCESSED)
        outputs = arrays(call(*prepared))
        marks(INFERRED)
        finished = self.finish(*outputs)
        marks(POSTPROCESSED)
        return finished


def tensor(array: Any, place: Place) -> Any:
    """The array as a tensor on ``place``, a floating one in its dtype."""
    import torch

    made = torch.from_numpy(array)
    return made.to(place.device, getattr(torch, place.dtype) if made.is_floating_point() else None)


def arrays(output: Any) -> list[Any]:
    """The arrays of a model's output in order, on the host, floating ones in float32; waits for the device."""
    if output is None:
        return []
    if isinstance(output, Mapping):
        output = tuple(output.values())
    if isinstance(output, (tuple, list)):
        return [array for part in output for array in arrays(part)]
    return [_array(output)]


def _array(value: Any) -> Any:
    if hasattr(value, "is_floating_point"):  # a torch tensor
        return (value.float() if value.is_floating_point() else value).cpu().numpy()
    return value.astype("float32", copy=False) if value.dtype.kind == "f" else value


def handed(
    call: Callable[..., Any], inputs: tuple[Any, ...], raw: Raw | None
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """What a step is handed: a runtime's own ``call`` and ``inputs``, or raw input and a ``call`` that takes arrays."""
    return (call, inputs) if raw is None else (taking_arrays(call, inputs), raw)


def taking_arrays(call: Callable[..., Any], examples: Sequence[Any]) -> Callable[..., Any]:
    """``call`` for a step that prepares its own input: an array becomes what the runtime takes at its place.

    ``examples`` are the runtime's own inputs, tensors or arrays; others among them, such as how many tokens to write,
    are for the step alone. What is no array is handed on as it is.
    """
    known = [example for example in examples if hasattr(example, "dtype")]

    def taking(*values: Any, **named: Any) -> Any:
        last = len(known) - 1
        fitted = [_like(value, known[min(k, last)]) if known else value for k, value in enumerate(values)]
        return call(*fitted, **named)

    return taking


def _like(value: Any, example: Any) -> Any:
    import numpy

    if not isinstance(value, numpy.ndarray):
        return value
    if isinstance(example, numpy.ndarray):
        return numpy.ascontiguousarray(value, example.dtype if value.dtype.kind == example.dtype.kind else None)
    import torch

    made = torch.from_numpy(numpy.ascontiguousarray(value))
    return made.to(example.device, example.dtype if made.is_floating_point() else None)


def store(raw: Raw | None, artefacts: Path) -> None:
    """Keep raw input for trials that do not build; without any, keep none."""
    if raw is None:
        (artefacts / _FILE).unlink(missing_ok=True)
        return
    import numpy

    numpy.savez(artefacts / _FILE, *raw)


def stored(artefacts: Path) -> Raw | None:
    """What was kept; None where nothing was."""
    if not (artefacts / _FILE).exists():
        return None
    import numpy

    with numpy.load(artefacts / _FILE) as kept:
        return Raw(kept[name] for name in kept.files)
