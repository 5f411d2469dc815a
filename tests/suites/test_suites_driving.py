"""The camera's networks: those that were published, with the sizes and the work that the README names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from builders import case
from shapes import module_of
from torch.nn import functional

from harness.collect.loading import SuiteFile, load_suite
from harness.model.case import Trial
from harness.model.spec import ChildSpec
from harness.model.workload import Place, Workload, defects
from harness.runtimes import get
from harness.worker.subject import Subject, load

pytestmark = pytest.mark.slow

SUITE = load_suite(SuiteFile("driving", Path(__file__).parents[2] / "suites/driving/suite.py"))
KINDS: dict[str, type[Workload]] = {kind.name: kind for kind in SUITE.workloads}
FRAMES: dict[str, Any] = KINDS["yolos-tiny"].build.__globals__
"""The names that the suite's file sees."""

PUBLISHED = {"yolos-tiny": 6.5e6, "rt-detr-r18": 20e6, "segformer-b0": 3.72e6, "depth-anything-small": 24.8e6}
"""Parameters; the suite's README names the sources."""
SMALL = {
    "yolos-tiny": (64, 112),
    "rt-detr-r18": (160, 160),
    "segformer-b0": (64, 128),
    "depth-anything-small": (70, 98),
}
FOUND = {
    "yolos-tiny": (100, 6),
    "rt-detr-r18": (300, 6),
    "segformer-b0": (1024, 2048),
    "depth-anything-small": (720, 1280),
}


def test_these_workloads_are_there_with_a_frames_time_to_do_their_work() -> None:
    assert set(KINDS) == set(PUBLISHED)
    assert SUITE.findings == (), "importing it loads nothing heavy"
    assert all(defects(kind) == [] for kind in KINDS.values())
    assert {kind.deadline_seconds for kind in KINDS.values()} == {0.033}
    assert sum(kind.quick is not None for kind in KINDS.values()) == 2


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameter_counts_are_the_published_ones(name: str, place_of: Callable[..., Place]) -> None:
    module = module_of(KINDS[name], place_of())
    assert sum(p.numel() for p in module.parameters()) == pytest.approx(PUBLISHED[name], rel=0.01)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The frames given to a network made small, so that a test takes no time."""
    whole = FRAMES["normalised"]

    def shrink(name: str) -> None:
        monkeypatch.setitem(FRAMES, "normalised", lambda image, size, norm: whole(image, SMALL[name], norm))

    return shrink


def subject_of(name: str, place: Place, folder: Path) -> Subject:
    workload = KINDS[name]()
    point = {key: values[0] for key, values in workload.parameters.items()}
    spec = ChildSpec(Trial(case(name, **{**point, "processing": "on"}), "need"), str(folder), str(folder))
    return load(spec, get("torch-eager"), workload, place)


@pytest.mark.parametrize("name", PUBLISHED)
def test_from_the_same_frame_comes_the_same_finite_answer_of_a_fixed_size(
    name: str, small: Callable[[str], None], place_of: Callable[..., Place], tmp_path: Path, marker: Any
) -> None:
    small(name)
    subject = subject_of(name, place_of(), tmp_path)
    step = subject.stepper(marker)
    first, again = step(), step()
    assert marker.names == ["preprocessed", "inferred", "postprocessed"] * 2
    assert first.shape == FOUND[name]
    assert numpy.isfinite(first).all()
    assert numpy.array_equal(first, again)
    outputs = subject.loaded.call(*subject.loaded.inputs)
    assert all(bool(output.isfinite().all()) for output in outputs)
    assert 1e-3 < float(outputs[0].std()) < 1e3, "of a plausible size"


def test_frames_follow_the_seed(place_of: Callable[..., Place]) -> None:
    one, same, other = (FRAMES["frame"]((4, 6), seed) for seed in (1, 1, 2))
    assert (one.dtype, one.shape) == (numpy.uint8, (4, 6, 3))
    assert numpy.array_equal(one, same)
    assert not numpy.array_equal(one, other)


@pytest.mark.parametrize("size", [(5, 9), (16, 24), (31, 20)])
def test_a_frame_is_scaled_as_bilinear_interpolation_scales_it(size: tuple[int, int]) -> None:
    frame = FRAMES["frame"]((16, 24), 3)
    pixels = torch.from_numpy(frame).permute(2, 0, 1)[None].float()
    expected = functional.interpolate(pixels, size, mode="bilinear", align_corners=False)
    mean, deviation = (torch.tensor(values).reshape(3, 1, 1) for values in FRAMES["IMAGENET"])
    found = torch.from_numpy(FRAMES["normalised"](frame, size, FRAMES["IMAGENET"]))
    assert torch.allclose(found, (expected / 255 - mean) / deviation, atol=1e-4)


def test_boxes_are_in_pixels_and_the_surest_comes_first() -> None:
    scores, classes = numpy.asarray([0.2, 0.9], "float32"), numpy.asarray([7, 3])
    places = numpy.asarray([[0.5, 0.5, 1.0, 1.0], [0.25, 0.5, 0.5, 0.2]], "float32")
    found = FRAMES["boxes"](scores, classes, places, (100, 200))
    assert found[0].tolist() == pytest.approx([0, 40, 100, 60, 0.9, 3])
    assert found[1].tolist() == pytest.approx([0, 0, 200, 100, 0.2, 7])


def test_a_pixel_has_the_likeliest_class_of_its_place() -> None:
    logits = numpy.zeros((3, 2, 2), "float32")
    logits[2, 0, 1] = logits[1, 1, 0] = 1
    assert FRAMES["class_map"](logits, (4, 4)).tolist() == [[0, 0, 2, 2]] * 2 + [[1, 1, 0, 0]] * 2


def test_depth_is_spread_over_a_byte_and_flat_depth_is_no_error() -> None:
    ramp = numpy.linspace(-3, 5, 12, dtype="float32").reshape(3, 4)
    found = FRAMES["depth_map"](ramp, (30, 40))
    assert (found.dtype, found.min(), found.max()) == (numpy.uint8, 0, 255)
    assert FRAMES["depth_map"](ramp * 0, (6, 8)).max() == 0
