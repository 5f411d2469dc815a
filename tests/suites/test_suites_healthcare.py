"""The clinical networks: their size, what goes in and comes out, and the stages around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from shapes import module_of, without_numbers

from harness.collect.loading import SuiteFile, load_suite
from harness.model.workload import Place, Workload, defects
from harness.processing import taking_arrays
from harness.runtimes import Loaded, get

pytestmark = pytest.mark.slow

SUITE = load_suite(SuiteFile("healthcare", Path(__file__).parents[2] / "suites/healthcare/suite.py"))
KINDS: dict[str, type[Workload]] = {kind.name: kind for kind in SUITE.workloads}
PARTS: dict[str, Any] = KINDS["ecg"].build.__globals__
"""The names that the suite's file sees."""
montage, resample, ELECTRODES = PARTS["montage"], PARTS["resample"], PARTS["ELECTRODES"]
PUBLISHED = {"ecg": 6_421_910, "unet-2d": 31_031_685, "unet-3d": 19_069_955, "seizure-stream": 3_937_218}
"""Parameters; the suite's README names the sources."""
SMALL: dict[str, dict[str, Any]] = {
    "ecg": {},
    "unet-2d": {"size": 32},
    "unet-3d": {"patch": "92x92x92"},
    "seizure-stream": {},
}
"""The least that each can be given."""
SHAPES = {
    "ecg": [(1, 6)],
    "unet-2d": [(1, 2, 32, 32)],
    "seizure-stream": [(1, 2), *[(1, 256)] * 4],
}


def loaded_for(name: str, place: Place, folder: Path, processing: str = "off") -> Loaded:
    workload = KINDS[name]()
    return get("torch-eager").load(lambda: workload.build(place, **SMALL[name], processing=processing), place, folder)


def outputs(found: Any) -> list[torch.Tensor]:
    return list(found) if isinstance(found, tuple) else [found]


def test_declarations_are_sound_and_nothing_heavy_is_loaded() -> None:
    assert set(KINDS) == set(PUBLISHED)
    assert SUITE.findings == ()
    assert [defect for kind in KINDS.values() for defect in defects(kind)] == []
    assert {name for name, kind in KINDS.items() if kind.quick is not None} == {"ecg", "seizure-stream"}


def test_deadlines_are_as_the_readme_gives_them() -> None:
    assert {name: kind.deadline_seconds for name, kind in KINDS.items()} == {
        "ecg": 10.0,
        "unet-2d": 1.0,
        "unet-3d": None,
        "seizure-stream": 1.0,
    }
    assert all(kind().items(processing="off") == 1 for kind in KINDS.values())


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameter_counts_are_the_published_ones(name: str, place_of: Callable[..., Place]) -> None:
    found = sum(p.numel() for p in module_of(KINDS[name], place_of()).parameters())
    assert found == pytest.approx(PUBLISHED[name], rel=5e-4 if "unet" in name else 0)


def test_the_published_patch_gives_the_published_mask(place_of: Callable[..., Place]) -> None:
    with without_numbers(KINDS["unet-3d"]):
        model = KINDS["unet-3d"]().build(place_of(), patch="116x132x132", processing="off")
    assert model.module(model.inputs[0].to("meta")).shape == (1, 3, 28, 44, 44)


@pytest.mark.parametrize("name", ["ecg", "unet-2d", "seizure-stream"])
def test_outputs_are_finite_and_repeat(name: str, place_of: Callable[..., Place], tmp_path: Path, marker: Any) -> None:
    loaded = loaded_for(name, place_of(), tmp_path)
    once, again = (outputs(KINDS[name]().step(loaded.call, loaded.inputs, marker)) for _ in range(2))
    assert [tuple(tensor.shape) for tensor in once] == SHAPES[name]
    assert all(bool(tensor.isfinite().all()) and float(tensor.std()) > 0 for tensor in once)
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))
    assert marker.names == []


