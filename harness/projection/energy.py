"""Energy of a step from a profile's power figures: only where both have a source and one scope."""

from __future__ import annotations

from msgspec.structs import replace

from harness.model.estimate import Estimate, NotProjected
from harness.model.profile import HardwareProfile


def step_energy(estimate: Estimate, profile: HardwareProfile) -> Estimate | NotProjected:
    """Joules of one step (in the fields for seconds): load power times the projected time, gross.

    Load power is drawn by a stress test on all cores, so the figure is an upper end for a workload that waits.
    """
    idle, load = profile.power.idle, profile.power.load
    if idle is None or load is None:
        return NotProjected("not projected: the profile lacks its idle or its load power")
    if idle.scope != load.scope:
        return NotProjected(f"not projected: idle power is the {idle.scope}'s, load power the {load.scope}'s")
    watts = load.base
    return replace(
        estimate,
        seconds=estimate.seconds * watts,
        low=estimate.low * idle.base,
        high=estimate.high * watts,
        note=f"{load.scope} power: {load.source}",
    )
