"""This machine as a profile, so that it stands beside the boards."""

from __future__ import annotations

from datetime import UTC, datetime

from harness.model.case import HOST
from harness.model.machine import Capabilities
from harness.model.profile import Cluster, Figure, HardwareProfile, Memory, Target


def host_profile(capabilities: Capabilities) -> HardwareProfile:
    """This machine as a profile: its memory, its CPU and a target for each GPU, as probed now."""
    today = datetime.now(tz=UTC).date().isoformat()

    def probed(value: float, unit: str, note: str = "") -> Figure:
        return Figure(value, unit, "probed", today, "measured", note)

    memory = Memory(
        nominal=probed(capabilities.memory_bytes, "B"),
        usable=probed(capabilities.memory_bytes, "B"),
        reserve=probed(0, "B", "a trial on the machine itself is not held back"),
        swap=probed(capabilities.swap_bytes, "B"),
    )
    cluster = Cluster("all", probed(capabilities.cores, "cores"))
    targets = [Target("cpu", "cpu", "CPU of this machine", clusters=(cluster,))]
    several = len(capabilities.gpus) > 1
    for gpu in capabilities.gpus:
        name = f"gpu{gpu.index}" if several else "gpu"
        targets.append(Target(name, "gpu", gpu.name, memory=probed(gpu.memory_bytes, "B")))
    return HardwareProfile(1, HOST, "This machine", "host", "host", memory, tuple(targets))
