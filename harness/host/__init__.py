"""This machine, probed for real: what it can do, what it is, what disturbs on it. Nothing is probed on import."""

from __future__ import annotations

from harness.host.disturbances import doctor
from harness.host.environment import capabilities, environment
from harness.host.software import identity

__all__ = ["capabilities", "doctor", "environment", "identity"]
