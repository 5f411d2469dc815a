"""Published times of networks on GPUs in PyTorch's own operators, against the estimate for another kind of device.

The operators are counted from the real networks, on shapes alone. Of the estimate the width of its interval alone is
fitted to these rows: a card is judged by the one that the others give.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import log, sqrt
from pathlib import Path
from statistics import mean
from typing import Any

from harness import profiles
from harness.collect.loading import SuiteFile, load_suite
from harness.features import count, summed
from harness.model.estimate import Estimate
from harness.model.features import Features
from harness.model.profile import Figure, HardwareProfile, Memory, Target
from harness.model.units import to_base
from harness.model.workload import Place
from harness.projection import order
from harness.runtimes import Loaded
from tests.suites.shapes import without_numbers

ROOT = Path(__file__).parents[2]
TABLES = Path(__file__).parent / "tables"
NINETY = 1.6449
FIRST = {"vision/vit-b-16": {"batch": 1}}
"""Parameters of a workload that has some; the batch of the images is then another one."""


@dataclass(frozen=True)
class Timed:
    """One published time and the estimate of it, in seconds."""

    device: str
    network: str
    truth: float
    said: Estimate

    @property
    def error(self) -> float:
        """Relative to the truth."""
        return abs(self.said.seconds / self.truth - 1)

    @property
    def off(self) -> float:
        """In log time."""
        return log(self.said.seconds / self.truth)


def worst(rows: Sequence[Timed]) -> float:
    """What the worst device was off by: the root mean square in log time. So is the product's deviation found."""
    devices = {row.device for row in rows}
    return max(sqrt(mean(row.off**2 for row in rows if row.device == device)) for device in devices)


def held(rows: Sequence[Timed], device: str) -> list[bool]:
    """Whether each of a device's times lies in the 90 % interval, as wide as the other devices ask for."""
    most = NINETY * worst([row for row in rows if row.device != device])
    return [abs(row.off) <= most for row in rows if row.device == device]


def table() -> list[Timed]:
    """All rows. Takes half a minute: every network is run through once, without numbers."""
    return [_timed(row) for row in _lines("gpu.csv")]


def _timed(row: dict[str, str]) -> Timed:
    profile = _profile(row["device"])
    work = _counted(row["network"], int(row["batch"]), int(row["length"] or 0))
    said = order.gpu(work, profile, profile.target[-1], row["dtype"], "float32")
    assert isinstance(said, Estimate), said
    return Timed(row["device"], row["network"], to_base(float(row["milliseconds"]), "ms"), said)


def _lines(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((TABLES / name).read_text().splitlines())


@cache
def _profile(device: str) -> HardwareProfile:
    """The one that is shipped, or one of what a table states of the card."""
    row = next(row for row in _lines("gpu_devices.csv") if row["device"] == device)
    if row["profile"]:
        return profiles.load(ROOT / "hardware_profiles" / f"{row['profile']}.toml")
    peak = _figure(row["half_tflops"], "TFLOP/s", row["source"])
    bandwidth = _figure(row["gb_per_second"], "GB/s", row["source"])
    memory = _figure(row["gigabytes"], "GB", row["source"])
    target = Target("gpu", "gpu", device, memory=memory, peak_fp16=peak, bandwidth_peak=bandwidth)
    return HardwareProfile(1, "a-card", device, "board", "gpu", Memory(memory, memory, memory), (target,))


def _figure(value: str, unit: str, source: str) -> Figure:
    return Figure(float(value), unit, source, "2026-11", "datasheet")


@cache
def _counted(network: str, batch: int, length: int) -> Features:
    module, inputs = _bert(batch, length) if network == "bert-base" else _of_suite(network, batch)

    def call(*given: Any) -> Any:
        import torch

        with torch.inference_mode():
            return module(*given)

    return summed(count("torch-eager", Loaded(call, inputs), lambda call: call(*inputs), 1), None)


def _of_suite(network: str, batch: int) -> tuple[Any, tuple[Any, ...]]:
    import torch

    suite, name = network.split("/")
    kinds = load_suite(SuiteFile(suite, ROOT / "suites" / suite / "suite.py")).workloads
    kind = next(kind for kind in kinds if kind.name == name)
    with without_numbers(kind):
        model = kind().build(Place("cpu", "float32", 0, Path()), **FIRST.get(network, {}))
    return model.module, (torch.empty((batch, *model.inputs[0].shape[1:]), device="meta"),)


def _bert(batch: int, length: int) -> tuple[Any, tuple[Any, ...]]:
    """12 layers of 768, as FasterTransformer's guide has it."""
    import torch
    from transformers.models.bert.configuration_bert import BertConfig
    from transformers.models.bert.modeling_bert import BertModel

    with torch.device("meta"):
        return BertModel(BertConfig()).eval(), (torch.zeros((batch, length), dtype=torch.long),)
