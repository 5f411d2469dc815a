"""What a projection must beat: a pure roofline, and the host's time times one ratio."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.projection.library import Row
from harness.projection.work import Floats, known_models

FLOP_TERMS = 7


def roofline(rows: Sequence[Row]) -> Floats:
    """Log seconds by operations over peak alone."""
    work = np.array([known_models()[row.model] for row in rows])
    peaks = np.array([row.peak_gflops or np.nan for row in rows])
    return np.asarray(np.log(work[:, :FLOP_TERMS].sum(1) / peaks))


def host_times(rows: Sequence[Row]) -> dict[str, float]:
    """Log seconds of each model on the hosts of the library: the mean over them."""
    hosts = [row for row in rows if row.peak_gflops is None]
    models = {row.model for row in hosts}
    return {m: float(np.mean([np.log(r.seconds) for r in hosts if r.model == m])) for m in models}


def single_ratio(rows: Sequence[Row], host: dict[str, float], others: Sequence[Row]) -> Floats:
    """Log seconds by the host's times one ratio: what boards take on the mean over it, by their peaks."""
    means = [np.log(r.seconds) - host[r.model] + np.log(r.peak_gflops) for r in others if r.peak_gflops]
    level = float(np.mean(means))
    return np.array([host[r.model] + level - np.log(r.peak_gflops or np.nan) for r in rows])


def calibrated(guess: Floats, truth: Floats, anchors: Sequence[int]) -> Floats:
    """The guesses times the one factor that makes those of the anchors right on the mean."""
    chosen = list(anchors)
    return guess if not chosen else guess + float(np.mean(truth[chosen] - guess[chosen]))
