"""Whisper's front end: 16 kHz samples to a log-mel spectrogram, as its authors compute it, on numpy arrays."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

RATE = 16_000
"""Samples a second."""
WINDOW, HOP, MELS = 400, 160, 80
"""25 ms and 10 ms in samples; frequency bands."""


def log_mel(samples: Any) -> Any:
    """Of 16-bit samples (int16), the spectrogram in float32: 1 x bands x one column every 10 ms."""
    import numpy

    wave = samples.astype("float32") / 32768
    padded = numpy.pad(wave, WINDOW // 2, mode="reflect")
    frames = numpy.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:-1:HOP][: len(wave) // HOP]
    power = numpy.abs(numpy.fft.rfft(frames * _hann())) ** 2
    mel = numpy.log10(numpy.maximum(_filters() @ power.T, 1e-10))
    scaled: Any = (numpy.maximum(mel, mel.max() - 8) + 4) / 4
    return scaled[None].astype("float32")


@lru_cache
def _hann() -> Any:
    """Periodic, as a spectrogram needs it."""
    import numpy

    return numpy.hanning(WINDOW + 1)[:-1].astype("float32")


@lru_cache
def _filters() -> Any:
    """Slaney's mel filters: bands x frequencies."""
    from transformers.audio_utils import mel_filter_bank

    filters = mel_filter_bank(WINDOW // 2 + 1, MELS, 0.0, RATE / 2, RATE, norm="slaney", mel_scale="slaney")
    return filters.T.astype("float32")
