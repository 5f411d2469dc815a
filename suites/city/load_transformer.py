"""The encoder and decoder that BuildingsBench forecasts a building's load with, hour by hour."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

PAST, AHEAD = 168, 24
"""Hours: a week is seen, a day forecast."""
WIDTH, HEADS, HIDDEN, LAYERS = 256, 4, 512, 2


class Attention(nn.Module):
    """Multi-head attention."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, x: torch.Tensor, seen: torch.Tensor, causal: bool = False) -> Any:
        """``x`` (batch, hours, width) looks at ``seen``; ``causal``: at what is not later than itself."""
        ways = (self.query(x), self.key(seen), self.value(seen))
        query, key, value = (way.unflatten(-1, (HEADS, -1)).transpose(1, 2) for way in ways)
        found = functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
        return self.out(found.transpose(1, 2).flatten(-2))


class Block(nn.Module):
    """Attention to itself, in a decoder also to the encoder's output, then two linear layers; norms come after."""

    def __init__(self, decodes: bool) -> None:
        super().__init__()
        self.own = Attention()
        self.other = Attention() if decodes else None
        self.hidden = nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3 if decodes else 2))

    def forward(self, x: torch.Tensor, memory: torch.Tensor | None = None) -> Any:
        """Same shape."""
        norms = iter(self.norms)
        x = next(norms)(x + self.own(x, x, causal=self.other is not None))
        if self.other is not None and memory is not None:
            x = next(norms)(x + self.other(x, memory))
        return next(norms)(x + self.hidden(x))


class LoadTransformer(nn.Module):
    """From a week of load to mean and deviation of each hour of the day that follows: (batch, 24, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.latitude, self.longitude = nn.Linear(1, 32), nn.Linear(1, 32)
        self.kind = nn.Embedding(2, 32)
        self.calendar = nn.ModuleList(nn.Linear(2, 32) for _ in range(3))
        self.power = nn.Linear(1, 64)
        self.encoder = nn.ModuleList(Block(decodes=False) for _ in range(LAYERS))
        self.decoder = nn.ModuleList(Block(decodes=True) for _ in range(LAYERS))
        self.ends = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
        self.head = nn.Linear(WIDTH, 2)

    def forward(self, load: torch.Tensor, calendar: torch.Tensor, place: torch.Tensor, kind: torch.Tensor) -> Any:
        """Load (batch, 168), calendar (batch, 192, 3) and place (batch, 2) from -1 to 1, kind (batch,) 0 or 1.

        Each hour is forecast from the mean of the one before: the decoder runs 24 times, over one hour more each time.
        """
        known, place_of_hour = self._known(calendar, place, kind), _positions(PAST).to(load)
        memory = torch.cat((known[:, :PAST], self.power(load[..., None])), dim=-1) + place_of_hour
        for block in self.encoder:
            memory = block(memory)
        memory = self.ends[0](memory)
        said, found = load[:, -1:], []
        for hour in range(AHEAD):
            begun = known[:, PAST - 1 : PAST + hour]
            x = torch.cat((begun, self.power(said[..., None])), dim=-1) + place_of_hour[: hour + 1]
            for block in self.decoder:
                x = block(x, memory)
            found.append(self.head(self.ends[1](x[:, -1:])))
            said = torch.cat((said, found[-1][..., 0]), dim=1)
        return torch.cat(found, dim=1)

    def _known(self, calendar: torch.Tensor, place: torch.Tensor, kind: torch.Tensor) -> torch.Tensor:
        """What is known of all hours, the day to come among them: (batch, 192, 192)."""
        still = torch.cat((self.latitude(place[:, :1]), self.longitude(place[:, 1:]), self.kind(kind)), dim=-1)
        turning = torch.stack((torch.sin(math.pi * calendar), torch.cos(math.pi * calendar)), dim=-1)
        moving = [layer(turning[:, :, k]) for k, layer in enumerate(self.calendar)]
        return torch.cat((still[:, None].expand(-1, PAST + AHEAD, -1), *moving), dim=-1)


def _positions(count: int) -> torch.Tensor:
    """Sines and cosines of an hour's place: (hours, width)."""
    rates = torch.exp(-torch.arange(0, WIDTH, 2) * (math.log(10000) / WIDTH))
    angles = torch.arange(count)[:, None] * rates
    return torch.stack((torch.sin(angles), torch.cos(angles)), dim=-1).flatten(1)
