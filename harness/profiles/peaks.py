"""What a target can do at most by the figures of its profile: operations and bytes a second, and the words for it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from harness.model.units import show
from harness.profiles.fault import base_value, list_in

_WIDTHS = {
    "float64": 0.5, "float32": 1.0, "bfloat16": 2.0, "float16": 2.0,
    "float8_e4m3fn": 4.0, "float8_e5m2": 4.0, "int8": 4.0, "int4": 8.0,
}  # fmt: skip
"""Operations a cycle, as times those in float32."""
_MATRIX_UNITS = ("amx", "sme")
_MATRIX_UNIT = 16.0
"""A matrix unit beside the vector units does at most so many times what these do."""
_REACHED = 4.0
"""Operations per cycle that a calibration reached are no data sheet's: a core does at most so many times these."""
_ANY_CORE = 3e12
"""FLOP/s in float32 of one core with a matrix unit at 6 GHz: none does more."""
OTHER_TARGETS = 100.0
"""Times the peak of the board's other targets: a GPU whose peak is not stated is not further above its CPU."""
_BANDWIDTHS = (("bandwidth_peak", 1.1), ("bandwidth_copy", 25.0), ("bandwidth_copy_1t", 25.0))
"""Figure, and how many times it reading can be: a copy reads and writes, on one thread or on a busy machine."""
MOST_TARGETS = 50
"""Each is compared with all others; no board has more."""
_CACHED = 1 / 64
"""Of its memory: no machine has larger caches, and what lies in them is not read from memory again."""


class Bound(NamedTuple):
    """The most that can be, and how it is put after ``is at least 3 TFLOP/s, ``."""

    value: float
    words: str
    stated: bool = False
    """Whether it is the target's own peak."""


def flop_bound(data: dict[str, Any], target: dict[str, Any], group: dict[str, Any]) -> Bound | None:
    """Operations a second of the target in the group's data type on its threads; None where nothing tells."""
    dtype, threads = group.get("dtype"), _threads(group)
    if not isinstance(dtype, str) or dtype not in _WIDTHS:
        return None
    peak = stated_peak(target, dtype, threads)
    if peak is not None:
        return Bound(peak, f"and the target's peak in {dtype} is {show(peak, 'FLOP/s')}", stated=True)
    if target.get("device") == "cpu":
        most = _ANY_CORE * threads * _WIDTHS[dtype]
        return Bound(most, f"and {threads:g} cores of any make do less than {show(most, 'FLOP/s')}")
    others = [_any_peak(other, dtype) for other in list_in(data.get("target"))[:MOST_TARGETS] if other is not target]
    best = max((peak for peak in others if peak is not None), default=None)
    if best is None:
        return None
    each = f"{show(best, 'FLOP/s')} in {dtype}"
    words = f"over {OTHER_TARGETS:g} times what the board's other targets do at most: {each}"
    return Bound(OTHER_TARGETS * best, words)


def stated_peak(target: dict[str, Any], dtype: str, threads: float) -> float | None:
    """Operations a second by the profile's own figures; None where these do not tell."""
    whole = base_value("FLOP/s", target, "peak_fp32")
    half, eighth = base_value("FLOP/s", target, "peak_fp16"), base_value("OP/s", target, "peak_int8")
    if target.get("device") == "cpu":
        whole = _of_cores(target, threads) or whole
    wide = _WIDTHS[dtype] * (_MATRIX_UNIT if _has_matrix_unit(target) else 1.0)
    tensor = half / 2 if half is not None and target.get("device") == "gpu" else None
    found = [
        whole * wide if whole is not None else None,
        tensor * _WIDTHS[dtype] if tensor is not None else None,
        half if dtype in {"float16", "bfloat16"} else None,
        eighth * _WIDTHS[dtype] / 4 if eighth is not None and _WIDTHS[dtype] >= _WIDTHS["int8"] else None,
    ]
    peak = max((value for value in found if value is not None), default=None)
    return peak if peak is not None and math.isfinite(peak) else None


def _threads(group: dict[str, Any]) -> float:
    """As stated; without end where that is broken."""
    threads = group.get("threads")
    return min(threads, 1e6) if isinstance(threads, int) and threads >= 1 else math.inf


def _of_cores(target: dict[str, Any], threads: float) -> float | None:
    """FLOP/s in float32 of so many cores, the fastest first; None where a factor is missing or broken."""
    clusters = []
    for cluster in list_in(target.get("clusters")):
        count = base_value("cores", cluster, "cores")
        clock, each = base_value("Hz", cluster, "clock"), base_value("FLOP/cycle", cluster, "flop_per_cycle_fp32")
        if count is None or clock is None or each is None:
            return None
        reached = cluster["flop_per_cycle_fp32"].get("kind") in {"computed", "measured"}
        clusters.append((clock * each * (_REACHED if reached else 1.0), count))
    total = 0.0
    for speed, count in sorted(clusters, reverse=True):
        total += speed * min(count, threads)
        threads -= min(count, threads)
    return total or None


def _has_matrix_unit(target: dict[str, Any]) -> bool:
    return any(isinstance(name, str) and name.lower().startswith(_MATRIX_UNITS) for name in list_in(target.get("isa")))


def _any_peak(target: Any, dtype: str) -> float | None:
    return stated_peak(target, dtype, math.inf) if isinstance(target, dict) else None


def bandwidth_bound(data: dict[str, Any], target: dict[str, Any]) -> Bound | None:
    """Bytes a second of the memory that the target works in; None where nothing tells."""
    places = [target] if "memory" in target else [target, data.get("memory")]
    for name, times in _BANDWIDTHS:
        for place in places:
            figure = base_value("B/s", place, name)
            if figure is not None and math.isfinite(figure):
                return Bound(figure * times, f"and {name} is {show(figure, 'B/s')}")
    return None


def cache_bytes(data: dict[str, Any], target: dict[str, Any]) -> float:
    """The most that caches may hold between two steps."""
    own = base_value("B", target, "memory")
    return _CACHED * (own or base_value("B", data, "memory", "nominal") or math.inf)
