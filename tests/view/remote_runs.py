"""Runs with a tier in the cloud, for the tests of render and browser."""

from __future__ import annotations

from msgspec.structs import replace
from sample_runs import Work, board, make_run

from harness.model.estimate import Estimate
from harness.model.record import Run
from harness.model.units import GIB
from harness.network import attach

CASE = "synthetic/{}[batch=1]@{}:cpu/torch-eager/float32/single_stream"
TIMES = {"pi": Estimate(0.5, 0.4, 0.7), "h100": Estimate(0.002, 0.001, 0.004)}


def remote(*works: str, link: str = "") -> Run:
    """``works`` on this host, on a Pi, and on an H100 over 20 Mbit/s and 40 ms, whose link may be called otherwise."""
    profiles = [board("pi", "Raspberry Pi 5 (4 GB)", 4 * GIB), board("h100", "H100", 64 * GIB)]
    pi, cloud = attach(profiles, ["h100=20Mbit/s,40ms"])
    named = tuple(replace(network, name=link) if link else network for network in cloud.network)
    return make_run([Work(name) for name in works], [pi, replace(cloud, network=named)])


def times(*works: str) -> dict[str, Estimate]:
    """Their projected times."""
    return {CASE.format(work, tier): estimate for work in works for tier, estimate in TIMES.items()}
