"""What a tier allows: the limits of a trial on it, and why a case cannot be tried on it here. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from harness.model.case import HOST, Case, Limits
from harness.model.machine import Capabilities, Gpu
from harness.model.profile import HardwareProfile, Target
from harness.model.units import show_bytes

PYTHON = "python"
"""The runtime that runs wherever tierbench does, so that no profile need state it."""
TORCH = "torch-"
"""How the runtimes begin whose memory on a GPU is torch's allocator's, which can be capped."""
MULTIPROCESSOR = "SM"
"""Name of the cluster of a GPU target that says how many multiprocessors it has."""


def why_not(case: Case, profile: HardwareProfile, target: Target, capabilities: Capabilities) -> str | None:
    """Why a case cannot be tried on a tier on this host, None where it can."""
    if target.dtypes and case.dtype not in target.dtypes and not _converts(case):
        return f"{target.name} does not compute in {case.dtype}: its profile states {', '.join(target.dtypes)}"
    if target.runtimes and case.runtime not in {*target.runtimes, PYTHON}:
        return f"{case.runtime} is not known to work on {target.name}: its profile states {', '.join(target.runtimes)}"
    if target.device == "gpu" and not capabilities.gpus:
        return "this host has no GPU"
    if target.device == "gpu" and profile.kind != HOST:
        return _no_share(case, gpu_memory_bytes(profile, target), capabilities.gpus[0])
    return None


def _converts(case: Case) -> bool:
    """PyTorch runs these on any CPU: bfloat16 by float32 where the instructions lack, int8 and int4 as weights alone.

    It may be slow, and it fits or does not.
    """
    return case.device == "cpu" and case.runtime == "torch-eager" and case.dtype in {"bfloat16", "int8", "int4"}


def gpu_memory_bytes(profile: HardwareProfile, target: Target) -> int:
    """What a workload may use of a GPU: its own memory, or what the board leaves of the memory that it shares."""
    return int(target.memory.base) if target.memory else profile.budget_bytes


def multiprocessors(target: Target) -> int | None:
    """Multiprocessors of a GPU target, None where its profile does not state them."""
    return int(sum(c.cores.base for c in target.clusters if c.name == MULTIPROCESSOR)) or None


def limits(profile: HardwareProfile, target: Target, gpu: Gpu | None = None) -> Limits:
    """What a trial may use on that target of a board; ``gpu`` is the host's, which is to stand for the board's."""
    cpu = _cpu(profile, target)
    base = Limits(profile.budget_bytes, profile.swap_bytes, cpu.cores, cpu.cores) if cpu else Limits()
    if target.device != "gpu":
        return base
    asked, there = multiprocessors(target), gpu.multiprocessors if gpu else None
    return replace(
        base,
        gpu_memory_bytes=gpu_memory_bytes(profile, target),
        gpu_multiprocessors=asked,
        gpu_percent=100 * asked / there if asked and there and asked < there else None,
        gpu_shares_memory=target.memory is None,
    )


def _no_share(case: Case, asked: int, gpu: Gpu) -> str | None:
    """Why a share of the host's GPU cannot stand for a tier's."""
    if not case.runtime.startswith(TORCH):
        return f"only PyTorch's memory on a GPU can be capped here, not that of {case.runtime}"
    if gpu.memory_bytes < asked:
        return f"this host's GPU has {show_bytes(gpu.memory_bytes)}, the tier {show_bytes(asked)}"
    return None


def _cpu(profile: HardwareProfile, target: Target) -> Target | None:
    """What the process runs on; None where a profile is of a card alone, and the machine around it no part of it."""
    return target if target.device == "cpu" else next((t for t in profile.target if t.device == "cpu"), None)
