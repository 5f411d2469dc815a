"""The workloads by which tierbench measures itself; the scripts under ``bare/`` do the same work without it."""

from __future__ import annotations

from harness import Model, Place, Workload

from .busy import busy
from .network import network


class Dense(Workload):
    """Three linear layers, a batch of rows."""

    name = "dense"
    requires = ("torch",)
    parameters = {"rows": (128, 1024)}
    items_unit = "rows"

    def build(self, place: Place, rows: int) -> Model:
        return Model(*network(rows, place.seed))

    def items(self, rows: int) -> float:
        return float(rows)


class Busy(Workload):
    """Checksums for about a millisecond, in plain Python."""

    name = "busy"
    runtimes = ("python",)

    def build(self, place: Place) -> Model:
        return Model(busy())
