"""Cloud or edge: remote tiers end to end, and from which round trip on a tier at hand is faster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from harness.model.profile import HardwareProfile, Network
from harness.model.units import show, show_bytes
from harness.network import CONNECTIONS, Connection, Crossing, Payload, crossing
from harness.network.tcp import serialisation
from harness.verdict import joined
from harness.view.figures import Value
from harness.view.names import spoken
from harness.view.over_link import NO_PAYLOAD, key, links, request, said
from harness.view.remote import CloudOrEdge, EndToEnd, LinkRow
from harness.view.report import Tier
from harness.view.scene import Line, Scene, Spot
from harness.view.words import shown

NOTE = (
    "End to end is computing plus the network, and as a whole computed: the bytes are those that a step is given and "
    "returns, as they are, without compression; the link is alone with them, loses nothing and is as fast both ways. "
    "A new connection pays a TCP handshake and begins slowly; TLS would add a round trip. A kept one that idles for "
    "longer than about 0.2 s begins slowly again, without the handshake."
)


def cloud_or_edge(scene: Scene) -> CloudOrEdge | None:
    """The section; None where no tier of the run is reached over a link."""
    profiles = {p.id: p for p in scene.run.manifest.profiles if links(p)}
    remote = [t for t in scene.tiers if _board(t) in profiles]
    if not remote:
        return None
    rows = tuple(row for line in scene.lines for row in _Rows(scene, line, profiles).rows())
    if rows:
        return CloudOrEdge(rows, tuple(_notes(scene, profiles)))
    return CloudOrEdge((), missing=_why_none(scene, remote))


class _Rows:
    """The rows of one line of the matrix."""

    def __init__(self, scene: Scene, line: Line, profiles: dict[str, HardwareProfile]) -> None:
        self._line, self._profiles = line, profiles
        self._payload = scene.payloads.get(request(line.case))
        self._spots = scene.row(line)
        self._names = _names(scene)

    def rows(self) -> Iterator[LinkRow]:
        """One for each remote tier and link of which a time is known."""
        for spot in self._spots:
            profile = self._profiles.get(_board(spot.tier))
            if profile is None or self._payload is None or not _time(spot) or spot.judged.state == "does_not_fit":
                continue
            for place, network in enumerate(links(profile)):
                if network.bandwidth is not None and network.bandwidth.base > 0:
                    yield self._row(spot, place, network, self._payload, network.bandwidth.base)

    def _row(self, spot: Spot, place: int, network: Network, payload: Payload, bandwidth: float) -> LinkRow:
        near = [s for s in self._spots if _board(s.tier) not in self._profiles]
        answers = (self._answer(s, spot, payload, bandwidth) for s in near)
        return LinkRow(
            row=self._line.index,
            anchor=self._line.anchor,
            name=" · ".join(part for part in (self._line.name, self._line.variant) if part),
            tier=spot.tier.short,
            colour=spot.tier.colour,
            link=network.name,
            payload=said(payload),
            computing=_figure(spot.values["latency"]),
            provenance=spot.values["latency"].provenance or "projected",
            caveat=_caveat(spot),
            kept=_end(spot.values[key(place, "kept")]),
            new=_end(spot.values[key(place, "new")]),
            answers=tuple(a[0].upper() + a[1:] for a in answers if a),
        )

    def _answer(self, edge: Spot, cloud: Spot, payload: Payload, bandwidth: float) -> str:
        """Empty where nothing is known of the tier at hand."""
        here, there = self._names[edge.tier.id], self._names[cloud.tier.id]
        if edge.judged.state == "does_not_fit":
            return f"{here} cannot hold it"
        time, computing = edge.values["latency"], cloud.values["latency"]
        if time.value is None:
            return ""
        head = f"{here} ({shown(time).text}) beats {there} in the cloud"
        kept, new = (_crossings(time, computing, payload, bandwidth, c) for c in CONNECTIONS)
        if kept.middle.round_trip is None:
            return f"{head} {_always(kept)}: {_because(kept, computing, payload, bandwidth)}"
        return f"{head} above {_round_trip(kept)} of round trip, on new connections above {_round_trip(new)}"


def _figure(value: Value) -> str:
    said = shown(value)
    return f"{said.text} {said.spread}".strip()


def _caveat(spot: Spot) -> str:
    estimate = spot.facts.estimate
    return "an order of magnitude" if estimate and estimate.basis == "order of magnitude" else ""


def _end(value: Value) -> EndToEnd:
    return EndToEnd(shown(value).text, value.note)


class _Crossings(Struct, frozen=True):
    """The crossing by both tiers' medians, and the round trips (s) between which it is within their intervals."""

    middle: Crossing
    low: float = 0.0
    high: float = 0.0


