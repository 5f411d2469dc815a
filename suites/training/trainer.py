"""A whole optimisation step as a module: forward, loss, backward, update."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.checkpoint import checkpoint


class Trainer(nn.Module):
    """Steps ``network`` on a batch. A step leaves no gradients behind, so that each does the same work as the last.

    The batch is cut into ``parts`` whose gradients are added up; ``autocast`` runs the forward pass in bfloat16 where
    autocast finds it safe, with weights, gradients and state in their own type. ``named`` goes to the network as it is.
    """

    def __init__(
        self, network: nn.Module, optimizer: Optimizer, parts: int, autocast: bool, named: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.network, self.optimizer = network, optimizer
        self.parts, self.autocast, self.named = parts, autocast, named

    def forward(self, given: Tensor, labels: Tensor) -> Tensor:
        """One step; gives the batch's mean loss before the update, a number."""
        with torch.inference_mode(False), torch.enable_grad():
            self.network.train()
            loss = torch.zeros((), device=given.device)
            for part in zip(given.chunk(self.parts), labels.chunk(self.parts), strict=True):
                loss += self._backward(*part)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
        return loss

    def _backward(self, given: Tensor, labels: Tensor) -> Tensor:
        with torch.autocast(given.device.type, torch.bfloat16, enabled=self.autocast):
            loss: Tensor = self.network(given, labels=labels, **self.named).loss / self.parts
        torch.autograd.backward(loss)
        return loss.detach().float()


def recompute(network: nn.Module, block: str) -> None:
    """Let each block of that class keep its input alone, and compute the rest again in the backward pass."""
    for module in network.modules():
        if type(module).__name__ == block:
            module.forward = partial(checkpoint, module.forward, use_reentrant=False)


def optimizer_of(network: nn.Module, factored: bool) -> Optimizer:
    """AdamW with two moments a weight, or Adafactor with a row and a column of them a matrix."""
    if factored:
        return torch.optim.Adafactor(network.parameters())
    return torch.optim.AdamW(network.parameters(), lr=1e-4)
