"""The child's end of the event pipe, apart from the output that user code prints."""

from __future__ import annotations

import math
import os

from msgspec.structs import replace

from harness.model import codec
from harness.model.events import ChildEvent, StageBegan
from harness.model.measure import Measurement, Stage


class Channel:
    """Writes events as JSON Lines, each line complete before the call returns.

    It is the trial's own process that speaks. A fork of it that comes back out of the workload has one word, by which
    the parent knows it, and is over.
    """

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)  # a process that the workload starts must not hold the pipe open
        self._descriptor = descriptor
        self._speaker = os.getpid()
        self.stage: Stage = "import"

    def send(self, event: ChildEvent) -> None:
        """Write one event. Raises OSError where the parent is gone."""
        if self.is_of_a_fork():
            self._write(StageBegan(self.stage))  # short enough to be written at once, whatever else is
            os._exit(1)
        self._write(event)

    def is_of_a_fork(self) -> bool:
        """Whether this is another process than the trial's own."""
        return os.getpid() != self._speaker

    def _write(self, event: ChildEvent) -> None:
        data = memoryview(codec.encode_event(event, os.getpid()) + b"\n")
        while data:
            data = data[os.write(self._descriptor, data) :]

    def begin(self, stage: Stage) -> None:
        """Say that a stage begins."""
        self.stage = stage
        self.send(StageBegan(stage))

    def measured(self, *measurements: Measurement) -> None:
        """Send measurements, each as an event of its own."""
        from harness.model.events import Measured

        for measurement in measurements:
            self.send(Measured(_finite(measurement)))


def _finite(measurement: Measurement) -> Measurement:
    """As it is; missing, with the reason, where a value is no finite number, which JSON cannot hold."""
    odd = next((value for value in measurement.values if not math.isfinite(value)), None)
    if odd is None:
        return measurement
    return replace(measurement, values=(), missing=f"the meter gave {odd}, which is no figure")
