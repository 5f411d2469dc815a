"""What the primitives share: their declaration, noise as input, weights that follow no seed but their own."""

from __future__ import annotations

from typing import Any, ClassVar

from harness import Place, Workload


def sizes(text: str) -> list[int]:
    """``64-256-56`` as numbers."""
    return [int(part) for part in text.split("-")]


def noise(place: Place, *shape: int) -> Any:
    """Normal numbers of that shape in the data type asked for."""
    import torch

    made = torch.randn(shape, generator=torch.Generator().manual_seed(place.seed))
    return made.to(getattr(torch, place.dtype))


def filled(place: Place, module: Any) -> Any:
    """The module with normal weights of variance 1 / fan-in that follow no seed but their own."""
    import torch

    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            spread = (parameter[0].numel() if parameter.dim() > 1 else parameter.numel()) ** -0.5
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)
    return module.to(getattr(torch, place.dtype)).eval()


class _Primitive(Workload):
    family = "primitives"
    requires = ("torch",)
    runtimes: ClassVar[tuple[str, ...]] = ("torch-eager", "onnxruntime", "ncnn")
    items_unit = "FLOP"
