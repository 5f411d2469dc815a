"""The function a test gave, and the entry about it in ``extra_info``: units in the names, None with a reason."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.model.measure import Measurement

FORMAT = 1
ENERGY = "energy_per_call_joules"


@dataclass(frozen=True)
class Call:
    """A function as the test gave it to ``benchmark``; ``setup`` and ``teardown`` as pytest-benchmark defines them."""

    function: Callable[..., Any]
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    setup: Callable[[], Any] | None = None
    teardown: Callable[..., Any] | None = None

    @contextmanager
    def ready(self) -> Generator[Callable[[], Any], None, None]:
        """The function with its arguments, set up before and torn down after."""
        args, kwargs = (self.setup() if self.setup else None) or (self.args, self.kwargs)
        yield partial(self.function, *args, **kwargs)
        if self.teardown is not None:
            self.teardown(*args, **kwargs)


@dataclass
class Entry:
    """Figures by name, None where one could not be had, and then the reason under the same name."""

    figures: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: float | None, reason: str | None) -> None:
        """A figure, or why there is none; bytes become whole numbers."""
        self.figures[name] = int(value) if value is not None and name.endswith("_bytes") else value
        if value is None:
            self.missing[name] = reason or "not known"

    def measured(self, name: str, measurement: Measurement) -> None:
        """A measurement's only value."""
        self.put(name, measurement.values[0] if measurement.values else None, measurement.missing)

    def as_dict(self, window: str) -> dict[str, Any]:
        """What is saved."""
        return {"format": FORMAT, "memory_window": window, **self.figures, "missing": self.missing}


def raised(error: Exception) -> str:
    """The reason that a call after the timed rounds gives."""
    return f"the further call raised {type(error).__name__}{f': {error}' if str(error) else ''}"
