"""The bytes of a request and of its answer, as a run's need trials measured them."""

from __future__ import annotations

from collections.abc import Iterable

from harness.model.measure import INPUT_BYTES, OUTPUT_BYTES, Metric
from harness.model.record import Record
from harness.network.tcp import Payload


def payload_of(records: Iterable[Record]) -> Payload | None:
    """The most that any of the records says; None where none says both."""
    every = list(records)
    sent, returned = _most(every, INPUT_BYTES), _most(every, OUTPUT_BYTES)
    return None if sent is None or returned is None else Payload(sent, returned)


def _most(records: Iterable[Record], metric: Metric) -> float | None:
    return max((v for r in records if (m := r.find(metric.id)) for v in m.values), default=None)