def _crossings(edge: Value, cloud: Value, payload: Payload, bandwidth: float, connection: Connection) -> _Crossings:
    def at(here: float, there: float) -> Crossing:
        return crossing(here, there, payload, bandwidth, connection)

    (here, least, most), (there, low, high) = _ends(edge), _ends(cloud)
    if least == most and low == high:
        return _Crossings(at(here, there))
    return _Crossings(at(here, there), at(least, high).round_trip or 0.0, at(most, low).round_trip or 0.0)


def _ends(time: Value) -> tuple[float, float, float]:
    """A time (s) and the ends of its interval, itself where it has none."""
    middle = time.value or 0.0
    return middle, middle if time.low is None else time.low, middle if time.high is None else time.high


def _always(found: _Crossings) -> str:
    latest = f", at the latest above {show(found.high, 's', 2)}" if found.high else ""
    return f"{'most likely ' if latest else ''}at any round trip{latest}"


def _because(found: _Crossings, cloud: Value, payload: Payload, bandwidth: float) -> str:
    if found.middle.because == "computing":
        return "it computes no slower"
    bits = serialisation(payload.sent, bandwidth) + serialisation(payload.returned, bandwidth)
    size = f"{show_bytes(payload.sent + payload.returned)} at {show(bandwidth, 'bit/s')}"
    computing = cloud.value or 0.0
    return f"without distance, computing {show(computing, 's')} and {size} take {show(computing + bits, 's')}"


def _round_trip(found: _Crossings) -> str:
    text = show(found.middle.round_trip or 0.0, "s")
    if not found.high:
        return text
    return f"about {text} ({_range(show(found.low, 's', 2), show(found.high, 's', 2))})"


def _range(low: str, high: str) -> str:
    """``145 to 448 ms``: the unit once where it is the same."""
    number, unit = low.split(" ")
    return f"{number} to {high}" if high.endswith(f" {unit}") or number == "0" else f"{low} to {high}"


def _names(scene: Scene) -> dict[str, str]:
    """The tiers' names in a sentence, with their article."""
    names = spoken(scene.tiers, [t.id for t in scene.tiers])
    hosts = {t.id: f"this host's {t.short.removeprefix('Host ')}" for t in scene.tiers if not t.board}
    return {tier: f"the {name}" for tier, name in names.items()} | hosts


def _board(tier: Tier) -> str:
    return tier.id.split(":")[0]


def _notes(scene: Scene, profiles: dict[str, HardwareProfile]) -> Iterator[str]:
    yield NOTE
    near = [t for t in scene.tiers if _board(t) not in profiles]
    timeless = [t.short for t in near if not any(_time(s) for s in scene.spots.values() if s.tier is t)]
    if timeless:
        yield f"No time is known for {joined(timeless)}, which cannot be set against the cloud."


def _time(spot: Spot) -> bool:
    return spot.values["latency"].value is not None


def _why_none(scene: Scene, remote: Sequence[Tier]) -> str:
    """The first thing that is missing of remote tiers."""
    names = joined([t.short for t in remote])
    if not any(_time(s) for s in scene.spots.values() if s.tier in remote):
        return f"Nothing can be said of {names} over a link: no time is known, neither measured nor projected."
    if not scene.payloads:
        return f"Nothing can be said of {names} over a link: {NO_PAYLOAD}."
    return f"Nothing can be said of {names} over a link: no bandwidth is stated."
