"""The city's networks: as published, and what is made of readings before and after them."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from shapes import module_of
from torch import nn

from harness.collect.loading import SuiteFile, load_suite
from harness.model.workload import Model, Place, Workload, defects
from harness.processing import taking_arrays

pytestmark = pytest.mark.slow

SUITE = load_suite(SuiteFile("city", Path(__file__).parents[2] / "suites/city/suite.py"))
KINDS: dict[str, type[Workload]] = {kind.name: kind for kind in SUITE.workloads}
READINGS = KINDS["patchtst"].build.__globals__["readings"]

COUNTS = {"graph-wavenet": 309_400, "patchtst": 908_768, "building-energy": 2_637_922}
"""Parameters; the suite's README names the sources."""
DEADLINES = {"graph-wavenet": 300, "patchtst": 3600, "building-energy": 3600, "many-machines": 0.032}
FOUND = {"graph-wavenet": (12, 207), "patchtst": (4, 72), "building-energy": (1,), "many-machines": (16,)}


def file(name: str) -> Any:
    """A file beside the suite's."""
    return import_module(f"{SUITE.workloads[0].__module__.rpartition('.')[0]}.{name}")


def first(name: str, **chosen: Any) -> dict[str, Any]:
    return {**{key: values[0] for key, values in KINDS[name].parameters.items()}, **chosen}


def test_these_workloads_are_there_each_with_the_interval_of_its_readings_for_a_deadline() -> None:
    assert {name: kind.deadline_seconds for name, kind in KINDS.items()} == DEADLINES
    assert SUITE.findings == (), "importing it loads nothing heavy"
    assert all(defects(kind) == [] for kind in KINDS.values())
    assert sum(kind.quick is not None for kind in KINDS.values()) == 3


@pytest.mark.parametrize("name", COUNTS)
def test_parameter_counts_are_those_of_the_readme(name: str, place_of: Callable[..., Place]) -> None:
    module = module_of(KINDS[name], place_of())
    assert sum(p.numel() for p in module.parameters()) == COUNTS[name]


def test_each_machine_has_a_network_of_mlperf_tinys_size(place_of: Callable[..., Place]) -> None:
    kept = [t for t in module_of(KINDS["many-machines"], place_of()).state_dict().values() if t.dim()]
    assert sum(t.numel() for t in kept) == 16 * 269_992
    assert KINDS["many-machines"]().items(machines=16, processing="off") == 16


@pytest.mark.parametrize("name", FOUND)
def test_from_the_same_readings_comes_the_same_finite_answer(
    name: str, place_of: Callable[..., Place], marker: Any
) -> None:
    workload = KINDS[name]()
    model: Model = workload.build(place_of(), **first(name, processing="on"))
    with torch.inference_mode():
        call = taking_arrays(model.module, model.inputs)
        one, again = (workload.step(call, model.raw, marker) for _ in range(2))
    assert marker.names == ["preprocessed", "inferred", "postprocessed"] * 2
    assert one.shape == FOUND[name]
    assert numpy.isfinite(one).all()
    assert numpy.array_equal(one, again)


@pytest.mark.parametrize("name", FOUND)
def test_readings_follow_the_seed_and_off_they_come_prepared(name: str, place_of: Callable[..., Place]) -> None:
    one, same, other = (KINDS[name]().build(place_of(seed=s), **first(name, processing="off")) for s in (1, 1, 2))
    assert one.raw is None
    assert all(torch.equal(a, b) for a, b in zip(one.inputs, same.inputs, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one.inputs, other.inputs, strict=True))
    assert all(bool(value.isfinite().all()) for value in one.inputs)


def test_diffusion_goes_along_each_graph_from_its_sources_to_its_targets() -> None:
    layers = file("graph_wavenet")
    graphs = [torch.rand(5, 5) for _ in range(3)]
    x = torch.rand(2, layers.WIDTH, 5, 4)
    near = [x]
    for graph in graphs:
        once = torch.einsum("ncvl,vw->ncwl", x, graph)
        near += [once, torch.einsum("ncvl,vw->ncwl", once, graph)]
    diffusion = layers.Diffusion(3)
    assert torch.allclose(diffusion(x, graphs), diffusion.mix(torch.cat(near, dim=1)), atol=1e-5)


