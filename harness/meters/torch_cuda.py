"""What torch's allocator handed out on the GPU, a stage at a time."""

from __future__ import annotations

import sys
from typing import Any

from harness.meters.counter import one
from harness.model.measure import GPU_ALLOCATED, GPU_RESERVED, Measurement, Stage


class TorchCuda:
    """Peaks of allocated and reserved bytes, reset at each stage. The CUDA context and libraries are not in them."""

    id = "torch-cuda"
    roles = frozenset({"need", "gate", "timing", "ceiling", "composition"})
    devices = frozenset({"gpu"})
    metrics = (GPU_ALLOCATED, GPU_RESERVED)

    def available(self) -> str | None:
        """Why torch has no GPU here; asks torch only where it is loaded already."""
        if (torch := sys.modules.get("torch")) is not None:
            return None if torch.cuda.is_available() else "torch sees no CUDA device"
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("torch")
        except PackageNotFoundError:
            return "torch is not installed"
        if found.endswith("+cpu"):
            return (
                f"torch {found} is built without CUDA (install the build for CUDA: `make bench` picks it by the driver)"
            )
        return _no_gpu()

    def begin(self) -> None:
        """Reset the peaks; before there is a CUDA context there is nothing to reset, and none is made for it."""
        torch = _torch_with_context()
        if torch is not None:
            torch.cuda.reset_peak_memory_stats()

    def end(self, stage: Stage) -> tuple[Measurement, ...]:
        """The peaks since ``begin``, in bytes; missing where the stage ended without a CUDA context."""
        torch = _torch_with_context()
        if torch is None:
            return tuple(one(metric, stage, None, "torch had no CUDA context by then") for metric in self.metrics)
        torch.cuda.synchronize()
        peaks = torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved()
        return tuple(one(m, stage, float(peak), None) for m, peak in zip(self.metrics, peaks, strict=True))


def _torch_with_context() -> Any:
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.cuda.is_initialized() else None


def _no_gpu() -> str | None:
    from harness.meters.nvml import NvmlError, RealDevice

    try:
        RealDevice()
    except NvmlError as error:
        return str(error)
    return None
