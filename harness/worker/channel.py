"""The child's end of the event pipe, apart from the output that user code prints."""

from __future__ import annotations

import os

from harness.model import codec
from harness.model.events import ChildEvent, StageBegan
from harness.model.measure import Measurement, Stage


class Channel:
    """Writes events as JSON Lines, each line complete before the call returns."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)  # a process that the workload starts must not hold the pipe open
        self._descriptor = descriptor
        self.stage: Stage = "import"

    def send(self, event: ChildEvent) -> None:
        """Write one event. Raises OSError where the parent is gone."""
        data = memoryview(codec.encode(event) + b"\n")
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
            self.send(Measured(measurement))