@pytest.mark.parametrize("decodes", [False, True])
def test_a_block_of_the_load_transformer_is_torchs_layer(decodes: bool) -> None:
    layers = file("load_transformer")
    block = layers.Block(decodes).eval()
    kind = nn.TransformerDecoderLayer if decodes else nn.TransformerEncoderLayer
    ours = kind(layers.WIDTH, layers.HEADS, layers.HIDDEN, 0.0, "gelu", batch_first=True).eval()
    _copy(block.own, ours.self_attn)
    if decodes:
        _copy(block.other, ours.multihead_attn)
    for mine, theirs in ((block.hidden[0], ours.linear1), (block.hidden[2], ours.linear2)):
        theirs.load_state_dict(mine.state_dict())
    x, memory = torch.randn(2, 7, layers.WIDTH), torch.randn(2, 9, layers.WIDTH)
    mask = nn.Transformer.generate_square_subsequent_mask(7)
    with torch.no_grad():
        expected = ours(x, memory, tgt_mask=mask) if decodes else ours(x)
        assert torch.allclose(block(x, memory) if decodes else block(x), expected, atol=1e-5)


def _copy(mine: Any, theirs: nn.MultiheadAttention) -> None:
    ways = (mine.query, mine.key, mine.value)
    weights = {"in_proj_weight": torch.cat([w.weight for w in ways]), "in_proj_bias": torch.cat([w.bias for w in ways])}
    out = {f"out_proj.{name}": value for name, value in mine.out.state_dict().items()}
    theirs.load_state_dict({**weights, **out})


def test_a_gap_in_the_air_readings_is_filled_with_what_was_read_last() -> None:
    gap = math.nan
    read = numpy.asarray([[gap, 1], [2, gap], [gap, gap], [5, 4]], "float32")
    assert READINGS.without_gaps(read)[0].tolist() == [[0, 1], [2, 1], [2, 1], [5, 4]]


def test_days_are_means_of_24_hours() -> None:
    hours = numpy.repeat(numpy.asarray([1.0, 3.0, -2.0, 0.0]), 24)[None, :, None]
    assert READINGS.daily(hours).tolist() == [[1], [3], [0], [0]]


def test_a_sensor_that_read_nothing_stands_at_the_middle() -> None:
    found = READINGS.scaled_speeds(numpy.asarray([[0.0, 70.0]]), numpy.asarray([144]))
    assert found[0, :, :, 0].tolist() == [[0, 1], [0.5, 0.5]]
    assert READINGS.speeds_ahead(numpy.asarray([[[[1.0], [-9.0]]]])).tolist() == [[70, 0]]


def forecast(*hours: float) -> Any:
    """A day of load as the network says it: its mean after Box and Cox, and a deviation."""
    mean = (numpy.resize(numpy.asarray(hours), 24) ** READINGS.POWER - 1) / READINGS.POWER
    return numpy.stack((mean, mean * 0), axis=-1)[None].astype("float32")


def test_a_battery_feeds_what_it_holds_into_the_only_hour_that_needs_it() -> None:
    (taken,) = READINGS.charge(forecast(3.2, *[1e-9] * 23))
    assert taken == pytest.approx(-3.2)


def test_a_battery_keeps_what_it_holds_for_the_dear_evening() -> None:
    (taken,) = READINGS.charge(forecast(3.2, *[1e-9] * 15, *[1.28] * 5, *[1e-9] * 3))
    assert 0 <= taken <= 3.2


def test_a_battery_takes_no_more_in_an_hour_than_its_power() -> None:
    taken = READINGS.charge(numpy.concatenate([forecast(9.0), forecast(1e-9), forecast(0.1, 5.0)]))
    assert abs(taken).max() <= READINGS.POWER_KW
    assert taken.shape == (3,)


def test_a_tone_is_loudest_in_the_band_that_it_lies_in() -> None:
    time = numpy.arange(READINGS.WINDOW + 4 * READINGS.HOP) / READINGS.RATE
    tones = numpy.stack([(9000 * numpy.sin(2 * math.pi * hertz * time)).astype("int16") for hertz in (500, 1000, 4000)])
    loudest = READINGS.bands(tones).reshape(3, 5, 128).argmax(-1)
    mel = 2595 * numpy.log10(1 + numpy.asarray([500, 1000, 4000]) / 700)
    expected = mel / (2595 * math.log10(1 + 8000 / 700)) * 129 - 1
    assert abs(loudest - expected[:, None]).max() <= 1
