"""What the CUDA driver says of the multiprocessors that this process may use, asked through its own library."""

from __future__ import annotations

import ctypes
from typing import Any

_SM, _SM_COUNT_AFFINITY = 1, 0
"""CU_DEV_RESOURCE_TYPE_SM and CU_EXEC_AFFINITY_TYPE_SM_COUNT."""
_RESOURCE_BYTES, _SM_COUNT_AT = 256, 96
"""CUdevResource is at most 152 bytes; the count stands behind its type and 92 bytes of padding."""


def of_stream(stream: int) -> int | None:
    """Multiprocessors of the green context that a stream belongs to, None where there is none or it is not told."""
    library = _library()
    context, resource = ctypes.c_void_p(), ctypes.create_string_buffer(_RESOURCE_BYTES)
    if not _asked(library, "cuStreamGetGreenCtx", ctypes.c_void_p(stream), ctypes.byref(context)) or not context:
        return None
    if not _asked(library, "cuGreenCtxGetDevResource", context, resource, _SM):
        return None
    return ctypes.c_uint.from_buffer(resource, _SM_COUNT_AT).value or None


def of_context() -> int | None:
    """Multiprocessors that the current context is held to, None where it is not or it is not told."""
    affinity = (ctypes.c_uint * 2)()  # the kind, then the count
    if not _asked(_library(), "cuCtxGetExecAffinity", affinity, _SM_COUNT_AFFINITY):
        return None
    return int(affinity[1]) or None


def _library() -> Any:
    try:
        return ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None


def _asked(library: Any, name: str, *arguments: object) -> bool:
    call = getattr(library, name, None)
    return call is not None and call(*arguments) == 0
