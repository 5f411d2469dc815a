"""What recordings go through before a network: another sampling rate, a montage. On numpy arrays, channels x time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

UP, DOWN = 4, 5
"""500 to 400 and 250 to 200 samples a second: four samples in place of five."""
REACH = 40
"""Samples to each side that a new one is weighed from."""

ELECTRODES = ("FP1", "FP2", "F7", "F3", "FZ", "F4", "F8", "T3", "C3", "CZ", "C4", "T4", "T5", "P3", "PZ", "P4", "T6",
              "O1", "O2")  # fmt: skip
PAIRS = ("FP1-F7", "F7-T3", "T3-T5", "T5-O1", "FP2-F8", "F8-T4", "T4-T6", "T6-O2", "T3-C3", "C3-CZ", "CZ-C4", "C4-T4",
         "FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FP2-F4", "F4-C4", "C4-P4", "P4-O2")  # fmt: skip
"""The 20 channels of the bipolar montage of the Temple University Hospital's recordings."""


def resample(signal: Any) -> Any:
    """Four samples for five: a windowed sinc below the new half rate, one filter for each of the four places."""
    import numpy

    padded = numpy.pad(signal, ((0, 0), (REACH, REACH)))
    around = numpy.lib.stride_tricks.sliding_window_view(padded, _filters().shape[1], axis=1)[:, ::DOWN]
    return (around @ _filters().T).reshape(len(signal), -1)


@lru_cache
def _filters() -> Any:
    """Places x samples from ``REACH`` before a group of five to ``REACH`` behind its first."""
    import numpy

    places = numpy.arange(UP)[:, None] * DOWN / UP
    away = numpy.arange(-REACH, REACH + 1)[None] - places
    window = numpy.cos(numpy.pi * numpy.clip(away / (REACH + 1), -1, 1) / 2) ** 2
    sinc = numpy.sinc(away * UP / DOWN) * UP / DOWN * window
    return (sinc / sinc.sum(1, keepdims=True)).astype("float32")


def montage(signal: Any) -> Any:
    """The differences of ``PAIRS``, of one channel for each of ``ELECTRODES``."""
    first, second = _places()
    return signal[first] - signal[second]


@lru_cache
def _places() -> tuple[list[int], list[int]]:
    split = [pair.split("-") for pair in PAIRS]
    return [ELECTRODES.index(a) for a, _ in split], [ELECTRODES.index(b) for _, b in split]
