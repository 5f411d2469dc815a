"""Readings of a city's sensors as a network gets them, and its outputs as an operator gets them: numpy on the host.

Where a scale or a price is needed any would do: the work is the same.
"""

from __future__ import annotations

from functools import cache
from typing import Any

HOURS = 24
MOMENTS_A_DAY = 288
"""Of five minutes."""
MIDDLE, SPREAD = 50.0, 20.0
"""Of speeds in miles an hour."""
POWER = 0.25
"""Of Box and Cox's transformation of loads."""
RATE, WINDOW, HOP, BANDS, FRAMES = 16_000, 1024, 512, 128, 5
CAPACITY_KWH, POWER_KW, KEPT, LEVELS = 6.4, 5.0, 0.9, 65
EVENING, PRICES = range(16, 21), (0.22, 0.54)
"""Hours of the higher price, and both prices a kilowatt-hour."""


def speeds(seed: int, nodes: int, moments: int = 12) -> tuple[Any, Any]:
    """Miles an hour of each sensor (moments, nodes), 0 where none was read, and each moment's number in its day."""
    import numpy

    chance = numpy.random.default_rng(seed)
    read = chance.uniform(3, 70, (moments, nodes)) * (chance.random((moments, nodes)) > 0.08)
    return read.astype("float32"), numpy.arange(moments) + 7 * 12


def scaled_speeds(read: Any, moment: Any) -> Any:
    """Readings about 0 (0 where none was read) and the time of day from 0 to 1: float32 (1, 2, nodes, moments)."""
    import numpy

    known = numpy.where(read > 0, (read - MIDDLE) / SPREAD, 0)
    day = numpy.broadcast_to((moment % MOMENTS_A_DAY / MOMENTS_A_DAY)[:, None], known.shape)
    return numpy.stack((known, day)).transpose(0, 2, 1)[None].astype("float32")


def speeds_ahead(found: Any) -> Any:
    """Miles an hour (moments, nodes) of the network's (1, moments, nodes, 1), none below 0."""
    return (found[0, :, :, 0] * SPREAD + MIDDLE).clip(0)


def pollutants(seed: int, hours: int, channels: int) -> Any:
    """Micrograms a cubic metre (hours, channels), not a number where a reading failed."""
    import numpy

    chance = numpy.random.default_rng(seed)
    read = chance.gamma(2, 30, (hours, channels)).astype("float32")
    read[chance.random(read.shape) < 0.03] = numpy.nan
    return read


def without_gaps(read: Any) -> Any:
    """Each gap as the last reading before it, at the beginning as 0: float32 (1, hours, channels)."""
    import numpy

    hour = numpy.arange(len(read))[:, None]
    last = numpy.maximum.accumulate(numpy.where(numpy.isnan(read), 0, hour))
    return numpy.nan_to_num(numpy.take_along_axis(read, last, axis=0))[None]


def daily(found: Any) -> Any:
    """Mean of each day (days, channels) of the network's (1, hours, channels), none below 0."""
    return found[0].reshape(-1, HOURS, found.shape[-1]).clip(0).mean(1)


def meters(seed: int, buildings: int, hours: int) -> tuple[Any, Any, Any, Any]:
    """Kilowatt-hours (buildings, hours), the first hour's number in its year, latitude and longitude, kind 0 or 1."""
    import numpy

    chance = numpy.random.default_rng(seed)
    return (
        chance.gamma(2, 0.6, (buildings, hours)).astype("float32"),
        numpy.asarray([17 * HOURS]),
        chance.uniform((-90, -180), (90, 180), (buildings, 2)).astype("float32"),
        chance.integers(0, 2, buildings),
    )


def scaled_meters(load: Any, first: Any, place: Any, kind: Any) -> tuple[Any, ...]:
    """Loads by Box and Cox, the calendar of hours past and to come, places: all about from -1 to 1, and the kind."""
    import numpy

    hour = first + numpy.arange(load.shape[1] + HOURS)
    parts = (hour / (365 * HOURS), hour % (7 * HOURS) / (7 * HOURS), hour % HOURS / HOURS)
    calendar = numpy.stack([2 * (part % 1) - 1 for part in parts], axis=-1).astype("float32")
    repeated = numpy.broadcast_to(calendar, (len(load), *calendar.shape)).copy()
    return (load**POWER - 1) / POWER, repeated, place / numpy.asarray((90, 180), "float32"), kind


def charge(found: Any) -> Any:
    """Kilowatt-hours to put into each building's battery in the hour to come, from means of its load (B, 24, 2).

    By dynamic programming over the day's hours and the battery's levels: what is bought costs least. It begins half
    full, a tenth of what is bought for it is lost, and what is left at the end is worth nothing.
    """
    import numpy

    load = (found[:, :, 0] * POWER + 1).clip(0, 4) ** (1 / POWER)
    level = numpy.linspace(0, CAPACITY_KWH, LEVELS, dtype="float32")
    move = level[None, :] - level[:, None]
    drawn = numpy.where(move > 0, move / KEPT, move)
    worth = numpy.zeros((len(load), LEVELS), "float32")
    for hour in reversed(range(HOURS)):
        bought = (load[:, hour, None, None] + drawn).clip(0) * PRICES[hour in EVENING]
        cost = numpy.where(abs(move) > POWER_KW, numpy.float32(1e9), bought) + worth[:, None, :]
        worth = cost.min(-1)
    half = LEVELS // 2
    return move[half][cost[:, half].argmin(-1)]


def sounds(seed: int, machines: int) -> Any:
    """Samples of each machine's microphone, 16 bits (machines, samples), enough for five frames."""
    import numpy

    count = WINDOW + (FRAMES - 1) * HOP
    return numpy.random.default_rng(seed).integers(-8000, 8000, (machines, count), dtype="int16")


def bands(samples: Any) -> Any:
    """Five frames of 128 mel bands in decibels a machine: float32 (machines, 640)."""
    import numpy

    frames = numpy.lib.stride_tricks.sliding_window_view(samples, WINDOW, axis=1)[:, ::HOP]
    spectrum = abs(numpy.fft.rfft(frames * (numpy.hanning(WINDOW) / 2**15))) ** 2
    return (10 * numpy.log10(spectrum.astype("float32") @ _mel() + 1e-10)).reshape(len(samples), -1)


@cache
def _mel() -> Any:
    """Triangles that are evenly wide on the mel scale: float32 (bins, bands)."""
    import numpy

    mel = numpy.linspace(0, 2595 * numpy.log10(1 + RATE / 2 / 700), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = numpy.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    rise, fall = (bins - edges[:-2]) / numpy.diff(edges)[:-1], (edges[2:] - bins) / numpy.diff(edges)[1:]
    return numpy.minimum(rise, fall).clip(0).astype("float32")
