"""What one should know of a sound profile that is no error: old figures, sparse peaks, odd ratios and times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from harness.profiles.fault import Fault, FieldPath, base_value, last_key, list_in
from harness.profiles.figures import DIMENSIONS, first_day, tables_at
from harness.profiles.plausible import unlikely

_DENSE_OVER_HALF = 2.5
"""Tensor cores do int8 at twice the rate of float16: a peak well above that counts on sparsity."""


def noted(data: dict[str, Any], today: date) -> list[Fault]:
    """The notes on a profile's data, as of ``today``."""
    return [*_past(data, today), *_to_come(data, today), *_sparse(data), *_odd_ratio(data), *unlikely(data)]


def _past(data: dict[str, Any], today: date) -> Iterator[Fault]:
    for names in DIMENSIONS:
        for path, figure in tables_at(data, names, ()):
            when = figure.get("recheck")
            if isinstance(when, str) and (day := first_day(when)) and day < today:
                yield Fault((*path, "recheck"), f"{last_key(path)} was to be looked up again by {when}")


def _to_come(data: dict[str, Any], today: date) -> Iterator[Fault]:
    """Figures dated after today, all in one note: it may as well be the clock that is wrong."""
    tomorrow = today + timedelta(days=1)
    later = []
    for names in (*DIMENSIONS, ("target", "anchors"), ("target", "accuracy")):
        for path, figure in tables_at(data, names, ()):
            when = figure.get("date")
            if isinstance(when, str) and (day := first_day(when)) and day > tomorrow:
                later.append((day, (*path, "date")))
    if later:
        last, path = max(later, key=lambda found: found[0])
        dates = "1 date is" if len(later) == 1 else f"{len(later)} dates are"
        message = f"{dates} in the future, up to {last}: this machine's clock says {today}, which may be behind"
        yield Fault(path, message)


def _sparse(data: dict[str, Any]) -> Iterator[Fault]:
    for index, npu in enumerate(list_in(data.get("npu"))):
        if isinstance(npu, dict) and npu.get("sparse") is True and "peak_int8" in npu:
            path: FieldPath = ("npu", index, "peak_int8")
            yield Fault(path, "peak_int8 counts on sparsity: the dense peak is about half")


def _odd_ratio(data: dict[str, Any]) -> Iterator[Fault]:
    for index, target in enumerate(list_in(data.get("target"))):
        whole, half = base_value("OP/s", target, "peak_int8"), base_value("FLOP/s", target, "peak_fp16")
        if whole and half and target.get("device") == "gpu" and whole > _DENSE_OVER_HALF * half:
            message = f"peak_int8 is {whole / half:.1f} times peak_fp16, about twice is dense: is it a sparse figure?"
            yield Fault(("target", index, "peak_int8"), message)
