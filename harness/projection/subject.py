"""A workload as projection sees it: what the host measured, and what of that a device's time depends on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.model.features import Features, OperatorClass
from harness.projection import library
from harness.projection.device import HALF
from harness.projection.kernel import Point
from harness.projection.work import Floats, of_features

_KINDS: tuple[OperatorClass, ...] = ("conv1x1", "conv3x3", "conv_other", "dwconv", "gconv")


@dataclass(frozen=True)
class Measured:
    """A workload on the host, on one thread: seconds a step, and what the step is made of."""

    workload: str
    runtime: str
    dtype: str
    seconds: float
    features: Features


@dataclass(frozen=True)
class Host:
    """The machine that measured. ``peak_gflops``: its float32 matrix products on one thread, None where unknown."""

    machine: str
    peak_gflops: float | None


@dataclass(frozen=True)
class Subject:
    """A workload as effects see it: shares by class, and log time at the mean costs for a peak of 1 GFLOP/s."""

    shares: Floats
    base: float


def subject(work: Measured, host: Host) -> Subject | None:
    """By its operations where the library knows the runtime, else by the host's time by class; None where not known."""
    prior = library.prior()
    if work.runtime == library.RUNTIME:
        numbers = of_features(work.features)
        return Subject(prior.shares(numbers), prior.base(numbers)) if numbers[:8].sum() > 0 else None
    shares = _timed_shares(work.features)
    if shares is None or host.peak_gflops is None:
        return None
    return Subject(shares, float(np.log(work.seconds * 1e3 * host.peak_gflops)))


def _timed_shares(features: Features) -> Floats | None:
    """Shares of the host's time, in the order of ``library.CLASSES``. A product of few rows reads weights."""
    matrix = _seconds(features, "gemm", "attention")
    moved = _seconds(features, "elementwise", "dispatch")
    by_class = [*(_seconds(features, kind) for kind in _KINDS), matrix, _seconds(features, "gemv"), moved]
    whole = sum(by_class)
    return np.array(by_class) / whole if whole > 0 else None


def _seconds(features: Features, *kinds: OperatorClass) -> float:
    return sum(features.find(kind).seconds or 0.0 for kind in kinds)


def on_host(work: Measured, known: Subject, host: Host) -> Point:
    """The workload on the host, on one thread. Where the library knows the runtime, the host's level is left open."""
    core = "x86" if host.machine == "x86_64" else f"{host.machine} host"
    level = host.peak_gflops if work.runtime != library.RUNTIME else None
    return Point(
        shares=known.shares,
        base=known.base,
        model=work.workload,
        setting="this host",
        board="this host",
        chip="this host",
        core=core,
        arch=host.machine,
        runtime=work.runtime,
        cores=1,
        fp16=work.dtype in HALF,
        peak=level,
    )
