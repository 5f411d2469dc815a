"""Stand-ins for tests, of the engine and of plug-ins: a clock that is told the time, an executor that runs nothing.

They belong in tests only, beside a test of the real thing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.model.case import Trial
from harness.model.events import ChildEvent, Ended, Measured, StageBegan
from harness.model.measure import LATENCY, Measurement
from harness.model.outcome import Ok
from harness.model.spec import Ending


@dataclass
class FakeClock:
    """A clock in nanoseconds that moves only when it is told to, or by ``tick`` at each reading."""

    now: int = 0
    tick: int = 0

    def __call__(self) -> int:
        """The time, after which it moves on by ``tick``."""
        reading = self.now
        self.now += self.tick
        return reading

    def advance(self, nanoseconds: int) -> None:
        """Move on."""
        self.now += nanoseconds


Script = Callable[[Trial], tuple[Sequence[ChildEvent], Ending]]


def succeed(trial: Trial) -> tuple[Sequence[ChildEvent], Ending]:
    """What a child says that ran well; timing trials bring four samples of 10 ms."""
    measured = [Measured(Measurement(LATENCY, "timed", "measured", (0.01,) * 4))] if trial.role == "timing" else []
    return [StageBegan("timed"), *measured, Ended(Ok(), items=1.0)], Ending(0, None, 1.0)


@dataclass
class FakeExecutor:
    """Follows the executor's protocol without starting a process; ``script`` says how each trial goes."""

    script: Script = succeed
    executed: list[Trial] = field(default_factory=list)
    closed: bool = False

    def execute(
        self,
        trial: Trial,
        files: Sequence[str],  # noqa: ARG002 - as the real one
        on_event: Callable[[ChildEvent], None],
        cancelled: Callable[[], bool],  # noqa: ARG002 - as the real one
    ) -> Ending:
        """Play the script for ``trial``."""
        self.executed.append(trial)
        events, ending = self.script(trial)
        for event in events:
            on_event(event)
        return ending

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True
