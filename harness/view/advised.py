"""What fits instead, as data: shown beside the table, and in JSON."""

from __future__ import annotations

from msgspec import Struct

from harness.model.measure import Provenance


class Alternative(Struct, frozen=True):
    """A variant of the same workload that fits where another does not."""

    case: str
    name: str
    """What is different about it: ``batch 1, bfloat16``."""
    need: str
    """The memory that it needs, measured on the host; a dash where it was not."""
    cost: str
    """``1.4 times the time``, of a step or of an item; why it is not known where it is not."""
    basis: str = ""
    """The two times that the cost stands on."""
    ratio: float | None = None
    """Time over that of the variant that does not fit, both on this host."""
    low: float | None = None
    high: float | None = None
    """From the 95 % intervals of both times; None where one has none."""
    provenance: Provenance | None = None

    @property
    def said(self) -> str:
        """That it fits, and at what cost."""
        return f"{self.name} fits{', at ' if self.provenance else '; '}{self.cost}"


class Advice(Struct, frozen=True):
    """A case that does not fit, and the variants that do, the quickest first."""

    case: str
    row: int
    anchor: str
    tier: int
    colour: int
    name: str
    where: str
    why: str
    """Its verdict and what was needed."""
    alternatives: tuple[Alternative, ...]
    more: int = 0
    """How many further ones fit."""


class Advised(Struct, frozen=True):
    """For each case that does not fit what does. ``missing`` says what to run for those of which nothing is known."""

    rows: tuple[Advice, ...]
    missing: str = ""
    command: str = ""
