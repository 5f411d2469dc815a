"""One way of the userspace link, by a clock that the test sets."""

from __future__ import annotations

import os
import socket
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.link.relay import Direction, relay

PACKET = b"x" * 1500
SECONDS = 8 * 1500 / 20e6

comings = st.lists(st.tuples(st.floats(0, 0.1), st.integers(1, 1500)), min_size=1, max_size=50)


def test_a_packet_takes_its_bits_and_the_distance():
    way = Direction(20e6, 0.02)
    way.take(PACKET, 1.0)
    assert way.next == pytest.approx(1.0 + SECONDS + 0.02)
    assert way.arrived(1.0 + SECONDS + 0.0199) == []
    assert way.arrived(1.0 + SECONDS + 0.0201) == [PACKET]
    assert way.next is None


def test_packets_that_come_together_leave_one_after_the_other():
    way = Direction(20e6, 0.02)
    arrivals = []
    for _ in range(5):
        way.take(PACKET, 1.0)
    while way.next is not None:
        arrivals.append(way.next)
        way.arrived(way.next)
    assert [b - a for a, b in pairwise(arrivals)] == pytest.approx([SECONDS] * 4)


@given(comings, st.floats(1e4, 1e9), st.floats(0, 0.5))
def test_nothing_is_lost_reordered_or_early_and_the_link_never_idles_with_work(comings, bandwidth, delay):
    way, now, free = Direction(bandwidth, delay), 0.0, 0.0
    sent, due, found = [], [], []
    for number, (gap, size) in enumerate(comings):
        now += gap
        sent.append(bytes([number]) * size)
        way.take(sent[-1], now)
        free = max(free, now) + 8 * size / bandwidth
        due.append(free + delay)
    arrivals = []
    while way.next is not None:
        arrivals.append(way.next)
        found += way.arrived(way.next)
    assert found == sent
    assert arrivals == pytest.approx(sorted(set(due)))


def test_the_relay_carries_both_ways_and_ends_when_it_is_told():
    near, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    far, outer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    inner.setblocking(False)
    outer.setblocking(False)
    stop, told = os.pipe()
    carrying = threading.Thread(target=relay, args=(inner.fileno(), outer.fileno(), stop, 1e9, 0.002))
    carrying.start()
    near.send(b"there")
    assert far.recv(100) == b"there"
    far.send(b"back")
    assert near.recv(100) == b"back"
    os.close(told)
    carrying.join(10)
    assert not carrying.is_alive()
    os.close(stop)
    for end in (near, inner, far, outer):
        end.close()
