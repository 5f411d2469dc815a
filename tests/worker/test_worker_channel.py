"""What a child says reaches the parent whole, whatever its meters gave."""

from __future__ import annotations

import math
import os

import pytest

from harness.model import codec
from harness.model.events import Measured
from harness.model.measure import LATENCY, Measurement
from harness.worker.channel import Channel


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_missing_with_the_reason(odd: float) -> None:
    reader, writer = os.pipe()
    channel = Channel(writer)
    channel.measured(
        Measurement(LATENCY, "timed", "measured", (0.1, odd)), Measurement(LATENCY, "timed", "measured", (0.1, 0.2))
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        first, second = (codec.decode_event(line) for line in stream)
    assert isinstance(first, Measured)
    assert isinstance(second, Measured)
    assert first.measurement.values == ()
    assert first.measurement.missing == f"the meter gave {odd}, which is no figure"
    assert second.measurement.values == (0.1, 0.2)
