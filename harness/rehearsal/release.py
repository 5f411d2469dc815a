"""Whether what was built is gone once nothing of ours holds it."""

from __future__ import annotations

import ctypes
import gc
import types
import weakref
from contextlib import suppress
from typing import Any

from harness.host.processes import own_bytes
from harness.model.units import MIB

SLACK_BYTES = 16 * MIB
"""Growth that says nothing: arenas, caches of libraries."""


_LASTING = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)
"""What may well be somebody else's: a function of a module lives as long as the module."""


class Watch:
    """Knows a module without keeping it."""

    def __init__(self, module: Any) -> None:
        self._seen: weakref.ref[Any] | None = None
        self._kind = type(module).__name__
        if not isinstance(module, _LASTING):
            with suppress(TypeError):
                self._seen = weakref.ref(module)

    def held(self) -> str | None:
        """The module's type where something still holds it, None where it is gone or cannot be watched."""
        gc.collect()
        return self._kind if self._seen is not None and self._seen() is not None else None


def resident_bytes() -> int:
    """Of this process, once free memory was given back to the system."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    return own_bytes("VmRSS") or 0
