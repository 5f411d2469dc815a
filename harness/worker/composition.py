"""The composition role: what tensors the memory of a torch workload is made of, with what is left unexplained."""

from __future__ import annotations

from collections.abc import Sequence

from harness.meters.composition import Account
from harness.model.case import Device
from harness.model.measure import GPU_ALLOCATED, PROCESS_BASELINE, PROCESS_PEAK, Finding, Measurement, Metric
from harness.model.memory import COMPOSITION_PEAK, FRAMEWORK, GPU_COMPOSITION_PEAK, PARTS, REMAINDER

STEPS = ("warm-up", "timed")
OUTSIDE = "torch's allocator does not hold the CUDA context: it is in gpu_remainder"


def account_for(device: Device) -> Account:
    """An account of the storages on a case's device."""
    return Account("cuda" if device == "gpu" else "cpu")


def measurements(peak: dict[str, int], seen: Sequence[Measurement], device: Device) -> tuple[Measurement, ...]:
    """Parts by bytes at the tensors' ``peak``, framework, remainder and the process's own peak, which they add up to.

    ``seen`` is what the memory meters said of the trial's stages.
    """
    parts = [_one(metric, float(peak[metric.id.removeprefix("composition_")]), "") for metric in PARTS]
    if device == "gpu":
        top, total = _top(seen, GPU_ALLOCATED, STEPS), GPU_COMPOSITION_PEAK
        framework, base = _one(FRAMEWORK, None, OUTSIDE), 0.0
    else:
        top, total = _top(seen, PROCESS_PEAK, STEPS), COMPOSITION_PEAK
        base = _top(seen, PROCESS_BASELINE, ("load",)) or 0.0
        framework = _one(FRAMEWORK, base or None, "the memory before load is not known")
    rest = None if top is None else top - base - sum(peak.values())
    why = "the peak of the steps is not known"
    return (*parts, framework, _one(REMAINDER, rest, why), _one(total, top, why))


def not_followed(error: Exception) -> tuple[Finding, tuple[Measurement, ...]]:
    """What to say where following the tensors failed: the other trials tell whether the work itself runs."""
    reason = f"its tensors could not be followed: {type(error).__name__}: {error}"
    finding = Finding("warning", "composition-failed", reason, "its other figures are not affected")
    return finding, tuple(_one(metric, None, reason) for metric in (*PARTS, FRAMEWORK, REMAINDER, COMPOSITION_PEAK))


def _top(seen: Sequence[Measurement], metric: Metric, stages: Sequence[str]) -> float | None:
    return max((v for m in seen if m.metric.id == metric.id and m.stage in stages for v in m.values), default=None)


def _one(metric: Metric, value: float | None, missing: str) -> Measurement:
    if value is None:
        return Measurement(metric, "trial", "measured", missing=missing)
    return Measurement(metric, "trial", "measured", (value,))
