"""A step of many parts: it calls the model several times and takes the time of each."""

from collections.abc import Callable
from typing import Any

from harness import Marks, Model, Place, Workload


class Recurrent(Workload):
    """A gated recurrent unit that makes one output after another, each from the one before."""

    name = "gru"
    version = 1
    family = "time series"
    requires = ("torch",)
    parameters = {"size": (64, 512)}
    quick = {"size": 64}
    dtypes = ("float32", "bfloat16")
    items_unit = "outputs"
    deadline_seconds = 0.1

    outputs = 16

    def build(self, place: Place, size: int) -> Model:
        import torch

        torch.manual_seed(place.seed)
        dtype = getattr(torch, place.dtype)
        cell = torch.nn.GRUCell(size, size).eval().to(place.device, dtype)
        zeros = torch.zeros(1, size, device=place.device, dtype=dtype)
        return Model(cell, (zeros, zeros))

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:
        value, state = inputs
        for _ in range(self.outputs):
            value = state = call(value, state)
            marks("output")
        return value

    def items(self, size: int) -> float:
        return self.outputs
