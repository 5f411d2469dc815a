"""The GPU of a trial that stands for a smaller one, through torch and the driver."""

from __future__ import annotations

import os
from typing import Any, Protocol

from harness.meters.nvml_device import NvmlError, RealDevice
from harness.model.spec import MPS_PERCENTAGE
from harness.worker import cuda_driver


class SharedGpu(Protocol):
    """What capping asks of one GPU. A replay stands in for exactly this."""

    def begin(self) -> int | None:
        """Make the context; the bytes that it took, None where the driver does not tell."""

    def total_bytes(self) -> int:
        """All memory of the GPU."""

    def cap(self, fraction: float) -> float:
        """Cap torch's allocator at that share of the memory; the share read back."""

    def multiprocessors(self) -> int:
        """As many as torch sees."""

    def by_mps(self) -> int | None:
        """As many as MPS lets this process use, None where it was not asked to hold it."""

    def partition(self, number: int) -> int | None:
        """Compute on so many from now on; the number read back, None where it cannot be. Raises RuntimeError."""


class TorchGpu:
    """The real one. Made before torch is loaded, so that what is in use by then is in use by others."""

    def __init__(self) -> None:
        self._idle = _used()
        self._green: Any = None

    def begin(self) -> int | None:
        """The context's bytes are what is in use more than before on the whole GPU."""
        import torch

        torch.cuda.synchronize()
        now = _used()
        return None if now is None or self._idle is None else max(0, now - self._idle)

    def total_bytes(self) -> int:
        """As torch's allocator counts it."""
        import torch

        return int(torch.cuda.get_device_properties(0).total_memory)

    def cap(self, fraction: float) -> float:
        """``torch.cuda.set_per_process_memory_fraction``, and its counterpart that reads it."""
        import torch

        torch.cuda.set_per_process_memory_fraction(fraction)
        return float(torch.cuda.get_per_process_memory_fraction())

    def multiprocessors(self) -> int:
        """Of the device's properties."""
        import torch

        return int(torch.cuda.get_device_properties(0).multi_processor_count)

    def by_mps(self) -> int | None:
        """By the context's affinity; where the driver does not tell it, by the device's properties."""
        if MPS_PERCENTAGE not in os.environ:
            return None
        return cuda_driver.of_context() or self.multiprocessors()

    def partition(self, number: int) -> int | None:
        """By a green context, on whose stream all work of this thread runs from now on."""
        import torch

        green = getattr(torch.cuda, "green_contexts", None)
        if green is None or not green.SUPPORTED or not hasattr(green.GreenContext, "Stream"):
            return None
        self._green = green.GreenContext.create(num_sms=number, device_id=0)
        stream = self._green.Stream()
        torch.cuda.set_stream(stream)
        return cuda_driver.of_stream(stream.cuda_stream)


def _used() -> int | None:
    try:
        device = RealDevice()
        return None if device.mig() else device.used_bytes()
    except NvmlError:
        return None
