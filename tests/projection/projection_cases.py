"""A profile, a host and measured workloads that projection tests start from."""

from __future__ import annotations

from harness.model.features import ClassWork, Features, OperatorClass
from harness.model.profile import Anchors, Cluster, Figure, HardwareProfile, Memory, Power, Target
from harness.projection.subject import Host, Measured
from harness.projection.work import TERMS, known_models

HOST = Host("x86_64", 60.0)


def figure(value: float, unit: str, scope: str = "") -> Figure:
    return Figure(value, unit, "made for a test", "2026-11", "datasheet", scope=scope)


def anchors(values: dict[str, float], runtime: str = "ncnn", threads: int = 4, dtype: str = "float32") -> Anchors:
    return Anchors(runtime, dtype, threads, "ms", "made for a test", "2026-11", "measured", values)


def target(*groups: Anchors, clock: float | None = 1.8, dtypes: tuple[str, ...] = ("float32",)) -> Target:
    speed = figure(clock, "GHz") if clock else None
    cluster = Cluster("Cortex-A72", figure(4, "cores"), speed, figure(8, "FLOP/cycle"))
    return Target("cpu", "cpu", "4x Cortex-A72", dtypes=dtypes, clusters=(cluster,), anchors=groups)


def profile(on: Target, power: Power | None = None, kind: str = "board", copy: float | None = 3.0) -> HardwareProfile:
    bandwidth = figure(copy, "GB/s") if copy else None
    memory = Memory(figure(4, "GiB"), figure(3, "GiB"), figure(0, "B"), bandwidth_copy=bandwidth)
    return HardwareProfile(1, "a-board", "A board", kind, "sbc", memory, (on,), power=power or Power())  # type: ignore[arg-type]


def features(model: str, seconds: float | None = None) -> Features:
    """Of a model of the published table, as if it had been counted; its time is that of its first class."""
    work = known_models()[model]
    kinds: tuple[OperatorClass, ...] = ("conv1x1", "conv3x3", "conv_other", "dwconv", "gconv", "gemm", "gemv")
    classes = [ClassWork(kind, 1, int(flop * 1e9)) for kind, flop in zip(kinds, work, strict=False) if flop]
    classes = [ClassWork(c.kind, 1, c.flop, seconds=seconds if c is classes[0] else None) for c in classes]
    moved = ClassWork("elementwise", 1, 0, int(work[TERMS.index("weights")] * 1e9), int(work[-1] * 1e9))
    return Features((*classes, moved, ClassWork("dispatch", 50)), "the table")


def measured(model: str, seconds: float, runtime: str = "ncnn") -> Measured:
    return Measured(f"published/{model}", runtime, "float32", seconds, features(model, seconds))
