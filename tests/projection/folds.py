"""Leaves devices, chips and models of the library out, and projects them from the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from harness.projection.kernel import columns
from harness.projection.library import Prior, Row, observed, point
from harness.projection.posterior import Belief, prior_belief

Indices = NDArray[np.int64]
Hidden = Literal["device", "chip"]


@dataclass(frozen=True)
class Guess:
    """One time that was left out: what was said of it, in log seconds, and what it was."""

    row: Row
    anchors: int
    mean: float
    deviation: float
    truth: float

    @property
    def error(self) -> float:
        """Relative to the truth."""
        return abs(float(np.expm1(self.mean - self.truth)))

    @property
    def within(self) -> bool:
        """Whether the truth lies in the 90 % interval."""
        return abs(self.mean - self.truth) <= 1.6449 * self.deviation

    @property
    def width(self) -> float:
        """Of the 90 % interval, upper end over lower end."""
        return float(np.exp(2 * 1.6449 * self.deviation))


@dataclass
class Table:
    """Rows with the belief over all of them before any was seen."""

    rows: Sequence[Row]
    prior: Prior
    noise: float = field(init=False)

    def __post_init__(self) -> None:
        self.noise = float(self.prior.spread[-1])
        self._points = [point(row, self.prior) for row in self.rows]
        self.values = observed(self.rows, self._points)
        self.devices = np.array([row.device for row in self.rows])
        self.chips = np.array([row.soc for row in self.rows])
        self.settings = np.array([f"{row.device} {row.setting}" for row in self.rows])
        self.models = np.array([row.model for row in self.rows])
        self.hosts = np.array([row.peak_gflops is None for row in self.rows])

    @cached_property
    def belief(self) -> Belief:
        return prior_belief(columns(self._points), self.prior.spread)

    def boards(self) -> list[str]:
        """Settings of boards, in the order of the rows."""
        return list(dict.fromkeys(self.settings[~self.hosts]))

    def of(self, setting: str, only: set[str]) -> Indices:
        """Its rows of those models."""
        rows = np.flatnonzero(self.settings == setting)
        return rows[[str(self.models[row]) in only for row in rows]]

    def shown(self, setting: str, hidden: Hidden) -> Indices:
        """Rows that may be seen while ``setting`` is projected."""
        own = np.flatnonzero(self.settings == setting)[0]
        names = self.devices if hidden == "device" else self.chips
        return np.flatnonzero(names != names[own])

    def narrowed(self, seen: Indices, own: Indices) -> Belief:
        """The belief over the rows ``own`` once the rows ``seen`` were measured."""
        k = self.belief.covariance
        among = cho_factor(k[np.ix_(seen, seen)] + self.noise**2 * np.eye(len(seen)), lower=True, overwrite_a=True)
        between = k[np.ix_(own, seen)]
        explained = between @ cho_solve(among, between.T)
        return Belief(between @ cho_solve(among, self.values[seen]), k[np.ix_(own, own)] - explained)

    def guesses(self, own: Indices, belief: Belief, anchors: Indices, tests: Indices) -> Iterator[Guess]:
        """Of the rows ``own[tests]``, with ``own[anchors]`` measured; ``belief`` is over ``own``."""
        known = belief.given(anchors, self.values[own[anchors]], self.noise)
        deviation = known.deviation(self.noise)
        for test in tests:
            row = self.rows[own[test]]
            shift = float(np.log(row.seconds)) - self.values[own[test]]
            yield Guess(row, len(anchors), known.mean[test] + shift, deviation[test], float(np.log(row.seconds)))


def leave_out(
    table: Table, settings: Sequence[str], hidden: Hidden, anchors: Sequence[int], draws: int, only: set[str]
) -> list[Guess]:
    """Every one of ``settings``, its device or chip hidden, with so many models of it drawn at random as anchors.

    ``only`` names the models that are anchors and guessed.
    """
    found: list[Guess] = []
    for number, setting in enumerate(settings):
        own = table.of(setting, only)
        belief = table.narrowed(table.shown(setting, hidden), own)
        random = np.random.default_rng(number)
        for count in anchors:
            for _ in range(draws if count else 1):
                order = random.permutation(len(own))
                if count < len(own):
                    found += table.guesses(own, belief, order[:count], order[count:])
    return found


def leave_model_out(
    table: Table,
    settings: Sequence[str],
    hidden: Hidden,
    anchors: Sequence[int],
    only: set[str],
    guessed: set[str],
    draws: int = 1,
) -> list[Guess]:
    """As ``leave_out``, and the model that is guessed is hidden too, everywhere but on the hosts: a new workload.

    ``only`` names the models that are anchors, of which those in ``guessed`` are guessed, with anchors drawn ``draws``
    times for each.
    """
    found: list[Guess] = []
    for number, setting in enumerate(settings):
        own, shown = table.of(setting, only), table.shown(setting, hidden)
        random = np.random.default_rng(number)
        for test in np.flatnonzero([str(model) in guessed for model in table.models[own]]):
            seen = shown[(table.models[shown] != table.models[own[test]]) | table.hosts[shown]]
            belief = table.narrowed(seen, own)
            for draw in range(draws):
                others = random.permutation(np.delete(np.arange(len(own)), test))
                for count in anchors:
                    if count <= len(others) and (count or not draw):
                        found += table.guesses(own, belief, others[:count], np.array([test]))
    return found