@pytest.mark.parametrize("name", ["ecg", "unet-2d", "seizure-stream"])
def test_with_raw_input_it_marks_each_stage_and_gives_what_is_shown(
    name: str, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    workload = KINDS[name]()
    model = workload.build(place_of(), **SMALL[name], processing="on")
    loaded = loaded_for(name, place_of(), tmp_path)
    shown = outputs(workload.step(taking_arrays(loaded.call, loaded.inputs), model.raw, marker))
    assert marker.names == ["preprocessed", "inferred", "postprocessed"]
    assert shown[0].dtype == (numpy.float32 if name == "seizure-stream" else numpy.uint8)
    assert model.raw[0].dtype.kind in "iu", "what a device gives is whole numbers"


def test_the_smallest_patch_gives_a_mask_of_its_middle(place_of: Callable[..., Place], tmp_path: Path) -> None:
    loaded = loaded_for("unet-3d", place_of(), tmp_path)
    logits = loaded.call(*loaded.inputs)
    assert logits.shape == (1, 3, 4, 4, 4)
    assert bool(logits.isfinite().all())
    mask = KINDS["unet-3d"]().finish(logits.numpy())
    assert (mask.shape, mask.dtype) == ((1, 4, 4, 4), numpy.uint8)


@pytest.mark.parametrize(("name", "runtime"), [("seizure-stream", "onnxruntime"), ("ecg", "ncnn")])
def test_converted_it_shows_what_eager_shows(
    name: str, runtime: str, place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    workload, place = KINDS[name](), place_of()
    model = workload.build(place, processing="on")
    get(runtime).prepare(lambda: model, place, tmp_path)
    shown = []
    for subject in (get(runtime), get("torch-eager")):
        loaded = subject.load(lambda: model, place, tmp_path)
        shown.append(outputs(workload.step(taking_arrays(loaded.call, loaded.inputs), model.raw, marker)))
    for converted, eager in zip(*shown, strict=True):
        assert numpy.allclose(converted, eager, atol=1e-4)


@pytest.mark.parametrize("name", ["ecg", "unet-2d", "seizure-stream"])
def test_bfloat16_is_finite(name: str, place_of: Callable[..., Place], tmp_path: Path, marker: Any) -> None:
    loaded = loaded_for(name, place_of("bfloat16"), tmp_path)
    found = outputs(KINDS[name]().step(loaded.call, loaded.inputs, marker))
    assert all(bool(tensor.isfinite().all()) for tensor in found)


def test_a_hop_depends_on_the_state_and_leaves_what_it_was_given_alone(
    place_of: Callable[..., Place], tmp_path: Path
) -> None:
    loaded = loaded_for("seizure-stream", place_of(), tmp_path)
    window, *state = loaded.inputs
    before = [part.clone() for part in state]
    logits, *after = loaded.call(window, *state)
    following, *_ = loaded.call(window, *after)
    assert all(torch.equal(part, was) for part, was in zip(state, before, strict=True))
    assert not torch.equal(logits, following)


def test_the_layers_are_those_of_an_lstm(place_of: Callable[..., Place]) -> None:
    model = KINDS["seizure-stream"]().build(place_of(), processing="off")
    reference = torch.nn.LSTM(256, 256, num_layers=2)
    for layer, cell in enumerate((model.module.lower, model.module.upper)):
        for ours, theirs in ((cell.given, "ih"), (cell.kept, "hh")):
            getattr(reference, f"weight_{theirs}_l{layer}").data = ours.weight
            getattr(reference, f"bias_{theirs}_l{layer}").data = ours.bias
    x, (lower, lower_cells, upper, upper_cells) = torch.randn(1, 256), model.inputs[1:]
    with torch.no_grad():
        _, expected = reference(x[None], (torch.stack((lower, upper)), torch.stack((lower_cells, upper_cells))))
        below = model.module.lower(x, lower, lower_cells)
        above = model.module.upper(below[0], upper, upper_cells)
    for found, reached in zip(zip(below, above, strict=True), expected, strict=True):
        assert torch.allclose(torch.stack(found), reached, atol=1e-6)


@pytest.mark.parametrize(("hertz", "kept"), [(5, 1.0), (100, 1.0), (230, 0.0)])
def test_resampling_keeps_what_is_below_half_the_new_rate_and_nothing_above(hertz: int, kept: float) -> None:
    before, after = (numpy.sin(2 * numpy.pi * hertz * numpy.arange(rate * 2) / rate) for rate in (500, 400))
    found = resample(before[None].astype("float32"))
    assert found.shape == (1, 800)
    middle = slice(100, -100)
    assert numpy.abs(found[0, middle] - kept * after[middle]).max() < 0.02


def test_the_montage_takes_differences_of_electrodes() -> None:
    signal = numpy.arange(len(ELECTRODES), dtype="float32")[:, None] ** 2 * numpy.ones((1, 3), "float32")
    found = montage(signal)
    assert found.shape == (20, 3)
    assert found[8, 0] == ELECTRODES.index("T3") ** 2 - ELECTRODES.index("C3") ** 2
    assert not montage(numpy.ones((len(ELECTRODES), 3), "float32")).any()


@pytest.mark.parametrize("name", SMALL)
def test_recordings_follow_the_seed(name: str, place_of: Callable[..., Place]) -> None:
    with without_numbers(KINDS[name]):
        one, same, other = (
            KINDS[name]().build(place_of(seed=seed), **SMALL[name], processing="on") for seed in (1, 1, 2)
        )
    assert numpy.array_equal(one.raw[0], same.raw[0])
    assert not numpy.array_equal(one.raw[0], other.raw[0])
