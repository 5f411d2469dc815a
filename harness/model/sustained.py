"""Metrics of a sustained load: the time of a step part by part, as many values as there are parts."""

from __future__ import annotations

from harness.model.measure import Metric

PART_START = Metric("part_start", "s", "neither", "process", "start of each part of a sustained load, from the first")
PART_LATENCY = Metric("part_latency", "s", "lower", "process", "median time of a step in each part of a sustained load")
PART_MEAN = Metric(
    "part_mean", "s", "lower", "process", "time that passed over the steps in each part of a sustained load"
)
PART_ROUNDS = Metric("part_rounds", "count", "neither", "process", "timed rounds in each part of a sustained load")
LAST_TO_FIRST = Metric(
    "last_to_first",
    "1",
    "lower",
    "process",
    "mean time of a step in the last part of the load over the first's",
)
