"""What must hold between the figures of a profile: memory that adds up, targets with names of their own, peaks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from harness.model.units import show
from harness.profiles.fault import ID, ID_HINT, Fault, FieldPath, base_value, list_in

DTYPES = ("float64", "float32", "bfloat16", "float16", "float8_e4m3fn", "float8_e5m2", "int8", "int4")
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
    measured, peak = (
        base_value("B/s", data, "memory", "bandwidth_copy_1t"),
        base_value("B/s", data, "memory", "bandwidth_peak"),
    )
    if measured is not None and peak is not None and measured > peak:
        message = f"the measured bandwidth {show(measured, 'B/s')} is above the peak {show(peak, 'B/s')}"
        yield Fault(("memory", "bandwidth_copy_1t"), message)


def target_faults(data: dict[str, Any]) -> Iterator[Fault]:
    """What is wrong with the targets, and with peaks that disagree with their cores and clocks."""
    targets = data.get("target")
    if targets == []:
        yield Fault(("target",), "there is no target", "write [[target]] for the CPU")
    ids: list[str] = []
    for index, target in enumerate(list_in(targets)):
        if isinstance(target, dict):
            yield from _target(("target", index), target, ids)
            ids += [target["id"]] if isinstance(target.get("id"), str) else []


def _target(path: FieldPath, target: dict[str, Any], earlier: list[str]) -> Iterator[Fault]:
    own = target.get("id")
    if isinstance(own, str):
        if not ID.match(own):
            yield Fault((*path, "id"), f"{own!a} is not a name", ID_HINT)
        if own in earlier:
            yield Fault((*path, "id"), f"two targets are called {own!a}")
    for index, dtype in enumerate(list_in(target.get("dtypes"))):
        if isinstance(dtype, str) and dtype not in DTYPES:
            yield Fault((*path, "dtypes", index), f"no data type is called {dtype!a}", "one of " + ", ".join(DTYPES))
    yield from _peak(path, target)


def _peak(path: FieldPath, target: dict[str, Any]) -> Iterator[Fault]:
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
