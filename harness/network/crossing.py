"""At which round trip the edge begins to beat the cloud."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from harness.network.tcp import Connection, Link, Payload, exchange, slope

_STEPS = 100
_CLOSE = 1e-12


class Crossing(Struct, frozen=True):
    """The edge is faster beyond ``round_trip`` (s). None where it is at any: ``because`` says what takes too long.

    ``computing``: what the cloud computes. ``bandwidth``: the bits on the link, without any distance.
    """

    round_trip: float | None
    because: Literal["computing", "bandwidth"] | None = None


def crossing(edge: float, cloud: float, payload: Payload, bandwidth: float, connection: Connection) -> Crossing:
    """Where ``edge`` seconds on the spot equal ``cloud`` seconds of computing and the exchange over the link.

    An exchange takes at least its round trip, so beyond ``edge`` the edge has won. From there Newton's method comes
    down without going too far: an exchange's time is made of straight pieces, each steeper than the one before it.
    """
    if cloud >= edge:
        return Crossing(None, "computing")
    if _lag(edge, cloud, payload, Link(bandwidth, 0.0), connection) >= 0:
        return Crossing(None, "bandwidth")
    link = Link(bandwidth, edge)
    for _ in range(_STEPS):
        lag = _lag(edge, cloud, payload, link, connection)
        if lag <= edge * _CLOSE:
            break
        link = Link(bandwidth, link.round_trip - lag / slope(payload, link, connection))
    return Crossing(link.round_trip)


def _lag(edge: float, cloud: float, payload: Payload, link: Link, connection: Connection) -> float:
    """How much longer the cloud takes than the edge."""
    return cloud + exchange(payload, link, connection).seconds - edge
