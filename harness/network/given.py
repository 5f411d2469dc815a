"""Links as a user writes them, ``20Mbit/s,40ms``, and the profiles that they are for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from harness.errors import UnknownName, UserError
from harness.model.profile import Figure, HardwareProfile, Network
from harness.model.units import FACTORS, show, to_base
from harness.network.tcp import Link

CLOUD = "cloud"
"""How the tier of a profile begins that is reached over a link: ``cloud-gpu``, ``cloud-cpu``."""

LEAST_BANDWIDTH, MOST_BANDWIDTH = 1.0, 1e15
MOST_ROUND_TRIP = 3600.0
_QUANTITY = re.compile(r"\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*(\S+)\s*\Z", re.IGNORECASE)


def quantity(text: str, base: str) -> float:
    """A number with its unit, ``588KiB``, in the base unit ``base``. Raises UserError."""
    match = _QUANTITY.match(text)
    units = [unit for unit, (kind, _) in FACTORS.items() if kind == base]
    if match and match[2] in units:
        try:
            return to_base(float(match[1]), match[2])
        except ValueError:
            pass
    raise UserError(f"{text!r} is no number with a unit", hint=f"units: {', '.join(units)}")


def link_of(text: str) -> Link:
    """``20Mbit/s,40ms`` as a Link. Raises UserError."""
    parts = text.split(",")
    if len(parts) != 2:
        raise UserError(f"{text!r} is no link", hint="write bandwidth and round trip: 20Mbit/s,40ms")
    link = Link(quantity(parts[0], "bit/s"), quantity(parts[1], "s"))
    if not (0 < link.bandwidth < math.inf and link.round_trip < math.inf):
        raise UserError(f"{text!r} is no link", hint="its bandwidth must be above 0")
    if not (LEAST_BANDWIDTH <= link.bandwidth <= MOST_BANDWIDTH and link.round_trip <= MOST_ROUND_TRIP):
        least, most = show(LEAST_BANDWIDTH, "bit/s"), show(MOST_BANDWIDTH, "bit/s")
        raise UserError(f"{text!r} is no link", hint=f"from {least} to {most}, a round trip of at most an hour")
    return link


def attach(profiles: Sequence[HardwareProfile], texts: Sequence[str]) -> list[HardwareProfile]:
    """The profiles with the links that were given, in place of what they state themselves.

    ``20Mbit/s,40ms`` is for every profile of a cloud tier, ``NAME=20Mbit/s,40ms`` for that profile. Raises UserError.
    """
    links: dict[str, list[Network]] = {}
    for text in texts:
        name, _, written = text.rpartition("=")
        network = _network(link_of(written))
        for profile in _meant(name, profiles):
            links.setdefault(profile.id, []).append(network)
    return [replace(p, network=tuple(dict.fromkeys(links[p.id]))) if p.id in links else p for p in profiles]


def _meant(name: str, profiles: Sequence[HardwareProfile]) -> list[HardwareProfile]:
    if name:
        found = [p for p in profiles if name.strip().lower() in (p.id, *p.aliases)]
        if not found:
            raise UnknownName("profile of this run", name, [n for p in profiles for n in (p.id, *p.aliases)])
        return found
    found = [p for p in profiles if p.tier.startswith(CLOUD)]
    if not found:
        known = ", ".join(p.id for p in profiles)
        raise UserError(
            "--link: no profile of this run is of a cloud tier",
            hint=f"say which one is reached over the link, NAME=20Mbit/s,40ms: {known}",
        )
    return found


def _network(link: Link) -> Network:
    today = datetime.now(tz=UTC).date().isoformat()

    def told(value: float, unit: str) -> Figure:
        return Figure(value, unit, "given with --link", today, "estimated")

    name = f"{show(link.bandwidth, 'bit/s')}, {show(link.round_trip, 's')}"
    return Network(name, told(link.bandwidth, "bit/s"), told(link.round_trip, "s"))
