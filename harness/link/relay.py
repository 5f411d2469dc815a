"""A link made of two tunnel devices: what comes out of one goes into the other, at a rate and after a delay.

Nothing is lost, reordered or thinned out. Where this process comes too late, a packet is later than it should be.
"""

from __future__ import annotations

import os
import select
from collections import deque
from time import perf_counter

PACKET = 65_536
"""Bytes that a tunnel device gives at once, at most."""


class Direction:
    """One way of the link: ``bandwidth`` in bit/s, ``delay`` in s. Times are seconds of any one clock."""

    def __init__(self, bandwidth: float, delay: float) -> None:
        self._bandwidth, self._delay = bandwidth, delay
        self._free = 0.0
        self._under_way: deque[tuple[float, bytes]] = deque()

    def take(self, packet: bytes, now: float) -> None:
        """A packet that came at ``now``: it starts when the one before it has left."""
        self._free = max(now, self._free) + 8 * len(packet) / self._bandwidth
        self._under_way.append((self._free + self._delay, packet))

    @property
    def next(self) -> float | None:
        """When the next packet arrives; None where none is under way."""
        return self._under_way[0][0] if self._under_way else None

    def arrived(self, now: float) -> list[bytes]:
        """The packets that have arrived by ``now``, in their order; they are no longer under way."""
        found = []
        while self._under_way and self._under_way[0][0] <= now:
            found.append(self._under_way.popleft()[1])
        return found


def relay(near: int, far: int, until: int, bandwidth: float, round_trip: float) -> None:
    """Carry packets between two tunnel descriptors until the descriptor ``until`` can be read."""
    ways = {near: (Direction(bandwidth, round_trip / 2), far), far: (Direction(bandwidth, round_trip / 2), near)}
    while True:
        due = [at for way, _ in ways.values() if (at := way.next) is not None]
        wait = max(0.0, min(due) - perf_counter()) if due else None
        readable = select.select([near, far, until], [], [], wait)[0]
        if until in readable:
            return
        for source in readable:
            _fill(ways[source][0], source)
        for way, target in ways.values():
            for packet in way.arrived(perf_counter()):
                os.write(target, packet)


def _fill(way: Direction, source: int) -> None:
    while True:
        try:
            packet = os.read(source, PACKET)
        except BlockingIOError:
            return
        way.take(packet, perf_counter())
