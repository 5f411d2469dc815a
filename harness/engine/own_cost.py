"""What the harness's own process costs while a child is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.model.conditions import HARNESS_CPU
from harness.model.events import ChildEvent, Measured, StageBegan
from harness.model.measure import Measurement


@dataclass
class OwnCost:
    """Told of each event as it comes: counts from the stage ``timed`` to its first measurement. Nanoseconds."""

    cpu: Callable[[], int] = time.process_time_ns
    _began: int | None = field(default=None, init=False)
    _spent: int | None = field(default=None, init=False)

    def hear(self, event: ChildEvent) -> None:
        """Note where the processor time stands as the stage begins and ends."""
        if isinstance(event, StageBegan) and event.stage == "timed":
            self._began = self.cpu()
        elif isinstance(event, Measured) and self._began is not None and self._spent is None:
            self._spent = self.cpu() - self._began

    def measurements(self) -> tuple[Measurement, ...]:
        """The harness's processor time in the stage; nothing for a trial that was not timed to its end."""
        if self._spent is None:
            return ()
        return (Measurement(HARNESS_CPU, "timed", "measured", (self._spent / 1e9,)),)
