"""A step of many parts: it calls the model several times and takes the time of each."""

from collections.abc import Callable
from typing import Any

from harness import Marks, Model, Place, Workload


class Recurrent(Workload):
    """A gated recurrent unit that makes one output after another, each from the one before."""

    name = "gru"
    family = "time series"
    requires = ("torch",)
    parameters = {"size": (64, 512), "outputs": (16,)}
    quick = {"size": 64, "outputs": 16}
    dtypes = ("float32", "bfloat16")
    items_unit = "outputs"
    deadline_seconds = 0.1

    def build(self, place: Place, size: int, outputs: int) -> Model:
        import torch

        torch.manual_seed(place.seed)
        dtype = getattr(torch, place.dtype)
        cell = torch.nn.GRUCell(size, size).to(dtype)
        return Model(cell, (torch.zeros(1, size, dtype=dtype), outputs))

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:
        state, outputs = inputs
        for _ in range(outputs):
            state = call(state, state)
            marks("output")
        return state

    def items(self, size: int, outputs: int) -> float:
        return outputs
