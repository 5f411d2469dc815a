"""The formula against arithmetic by hand, and what must hold for any link and payload."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.network import CONNECTIONS, Connection, Link, Payload, exchange
from harness.network.tcp import FIRST_WINDOW, HEADERS, SEGMENT, serialisation, transfer, waits

MBIT, MS = 1e6, 1e-3
CITY = Link(20 * MBIT, 40 * MS)

links = st.builds(Link, st.floats(1e4, 1e11), st.floats(0, 2))
sizes = st.integers(0, 1 << 32)
payloads = st.builds(Payload, sizes, sizes)
connections = st.sampled_from(CONNECTIONS)
CLOSE = 1 + 1e-12
"""Sums in another order differ in their last digits."""


def seconds(payload: Payload, link: Link, connection: Connection = "new") -> float:
    return exchange(payload, link, connection).seconds


def test_the_bits_of_a_message_include_its_headers():
    assert serialisation(10 * SEGMENT, 1e6) == 8 * 10 * 1500 / 1e6
    assert serialisation(10 * SEGMENT + 1, 1e6) - serialisation(10 * SEGMENT, 1e6) == pytest.approx(
        8 * (1 + HEADERS) / 1e6
    )


def test_a_small_message_waits_for_nothing_but_the_distance():
    assert waits(FIRST_WINDOW * SEGMENT, CITY) == 0
    assert seconds(Payload(1, 1), CITY, "kept") == pytest.approx(40 * MS, rel=0.01)
    assert seconds(Payload(1, 1), CITY, "new") == pytest.approx(80 * MS, rel=0.01)


def test_a_kept_connection_at_20_mbit_and_40_ms_by_hand():
    """100 KB are 70 packets: 103,640 bytes, 41.5 ms on the link and 40 of distance."""
    assert seconds(Payload(100_000, 0), CITY, "kept") == pytest.approx(0.0415 + 0.040, rel=0.001)


def test_a_new_connection_at_20_mbit_and_40_ms_by_hand():
    """Windows of 10, 20 and 40: two waits, each a round trip less what the window still keeps the link busy."""
    packet = 0.6 * MS
    assert waits(100_000, CITY) == pytest.approx((40 * MS - 9 * packet) + (40 * MS - 19 * packet))
    assert seconds(Payload(100_000, 0), CITY) == pytest.approx(0.0815 + 0.040 + waits(100_000, CITY), rel=0.001)


def test_slow_start_ends_once_a_window_keeps_the_link_busy():
    packet = 8 * 1500 / CITY.bandwidth
    covering = math.ceil((CITY.round_trip + packet) / packet)
    assert waits(1e8, CITY) == waits(covering * 4 * SEGMENT, CITY)


def test_tls_costs_one_more_round_trip_on_a_new_connection_only():
    payload = Payload(5000, 5000)
    assert exchange(payload, CITY, "new", tls=True).handshake == pytest.approx(80 * MS)
    assert exchange(payload, CITY, "kept", tls=True) == exchange(payload, CITY, "kept")


def test_the_parts_of_an_exchange_add_up():
    parts = exchange(Payload(200_000, 3000), CITY, "new")
    assert parts.seconds == parts.handshake + parts.there + parts.back
    assert parts.there == transfer(200_000, CITY, slow_start=True)
    assert parts.there > parts.back


@given(payloads, links, st.floats(0, 2), connections)
def test_a_longer_round_trip_is_never_faster(payload, link, more, connection):
    assume(link.round_trip + more > link.round_trip)
    longer = Link(link.bandwidth, link.round_trip + more)
    assert seconds(payload, longer, connection) * CLOSE >= seconds(payload, link, connection)


@given(sizes, sizes, st.integers(0, 1 << 20), links, connections)
def test_more_bytes_are_never_faster(sent, returned, more, link, connection):
    before = seconds(Payload(sent, returned), link, connection)
    assert seconds(Payload(sent + more, returned), link, connection) * CLOSE >= before
    assert seconds(Payload(sent, returned + more), link, connection) * CLOSE >= before


@given(payloads, links, st.floats(1, 1000), connections)
def test_more_bandwidth_is_never_slower(payload, link, times, connection):
    wider = Link(link.bandwidth * times, link.round_trip)
    assert seconds(payload, wider, connection) <= seconds(payload, link, connection) * CLOSE


@given(payloads, links)
def test_a_new_connection_costs_at_least_its_handshake(payload, link):
    kept, new = (seconds(payload, link, connection) for connection in CONNECTIONS)
    assert new * CLOSE >= kept + link.round_trip


@given(payloads, links, connections)
def test_no_exchange_is_faster_than_light_and_wire(payload, link, connection):
    bits = 8 * (payload.sent + payload.returned)
    assert seconds(payload, link, connection) * CLOSE >= link.round_trip + bits / link.bandwidth
