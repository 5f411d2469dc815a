"""What must hold between the figures of a profile: memory that adds up, bandwidths and power in order, peaks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from harness.model.units import show
from harness.profiles.fault import Fault, FieldPath, base_value, list_in

_PEAK_FACTORS = (("cores", "cores"), ("clock", "Hz"), ("flop_per_cycle_fp32", "FLOP/cycle"))
PEAK_TOLERANCE = 0.05
"""By how much a stated peak may differ from cores x clock x operations per cycle: clocks are rounded in data sheets."""


def memory_faults(data: dict[str, Any]) -> Iterator[Fault]:
    """What does not add up in the memory of a board."""
    usable, nominal = base_value("B", data, "memory", "usable"), base_value("B", data, "memory", "nominal")
    reserve = base_value("B", data, "memory", "reserve")
    if usable is not None and nominal is not None and usable > nominal:
        message = f"usable is {show(usable, 'B')}, above the nominal {show(nominal, 'B')}"
        yield Fault(("memory", "usable"), message)
    if usable is not None and reserve is not None and reserve >= usable:
        message = f"reserve is {show(reserve, 'B')}, which leaves nothing of the usable {show(usable, 'B')}"
        yield Fault(("memory", "reserve"), message)
    yield from bandwidth_faults(("memory",), data.get("memory"))


def bandwidth_faults(path: FieldPath, around: Any) -> Iterator[Fault]:
    """A measured copy that is faster than the memory that it went through."""
    peak = base_value("B/s", around, "bandwidth_peak")
    for name in ("bandwidth_copy_1t", "bandwidth_copy"):
        measured = base_value("B/s", around, name)
        if measured is not None and peak is not None and measured > peak:
            message = f"the measured bandwidth {show(measured, 'B/s')} is above the peak {show(peak, 'B/s')}"
            yield Fault((*path, name), message)


def power_faults(data: dict[str, Any]) -> Iterator[Fault]:
    """A board that is said to draw more at rest than under load, where both figures are of one scope."""
    power = data.get("power")
    idle, load = base_value("W", power, "idle"), base_value("W", power, "load")
    if idle is None or load is None or not isinstance(power, dict):
        return
    if idle > load and power["idle"].get("scope") == power["load"].get("scope"):
        message = f"idle is {show(idle, 'W')}, above the load's {show(load, 'W')}"
        yield Fault(("power", "idle"), message, "correct the one that is wrong")


def sparse_faults(data: dict[str, Any]) -> Iterator[Fault]:
    """An int8 peak that its own words call sparse, where it has to be dense or marked as sparse."""
    for index, target in enumerate(list_in(data.get("target"))):
        if isinstance(target, dict) and _called_sparse(target.get("peak_int8")):
            message = "peak_int8 of a target is dense, and its source or note speaks of a sparse figure"
            yield Fault(("target", index, "peak_int8"), message, "give the dense figure, and say 'dense' in the note")
    for index, npu in enumerate(list_in(data.get("npu"))):
        if isinstance(npu, dict) and npu.get("sparse") is not True and _called_sparse(npu.get("peak_int8")):
            message = "the source or note of peak_int8 speaks of a sparse figure, and sparse is not true"
            yield Fault(("npu", index, "peak_int8"), message, "write sparse = true, or say 'dense' in the note")


def _called_sparse(figure: Any) -> bool:
    texts = [figure.get(name) for name in ("source", "note")] if isinstance(figure, dict) else []
    said = " ".join(text.lower() for text in texts if isinstance(text, str))
    return "spars" in said and "dense" not in said


def peak_faults(path: FieldPath, target: dict[str, Any]) -> Iterator[Fault]:
    """A float32 peak that is not cores x clock x operations per cycle."""
    stated, computed = base_value("FLOP/s", target, "peak_fp32"), _computed_peak(target)
    if stated is None or computed is None or abs(stated - computed) <= PEAK_TOLERANCE * computed:
        return
    message = f"peak_fp32 is {show(stated, 'FLOP/s')}, cores x clock x FLOP/cycle is {show(computed, 'FLOP/s')}"
    yield Fault((*path, "peak_fp32"), message, "correct the one that is wrong")


def _computed_peak(target: dict[str, Any]) -> float | None:
    """Cores x clock x operations per cycle over all clusters, in FLOP/s; None where a factor is missing or broken."""
    total = 0.0
    for cluster in list_in(target.get("clusters")):
        factors = [base_value(unit, cluster, name) for name, unit in _PEAK_FACTORS]
        known = [f for f in factors if f is not None]
        if len(known) < len(factors) or known[0] % 1:
            return None
        total += math.prod(known)
    return total or None
