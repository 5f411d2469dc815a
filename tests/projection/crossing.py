"""The whole crossing: priors fitted without the chips that they are tried on, then all that is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.projection import fit
from harness.projection.library import Row
from tests.projection import baselines
from tests.projection.folds import Guess, Hidden, Table, leave_model_out, leave_out

ANCHORS = (0, 1, 3, 5, 8)
FOLDS = 3
TRANSFORMERS = frozenset({"vision_transformer"})


@dataclass(frozen=True)
class Fold:
    """A table with a prior that saw none of the chips of ``settings``."""

    table: Table
    settings: tuple[str, ...]


def folds(rows: Sequence[Row]) -> list[Fold]:
    """The chips of boards dealt out; each fold's prior is fitted to the rows of all other chips."""
    chips = sorted({row.soc for row in rows if row.peak_gflops is not None})
    found = []
    for number in range(FOLDS):
        mine = set(chips[number::FOLDS])
        prior = fit.fit([row for row in rows if row.soc not in mine])
        settings = {f"{row.device} {row.setting}": None for row in rows if row.soc in mine}
        found.append(Fold(Table(rows, prior), tuple(settings)))
    return found


def models(rows: Sequence[Row], transformers: bool) -> set[str]:
    """Names of the transformers in the rows, or of all others."""
    return {row.model for row in rows if (row.model in TRANSFORMERS) == transformers}


def crossed(found: Sequence[Fold], hidden: Hidden, only: set[str], draws: int = 5) -> dict[int, list[Guess]]:
    """Guesses by number of anchors, a device or chip left out at a time."""
    every = [g for fold in found for g in leave_out(fold.table, fold.settings, hidden, ANCHORS, draws, only)]
    return {count: [g for g in every if g.anchors == count] for count in ANCHORS}


def crossed_strictly(
    found: Sequence[Fold], only: set[str], guessed: set[str], draws: int = 1
) -> dict[int, list[Guess]]:
    """As ``crossed`` by devices, the model left out too: those in ``guessed``, with anchors from all of ``only``."""
    every = [g for f in found for g in leave_model_out(f.table, f.settings, "device", ANCHORS, only, guessed, draws)]
    return {count: [g for g in every if g.anchors == count] for count in ANCHORS}


def beaten(rows: Sequence[Row], only: set[str], draws: int = 5) -> dict[str, dict[int, list[float]]]:
    """Errors of the baselines by number of anchors, drawn as in ``leave_out``."""
    host = baselines.host_times(rows)
    found: dict[str, dict[int, list[float]]] = {n: {k: [] for k in ANCHORS} for n in ("roofline", "one ratio")}
    settings = dict.fromkeys(f"{r.device} {r.setting}" for r in rows if r.peak_gflops is not None)
    for number, setting in enumerate(settings):
        own = [r for r in rows if f"{r.device} {r.setting}" == setting and r.model in only and r.model in host]
        others = [r for r in rows if r.device != own[0].device and r.model in host and r.model in only]
        truth = np.log([r.seconds for r in own])
        ways = {"roofline": baselines.roofline(own), "one ratio": baselines.single_ratio(own, host, others)}
        random = np.random.default_rng(number)
        for count in ANCHORS:
            for _ in range(draws if count else 1):
                order = random.permutation(len(own))
                for name, guess in ways.items():
                    made = baselines.calibrated(guess, truth, order[:count])
                    found[name][count] += list(np.abs(np.expm1((made - truth)[order[count:]])))
    return found
