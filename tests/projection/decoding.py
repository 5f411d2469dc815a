"""Published decode rates of language models on CPUs against the bandwidth rule, with no anchor."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from math import exp
from pathlib import Path

from harness.projection.decode import DEVIATION, SHARE_OF_COPY

TABLE = Path(__file__).parent / "tables/decode.csv"


@dataclass(frozen=True)
class Decoded:
    """One published rate in tokens/s and what the rule says."""

    device: str
    model: str
    truth: float
    said: float

    @property
    def error(self) -> float:
        """Of the time a token takes, relative to the truth."""
        return abs(self.truth / self.said - 1)

    @property
    def within(self) -> bool:
        """Whether the truth lies in the 90 % interval."""
        return exp(-1.6449 * DEVIATION) <= self.truth / self.said <= exp(1.6449 * DEVIATION)


def table() -> list[Decoded]:
    """All rows."""
    return [_row(row) for row in csv.DictReader(TABLE.read_text().splitlines())]


def _row(row: dict[str, str]) -> Decoded:
    said = 2 * SHARE_OF_COPY * float(row["copy_gb_per_second"]) * 1e9 / float(row["bytes"])
    return Decoded(row["device"], row["model"], float(row["tokens_per_second"]), said)
