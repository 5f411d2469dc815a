"""A model that no host of this size can hold is refused before it is read."""

from __future__ import annotations

from harness.errors import UserError
from harness.model.units import show_bytes


def refuse_beyond(weight_bytes: int, memory_bytes: int) -> None:
    """Raises UserError where the weights alone are more than the host's memory; 0 stands for an unknown one."""
    if memory_bytes and weight_bytes > memory_bytes:
        raise UserError(
            f"its weights alone are {show_bytes(weight_bytes)}, more than this host's {show_bytes(memory_bytes)}",
            hint="run it on a larger machine, or give a smaller data type of it",
        )
