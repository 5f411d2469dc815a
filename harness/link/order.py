"""What the processes of a measured link tell each other, as JSON."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Shape = Literal["netem", "userspace"]
"""By what the link is shaped: the kernel's network emulator, or a relay between two tunnel devices."""


class Order(Struct, frozen=True):
    """What to measure: sizes in bytes, bandwidth in bit/s, times in s."""

    shape: Shape
    bandwidth: float
    round_trip: float
    sent: int
    returned: int
    tries: int
    patience: float
    """For one exchange."""


class Times(Struct, frozen=True):
    """What the client measured: seconds of each exchange, by connection, and the congestion control it was under."""

    kept: tuple[float, ...]
    new: tuple[float, ...]
    congestion: str
