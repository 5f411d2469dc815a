"""A remote tier's latency end to end: what it computes and the network on top, by link and kind of connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from harness.model.case import Case
from harness.model.profile import HardwareProfile, Network
from harness.model.units import show, show_bytes
from harness.network import CONNECTIONS, Connection, Link, Payload, exchange, payload_of
from harness.verdict import CaseFacts
from harness.view.figures import Value

NO_PAYLOAD = "no memory trial has said how many bytes go there and back"
Request = tuple[str, str]
_KEY = "end_to_end:"
_NAMES = {"kept": "kept connection", "new": "new connection"}


def end_to_end(latency: Value, payload: Payload | None, profile: HardwareProfile | None) -> Iterator[tuple[str, Value]]:
    """A figure for each link to a remote tier and kind of connection, with its key; none for a tier at hand."""
    for place, network in enumerate(links(profile)):
        for connection in CONNECTIONS:
            yield key(place, connection), _over(latency, payload, network, connection)


def links(profile: HardwareProfile | None) -> tuple[Network, ...]:
    """The links over which a tier is reached: those with a round trip. A board's own bandwidth makes it not remote."""
    return tuple(n for n in profile.network if n.round_trip is not None) if profile else ()


def key(place: int, connection: Connection) -> str:
    """Under which key the figure for the link at that place among ``links`` stands among a case's."""
    return f"{_KEY}{place}:{connection}"


def due(values: Mapping[str, Value]) -> Value:
    """What a deadline is held against: a remote tier's time end to end, on a kept connection over its first link."""
    return values.get(key(0, "kept"), values["latency"])


def on_link(values: Mapping[str, Value]) -> float:
    """Seconds that the link takes of what a deadline is held against; 0 for a tier at hand."""
    whole, computing = due(values).value, values["latency"].value
    return whole - computing if whole is not None and computing is not None else 0.0


def link_of(network: Network) -> Link | None:
    """The link in base units; None where the profile does not state both figures."""
    if network.bandwidth is None or network.round_trip is None or network.bandwidth.base <= 0:
        return None
    return Link(network.bandwidth.base, network.round_trip.base)


def payloads(facts: Iterable[CaseFacts]) -> dict[Request, Payload]:
    """What goes there and back, by what it depends on: any tier's trials can tell, in whatever runtime."""
    found: dict[Request, Payload] = {}
    for f in facts:
        if request(f.case) not in found and (payload := payload_of(f.work.need)):
            found[request(f.case)] = payload
    return found


def request(case: Case) -> Request:
    """What the bytes of a case's request depend on: its workload and data type."""
    return case.workload.id, case.dtype


def _over(latency: Value, payload: Payload | None, network: Network, connection: Connection) -> Value:
    blank = Value(
        metric="end_to_end",
        label=f"end to end over {network.name}, {_NAMES[connection]}",
        unit="s",
        marks=f"{network.name}, {connection}",
    )
    link = link_of(network)
    if link is None:
        return replace(blank, note=f"the profile states no bandwidth of {network.name}")
    if payload is None or latency.value is None:
        return replace(blank, note=NO_PAYLOAD if payload is None else latency.note)
    taken = exchange(payload, link, connection)
    low, high = (None if end is None else end + taken.seconds for end in (latency.low, latency.high))
    note = f"{show(latency.value, 's')} computing, {show(taken.seconds, 's')} on the link"
    return replace(blank, value=latency.value + taken.seconds, low=low, high=high, provenance="projected", note=note)


def said(payload: Payload) -> str:
    """``588 KiB there, 3.91 KiB back``."""
    return f"{show_bytes(payload.sent)} there, {show_bytes(payload.returned)} back"
