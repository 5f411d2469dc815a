"""What the section on cloud and edge shows, as frozen data. Strings are ready to place and not escaped."""

from __future__ import annotations

from msgspec import Struct

from harness.model.measure import Provenance


class EndToEnd(Struct, frozen=True):
    """Computing plus network, always projected; a dash with its reason in ``parts`` where it could not be had."""

    text: str
    parts: str
    """How much of it is computing and how much the link."""


class LinkRow(Struct, frozen=True):
    """One workload on one remote tier over one link."""

    row: int
    """Of the matrix."""
    anchor: str
    name: str
    tier: str
    colour: int
    link: str
    payload: str
    """What is sent and what is returned."""
    computing: str
    provenance: Provenance
    """Of ``computing``."""
    caveat: str
    """What must be known of ``computing``, such as that it is no more than an order of magnitude; empty for nothing."""
    kept: EndToEnd
    """On a connection that is kept."""
    new: EndToEnd
    """On one that is new for each request."""
    answers: tuple[str, ...]
    """For each tier at hand of which something is known, from which round trip on it is faster; a sentence each."""


class CloudOrEdge(Struct, frozen=True):
    """Remote tiers end to end, and where the edge beats them. Without ``rows``, ``missing`` says why."""

    rows: tuple[LinkRow, ...]
    notes: tuple[str, ...] = ()
    missing: str = ""
