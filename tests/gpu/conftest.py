"""Everything here needs an NVIDIA GPU and a torch built for it, and says so where it is skipped."""

from __future__ import annotations

import pytest

from harness.meters.torch_cuda import TorchCuda


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip by name where torch has no GPU here."""
    reason = TorchCuda().available()
    if reason is not None:
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason=f"needs an NVIDIA GPU: {reason}"))


@pytest.fixture
def cuda():
    """torch, with a CUDA context."""
    import torch

    torch.cuda.init()
    torch.cuda.empty_cache()
    return torch
