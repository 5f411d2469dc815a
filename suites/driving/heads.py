"""A network with those of its outputs that are used, so that a converted one computes and returns no others."""

from __future__ import annotations

from typing import Any

from torch import nn


class Chosen(nn.Module):
    """A network of ``transformers``, called with pixels; gives the outputs of these names."""

    def __init__(self, network: Any, *names: str) -> None:
        super().__init__()
        self.network = network
        self.names = names

    def forward(self, pixels: Any) -> tuple[Any, ...]:
        """Of float (1, 3, height, width)."""
        found = self.network(pixel_values=pixels)
        return tuple(found[name] for name in self.names)
