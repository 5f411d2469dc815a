"""Records as a quiet machine leaves them, each test changing what it is about."""

from __future__ import annotations

from builders import record, trial
from msgspec.structs import replace

from harness.model import conditions as c
from harness.model.measure import LATENCY, Measurement, Metric
from harness.model.record import Record

QUIET: dict[Metric, tuple[float, ...]] = {
    LATENCY: tuple(0.01 + 1e-5 * (k % 5) for k in range(90)),
    c.WINDOW: (0.9,),
    c.CPU_TIME: (0.899,),
    c.RUN_DELAY: (0.0005,),
    c.VOLUNTARY: (0.0,),
    c.INVOLUNTARY: (2.0,),
    c.STEAL: (0.0,),
    c.QUOTA_THROTTLED: (0.0,),
    c.CPU_CLOCK: (2.6e9, 2.6e9),
    c.CLOCK_GAP: (2e-6,),
    c.CANARY: (8.00e-9, 8.05e-9),
    c.HARNESS_CPU: (0.0002,),
}


def quiet(role: str = "timing", **changed: tuple[float, ...] | None) -> Record:
    """A quiet record with some metrics, by the names of their ids, changed; None leaves one out."""
    of = trial(role=role)
    figures = {m.id: (m, changed.get(m.id, values)) for m, values in QUIET.items()}
    unknown = set(changed) - set(figures)
    extra = {name: (Metric(name, "1", "neither", "device", "made"), changed[name]) for name in unknown}
    kept = [
        Measurement(m, "timed", "measured", values, None if values else "not shown here")
        for m, values in {**figures, **extra}.values()
        if values is not None
    ]
    return replace(record(of), measurements=tuple(kept), facts={"threads": "1"})


def found(of: Record) -> list[str]:
    from harness.checks import analyse

    return [f.code for f in analyse(of)]
