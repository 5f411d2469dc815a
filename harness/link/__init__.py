"""A link with a bandwidth and a round trip between two network namespaces of this machine, and a payload sent over it.

Nothing leaves the machine. ``measure`` does it all; ``between`` is the process that owns the namespaces, ``end`` the
client and the server in them, ``relay`` the link where the kernel has no emulator.
"""

from __future__ import annotations

from harness.link.means import states
from harness.link.measure import Measured, measure
from harness.link.order import Times

__all__ = ["Measured", "Times", "measure", "states"]
