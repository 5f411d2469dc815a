"""What a tier allows: the limits of a trial on it, and why a case cannot be tried on it here. Pure."""

from __future__ import annotations

from harness.model.case import HOST, Case, Limits
from harness.model.machine import Capabilities
from harness.model.profile import HardwareProfile, Target

GPU_LIMITS = "this version does not cap a GPU's memory: a GPU target runs only as the host's own"
PYTHON = "python"
"""The runtime that runs wherever tierbench does, so that no profile need state it."""


def why_not(case: Case, profile: HardwareProfile, target: Target, capabilities: Capabilities) -> str | None:
    """Why a case cannot be tried on a tier on this host, None where it can."""
    if target.dtypes and case.dtype not in target.dtypes:
        return f"{target.name} does not compute in {case.dtype}: its profile states {', '.join(target.dtypes)}"
    if target.runtimes and case.runtime not in {*target.runtimes, PYTHON}:
        return f"{case.runtime} is not known to work on {target.name}: its profile states {', '.join(target.runtimes)}"
    if target.device == "gpu" and not capabilities.gpus:
        return "this host has no GPU"
    if target.device == "gpu" and profile.kind != HOST:
        return GPU_LIMITS
    return None


def limits(profile: HardwareProfile, target: Target) -> Limits:
    """What a trial may use on that target of a board."""
    return Limits(
        memory_bytes=profile.budget_bytes,
        swap_bytes=profile.swap_bytes,
        cores=target.cores,
        threads=target.cores,
    )
