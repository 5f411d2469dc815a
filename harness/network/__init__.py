"""What a link adds to a remote tier's latency, and at which round trip the edge beats the cloud. Pure.

``tcp`` has the formula with its assumptions and sources, ``crossing`` sets it equal to the edge, ``given`` reads links
that a user wrote, ``payload`` takes the bytes of a request from a run's records.
"""

from __future__ import annotations

from harness.network.crossing import Crossing, crossing
from harness.network.given import attach, link_of, quantity
from harness.network.payload import payload_of
from harness.network.tcp import CONNECTIONS, Connection, Exchange, Link, Payload, exchange

__all__ = [
    "CONNECTIONS",
    "Connection",
    "Crossing",
    "Exchange",
    "Link",
    "Payload",
    "attach",
    "crossing",
    "exchange",
    "link_of",
    "payload_of",
    "quantity",
]
