"""The workload by which tierbench measures itself; the scripts under ``bare/`` build the same network without it."""

from __future__ import annotations

from harness import Model, Place, Workload

from .network import ROWS, network


class Dense(Workload):
    """Three linear layers, a batch of rows."""

    name = "dense"
    requires = ("torch",)
    items_unit = "rows"

    def build(self, place: Place) -> Model:
        return Model(*network(place.seed))

    def items(self) -> float:
        return float(ROWS)
