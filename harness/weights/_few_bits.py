"""Linear layers that keep their weights in 8 or 4 bits and compute in the type of their input, by PyTorch's kernels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

GROUP = 128
"""Weights of a row that share a scale and a zero in int4."""

MANY_ROWS = 32
"""From so many on, an ordinary product with int8 weights unpacked for it is the faster one."""


class _FewBits(nn.Module):
    """A linear layer of ``outputs`` x ``inputs`` without its numbers. ``scale`` is in the type to compute in."""

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear, weight: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.outputs, self.inputs = linear.out_features, linear.in_features
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().to(scale.dtype))

    def forward(self, rows: Tensor) -> Tensor:
        """The layer's outputs for rows of inputs, of any number of leading dimensions."""
        flat = self._product(rows.reshape(-1, self.inputs))
        made = flat if self.bias is None else flat + self.bias
        return made.reshape(*rows.shape[:-1], self.outputs)

    def _product(self, rows: Tensor) -> Tensor:
        raise NotImplementedError

    def extra_repr(self) -> str:
        """What it is, for people."""
        return f"{self.inputs}, {self.outputs}"


class Int8(_FewBits):
    """Whole numbers from -127 to 127 and a scale for each row."""

    def __init__(self, linear: nn.Linear, dtype: torch.dtype) -> None:
        weight = linear.weight.detach().float()
        scale = weight.abs().amax(1).clamp(min=1e-30) / 127
        super().__init__(linear, (weight / scale[:, None]).round().to(torch.int8), scale.to(dtype))

    def _product(self, rows: Tensor) -> Tensor:
        if rows.shape[0] < MANY_ROWS:
            return torch._weight_int8pack_mm(rows, self.weight, self.scale)
        return rows @ self.weight.to(rows.dtype).t() * self.scale


class Int4(_FewBits):
    """16 steps between the least and the greatest of each ``GROUP``; two weights a byte, in the kernel's order."""

    def __init__(self, linear: nn.Linear, dtype: torch.dtype) -> None:
        weight = linear.weight.detach().float()
        groups = weight.reshape(linear.out_features, -1, GROUP)
        low, high = groups.amin(2), groups.amax(2)
        step = (high - low).clamp(min=1e-30) / 15
        steps = ((groups - low[..., None]) / step[..., None]).round().clamp(0, 15).to(torch.int32)
        scale = torch.stack([step, low + 8 * step], dim=-1).transpose(0, 1).contiguous()
        super().__init__(linear, _packed(steps.reshape(weight.shape)), scale.to(dtype))

    def _product(self, rows: Tensor) -> Tensor:
        made: Tensor = torch.ops.aten._weight_int4pack_mm_for_cpu(rows, self.weight, GROUP, self.scale)
        return made


def _packed(steps: Tensor) -> Tensor:
    """Numbers from 0 to 15 as the kernel of this CPU wants them; their shape alone where they have no memory."""
    if steps.is_meta:
        return torch.empty(steps.shape[0], steps.shape[1] // 2, dtype=torch.uint8, device="meta")
    packed: Tensor = torch.ops.aten._convert_weight_to_int4pack_for_cpu(steps, 1)
    return packed


KINDS: dict[str, type[Int8 | Int4]] = {"int8": Int8, "int4": Int4}


def replace_linears(module: nn.Module, bits: str, dtype: torch.dtype) -> int:
    """Put a layer of few bits in the place of each linear one that can have it; gives how many that were.

    One that shares its weights with another module, as an output does with the embedding, stays; so does one whose rows
    are no whole number of groups.
    """
    places = list(_places(module, bits))
    for parent, name, linear in places:
        setattr(parent, name, KINDS[bits](linear, dtype))
    return len(places)


def _places(module: nn.Module, bits: str) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    users = [id(p) for m in module.modules() for p in m.parameters(recurse=False)]
    for parent in module.modules():
        for name, child in parent.named_children():
            if type(child) is nn.Linear and users.count(id(child.weight)) == 1 and _divides(child, bits):
                yield parent, name, child


def _divides(linear: nn.Linear, bits: str) -> bool:
    return bits == "int8" or (linear.in_features % GROUP == 0 and linear.out_features % 16 == 0)


def tensors(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, those that it computes for itself included; shared ones under each name."""
    named = module.named_parameters(remove_duplicate=False), module.named_buffers(remove_duplicate=False)
    return {name: tensor for kind in named for name, tensor in kind}


def fill(module: nn.Module, given: dict[str, Any]) -> None:
    """Put tensors in the places of those of the same names; ``given`` has shared ones once, under the first name."""
    made: dict[int, Any] = {}
    for name, old in list(tensors(module).items()):
        parent, _, leaf = name.rpartition(".")
        if id(old) not in made:
            made[id(old)] = nn.Parameter(given[name], False) if isinstance(old, nn.Parameter) else given[name]
        setattr(module.get_submodule(parent), leaf, made[id(old)])
