"""Energy of a step from a profile's power figures: only where both have a source and one scope."""

from __future__ import annotations

from msgspec.structs import replace

from harness.model.estimate import Estimate, Joules
from harness.model.profile import HardwareProfile


def with_energy(estimate: Estimate, profile: HardwareProfile) -> Estimate:
    """The estimate with joules, or with the reason why there are none.

    Load power is drawn by a stress test on all cores, so the figure is an upper end for work that waits.
    """
    idle, load = profile.power.idle, profile.power.load
    if idle is None or load is None:
        return replace(estimate, no_joules="not projected: the profile lacks its idle or its load power")
    if idle.scope != load.scope:
        why = f"not projected: idle power is the {idle.scope}'s, load power the {load.scope}'s"
        return replace(estimate, no_joules=why)
    value = estimate.seconds * load.base
    joules = Joules(value, estimate.low * idle.base, estimate.high * load.base, load.scope, load.source)
    return replace(estimate, joules=joules)
