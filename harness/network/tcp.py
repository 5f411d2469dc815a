"""How long a payload takes over a link: handshake, slow start, serialisation, distance.

Assumed: one flow, alone on the link; no loss, and room before the narrow place for all that a sender may have under
way; the same bandwidth both ways and half of the round trip each; requests without delay by Nagle's algorithm.

- A packet carries ``SEGMENT`` bytes of payload: an MTU of 1500 less IPv4 (20), TCP (20) and its timestamps (12,
  RFC 7323). Its ``HEADERS`` take their time on the link too.
- A new connection costs a round trip before the first byte (RFC 9293), one more where TLS 1.3 is spoken (RFC 8446).
- It may begin with ``FIRST_WINDOW`` segments (RFC 6928), and what it may have under way doubles with each round trip
  until it covers the link (slow start, RFC 5681): until then the sender waits for acknowledgements between windows.
- A kept connection has grown its window before. One that has been idle for longer than a retransmission timeout (on
  Linux 0.2 s and more) begins anew (RFC 5681, section 4.1): it is a new one without the handshake.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

SEGMENT = 1448
HEADERS = 52
FIRST_WINDOW = 10

Connection = Literal["kept", "new"]
CONNECTIONS: tuple[Connection, ...] = ("kept", "new")


class Link(Struct, frozen=True):
    """A link: ``bandwidth`` in bit/s each way, ``round_trip`` in s."""

    bandwidth: float
    round_trip: float


class Payload(Struct, frozen=True):
    """Bytes sent to the other side and returned from it."""

    sent: float
    returned: float


class Exchange(Struct, frozen=True):
    """A request and its response, in seconds on the link; what is computed in between is not in it."""

    handshake: float
    there: float
    back: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.handshake + self.there + self.back


def exchange(payload: Payload, link: Link, connection: Connection, tls: bool = False) -> Exchange:
    """The time of one request and its response, on a kept connection or on a new one."""
    new = connection == "new"
    return Exchange(
        handshake=link.round_trip * (1 + tls) if new else 0.0,
        there=transfer(payload.sent, link, new),
        back=transfer(payload.returned, link, new),
    )


def transfer(size: float, link: Link, slow_start: bool) -> float:
    """Seconds from a message's first byte sent to its last received."""
    return link.round_trip / 2 + serialisation(size, link.bandwidth) + (waits(size, link) if slow_start else 0.0)


def serialisation(size: float, bandwidth: float) -> float:
    """Seconds that the bits of ``size`` bytes and their headers take on a link of ``bandwidth`` bit/s."""
    return 8 * (size + HEADERS * math.ceil(size / SEGMENT)) / bandwidth


def waits(size: float, link: Link) -> float:
    """Seconds in which a sender in slow start has sent its window and waits for the first acknowledgement of it."""
    packet = serialisation(SEGMENT, link.bandwidth)
    windows = waiting(size, link)
    return len(windows) * (link.round_trip + packet) - sum(windows) * packet


def waiting(size: float, link: Link) -> list[int]:
    """The windows, in packets, after which a sender in slow start has to wait."""
    packet = serialisation(SEGMENT, link.bandwidth)
    left, window, found = math.ceil(size / SEGMENT), FIRST_WINDOW, []
    while left > window and window * packet < link.round_trip + packet:
        found.append(window)
        left -= window
        window *= 2
    return found


def slope(payload: Payload, link: Link, connection: Connection) -> int:
    """By how many seconds an exchange is longer for each second of a longer round trip."""
    if connection == "kept":
        return 1
    return 2 + len(waiting(payload.sent, link)) + len(waiting(payload.returned, link))
