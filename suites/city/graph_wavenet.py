"""Graph WaveNet: dilated convolutions over time, diffusion over a graph of sensors, one of its graphs learnt."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

WIDTH, SKIP, END = 32, 256, 512
LEARNT = 10
"""Numbers by which a node is known in the learnt graph."""
ORDER = 2
"""Steps along a graph."""
DILATIONS = (1, 2) * 4
SEEN = 1 + sum(DILATIONS)
"""Moments that an output follows from."""


class Diffusion(nn.Module):
    """A node's own state and its neighbours', one and two steps away along each graph, mixed."""

    def __init__(self, graphs: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d((ORDER * graphs + 1) * WIDTH, WIDTH, 1)

    def forward(self, x: torch.Tensor, graphs: list[torch.Tensor]) -> Any:
        """Of (batch, channels, nodes, moments); a graph is (from, to)."""
        found = [x]
        for graph in graphs:
            near = x
            for _ in range(ORDER):
                near = torch.matmul(graph.t(), near)
                found.append(near)
        return self.mix(torch.cat(found, dim=1))


class Layer(nn.Module):
    """Gated convolution over time, diffusion, a way past both."""

    def __init__(self, dilation: int, graphs: int) -> None:
        super().__init__()
        self.filter, self.gate = (nn.Conv2d(WIDTH, WIDTH, (1, 2), dilation=dilation) for _ in range(2))
        self.skip = nn.Conv2d(WIDTH, SKIP, 1)
        self.residual = nn.Conv2d(WIDTH, WIDTH, 1)
        """What the published network has in place of a diffusion where it has no graph; counted, and not called."""
        self.diffusion = Diffusion(graphs)
        self.norm = nn.BatchNorm2d(WIDTH)

    def forward(self, x: torch.Tensor, graphs: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """The layer's output, and what it adds to the end."""
        found = torch.tanh(self.filter(x)) * torch.sigmoid(self.gate(x))
        past = x[..., -found.shape[-1] :]
        return self.norm(self.diffusion(found, graphs) + past), self.skip(found)


class GraphWaveNet(nn.Module):
    """From (batch, 2, nodes, 12 moments), a reading and the time of day, to (batch, 12 moments ahead, nodes, 1)."""

    def __init__(self, nodes: int, ahead: int = 12) -> None:
        super().__init__()
        self.forwards: torch.Tensor
        self.backwards: torch.Tensor
        self.register_buffer("forwards", torch.empty(nodes, nodes))
        self.register_buffer("backwards", torch.empty(nodes, nodes))
        self.sources = nn.Parameter(torch.empty(nodes, LEARNT))
        self.targets = nn.Parameter(torch.empty(LEARNT, nodes))
        self.start = nn.Conv2d(2, WIDTH, 1)
        self.layers = nn.ModuleList(Layer(dilation, graphs=3) for dilation in DILATIONS)
        self.end = nn.Sequential(nn.ReLU(), nn.Conv2d(SKIP, END, 1), nn.ReLU(), nn.Conv2d(END, ahead, 1))

    def forward(self, readings: torch.Tensor) -> Any:
        """All moments ahead at once."""
        learnt = functional.softmax(functional.relu(self.sources @ self.targets), dim=1)
        graphs = [self.forwards, self.backwards, learnt]
        x = self.start(functional.pad(readings, (SEEN - readings.shape[-1], 0)))
        ends = []
        for layer in self.layers:
            x, end = layer(x, graphs)
            ends.append(end)
        last = ends[-1].shape[-1]
        return self.end(sum(end[..., -last:] for end in ends))
