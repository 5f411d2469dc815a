"""A target of a hardware profile as a setting: its core, its cores in use, its peak, its anchors."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.estimate import NotProjected
from harness.model.profile import Anchors, HardwareProfile, Target
from harness.projection.kernel import Point
from harness.projection.work import Floats

HALF = {"float16"}
WIDTHS = {"float32": 1.0, "float16": 2.0}
"""Operations a cycle relative to float32, where the target computes in that type and its profile says no other."""


@dataclass(frozen=True)
class Setting:
    """A device as it would run a case."""

    profile: HardwareProfile
    target: Target
    runtime: str
    dtype: str
    threads: int
    label: str
    """Of this setting among all others; that of the library where it is one of the library's."""
    board: str
    chip: str
    core: str
    arch: str
    cores: int
    peak_gflops: float | None
    """None where the profile does not tell it: then only anchors can tell the level."""

    def point(self, model: str, shares: Floats, base: float) -> Point:
        """A model with these shares and base (see ``Point``) here."""
        return Point(
            shares=shares,
            base=base,
            model=model,
            setting=self.label,
            board=self.board,
            chip=self.chip,
            core=self.core,
            arch=self.arch,
            runtime=self.runtime,
            cores=self.cores,
            fp16=self.dtype in HALF,
            peak=self.peak_gflops,
        )


def setting(
    profile: HardwareProfile, target: Target, runtime: str, dtype: str, threads: int | None
) -> Setting | NotProjected:
    """The target with so many threads (None: one a core), or why its peak is not known."""
    if profile.kind == "generic":
        return NotProjected("not projected: limits without a board have no time")
    count = threads or target.cores or 1
    peak = _peak(target, dtype, count)
    if peak is None and target.dtypes and dtype not in target.dtypes:
        return NotProjected(f"not projected: the profile says nothing of {dtype}")
    if peak is None and not any(_calibrates(a, runtime, dtype, count) for a in target.anchors):
        return NotProjected(f"not projected: the profile has neither a peak nor {runtime}'s time of a known model")
    return Setting(
        profile=profile,
        target=target,
        runtime=runtime,
        dtype=dtype,
        threads=count,
        label=f"{profile.id} {target.id} {runtime} {dtype} {count}",
        board=profile.id,
        chip=profile.soc or profile.id,
        core=_fastest(target),
        arch=_arch(target),
        cores=min(count, target.cores or count),
        peak_gflops=peak,
    )


def anchors_of(at: Setting) -> list[Anchors]:
    """Latencies of known models on the target in the same runtime, those of the same setting first."""
    found = [a for a in at.target.anchors if a.metric == "latency" and a.runtime == at.runtime and a.batch == 1]
    return sorted(found, key=lambda a: (a.dtype != at.dtype, a.threads != at.threads))


def _speeds(target: Target) -> list[float]:
    """FLOP/s of each core in float32, the fastest first; empty where a factor is missing."""
    found: list[float] = []
    for cluster in target.clusters:
        if cluster.clock is None or cluster.flop_per_cycle_fp32 is None:
            return []
        found += [cluster.clock.base * cluster.flop_per_cycle_fp32.base] * int(cluster.cores.base)
    return sorted(found, reverse=True)


def _fastest(target: Target) -> str:
    """The core that a few threads run on, by the name of its cluster."""
    rated = [(c.clock.base if c.clock else 0.0, c.name) for c in target.clusters]
    return max(rated)[1] if rated else target.name


def _calibrates(group: Anchors, runtime: str, dtype: str, threads: int) -> bool:
    return group.metric == "latency" and (group.runtime, group.dtype, group.threads) == (runtime, dtype, threads)


def _peak(target: Target, dtype: str, count: int) -> float | None:
    """Of so many cores in GFLOP/s; None where a factor or the data type is not known."""
    speeds, width = _speeds(target), _width(target, dtype)
    if width is None:
        return None
    if speeds:
        return sum(speeds[:count]) / 1e9 * width
    if target.peak_fp32 is not None and count == (target.cores or count):
        return target.peak_fp32.base / 1e9 * width
    return None


def _arch(target: Target) -> str:
    words = " ".join((*target.isa, *(c.name for c in target.clusters), target.name)).lower()
    return "x86_64" if any(word in words for word in ("avx", "sse", "x86")) else "arm64"


def _width(target: Target, dtype: str) -> float | None:
    """How many times as many operations it does as in float32; None where that is not known."""
    if target.dtypes and dtype not in target.dtypes:
        return None
    if dtype == "float16" and target.peak_fp16 is not None and target.peak_fp32 is not None:
        return target.peak_fp16.base / target.peak_fp32.base
    return WIDTHS.get(dtype)
