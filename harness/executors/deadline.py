"""When a child's time is up: at its time limit, and where it tries a limit of memory, earlier in two parts."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.model.case import Trial

IMPORT_SECONDS = 40.0
"""For a trial with patience: it reads from disk the libraries whose cached pages were let go, perhaps beside others."""


@dataclass
class Deadline:
    """``at`` is the moment on the monotonic clock, ``seconds`` what was allowed until then."""

    trial: Trial
    began: float
    at: float = field(init=False)
    seconds: float = field(init=False)

    def __post_init__(self) -> None:
        self._allow(self.began, None if self.trial.patience_seconds is None else IMPORT_SECONDS)

    def imported(self, now: float) -> None:
        """The libraries are there: from now on the trial's patience counts."""
        self._allow(now, self.trial.patience_seconds)

    def _allow(self, now: float, seconds: float | None) -> None:
        self.at, self.seconds = self.began + self.trial.timeout_seconds, self.trial.timeout_seconds
        if seconds is not None and now + seconds < self.at:
            self.at, self.seconds = now + seconds, seconds
