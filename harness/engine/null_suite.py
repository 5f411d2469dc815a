"""A suite of one workload that does nothing: run under the same meters, it shows what measuring itself costs."""

from __future__ import annotations

from harness.model.workload import Model, Place, Workload


class Null(Workload):
    """Returns at once. Its trial takes one step a round, so that the cost of a round is all there is to see."""

    name = "null"
    runtimes = ("python",)
    opaque = True

    def build(self, place: Place) -> Model:  # noqa: ARG002 - nothing is placed anywhere
        """A callable without arguments that returns None."""
        return Model(_nothing)


def _nothing() -> None:
    return None
