"""From a host's measurement to a board: anchors tell the level, classes the shape, and what is not known is said."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from projection_cases import HOST, anchors, measured, profile, target

from harness import content, profiles
from harness.model.estimate import Estimate, NotProjected
from harness.projection import library
from harness.projection.device import Setting, setting
from harness.projection.estimate import gathered, project

PI4 = {r.model: r.seconds * 1e3 for r in library.rows() if "Raspberry Pi 4" in r.device and r.threads == 4}
X86 = {r.model: r.seconds for r in library.rows() if "EPYC 7742" in r.device}
WORKS = [measured(model, seconds) for model, seconds in X86.items()]


def on(*groups: object, runtime: str = "ncnn", **more: object) -> Setting:
    found = setting(profile(target(*groups, **more)), target(*groups, **more), runtime, "float32", None)  # type: ignore[arg-type]
    assert isinstance(found, Setting), found
    return found


def of(model: str, at: Setting, works: list = WORKS) -> Estimate:  # type: ignore[type-arg]
    return project(gathered(works, HOST), at)[f"published/{model}"]


def test_without_anchors_it_stands_on_the_data_sheet() -> None:
    found = of("resnet18", on())
    assert (found.basis, found.anchors) == ("data sheet", ())
    assert found.low < PI4["resnet18"] / 1e3 < found.high


def test_anchors_move_the_level_and_narrow_the_interval() -> None:
    slow = {model: 3 * value for model, value in PI4.items() if model in {"mobilenet", "googlenet", "squeezenet"}}
    without, with_anchors = of("resnet18", on()), of("resnet18", on(anchors(slow)))
    assert with_anchors.seconds > 1.5 * without.seconds
    assert with_anchors.deviation is not None
    assert without.deviation is not None
    assert with_anchors.deviation < 0.6 * without.deviation
    assert set(with_anchors.anchors) == set(slow)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.floats(0.2, 5.0))
def test_a_board_whose_every_anchor_is_slower_by_a_factor_is_projected_slower_by_about_it(factor: float) -> None:
    few = {model: PI4[model] for model in ("mobilenet", "googlenet", "vgg16", "squeezenet", "shufflenet_v2")}
    plain = of("resnet18", on(anchors(few)))
    scaled = of("resnet18", on(anchors({m: factor * v for m, v in few.items()})))
    assert log(scaled.seconds / plain.seconds) == pytest.approx(log(factor), abs=0.25 * abs(log(factor)) + 0.02)


def test_anchors_of_another_runtime_say_nothing() -> None:
    other = anchors({"resnet18": 5000.0}, runtime="torch-eager")
    assert of("mobilenet", on(other)).seconds == pytest.approx(of("mobilenet", on()).seconds)


def test_without_a_peak_anchors_alone_tell_the_level() -> None:
    few = {model: PI4[model] for model in ("mobilenet", "googlenet", "squeezenet")}
    found = of("resnet18", on(anchors(few), clock=None))
    assert found.low < PI4["resnet18"] / 1e3 < found.high


def test_neither_peak_nor_anchors_is_no_projection() -> None:
    bare = target(clock=None)
    found = setting(profile(bare), bare, "ncnn", "float32", None)
    assert isinstance(found, NotProjected)
    assert "neither a peak nor ncnn's time" in found.reason


def test_a_generic_limit_has_no_time() -> None:
    found = setting(profile(target(), kind="generic"), target(), "ncnn", "float32", None)
    assert found == NotProjected("not projected: limits without a board have no time")


def test_a_data_type_that_the_target_lacks_has_no_time() -> None:
    found = setting(profile(target(clock=None)), target(clock=None), "ncnn", "bfloat16", None)
    assert isinstance(found, NotProjected)
    assert "bfloat16" in found.reason


def test_another_runtime_is_scaled_by_peaks_and_its_interval_is_wide() -> None:
    works = [measured(m, X86[m], "torch-eager") for m in ("resnet18", "mobilenet", "vgg16")]
    found = of("resnet18", on(runtime="torch-eager"), works)
    assert found.basis == "other runtime"
    assert found.high / found.low > 3
    assert 0.1 < found.seconds / (X86["resnet18"] * HOST.peak_gflops / (4 * 1.8 * 8)) < 10  # type: ignore[operator]


def test_a_class_that_no_anchor_covers_is_told_and_widens() -> None:
    group = anchors({"mobilenet_v2": PI4["mobilenet_v2"]})
    covered, foreign = of("mnasnet", on(group)), of("vgg16", on(group))
    assert covered.extrapolated is not None
    assert foreign.extrapolated is not None
    assert covered.extrapolated < 0.3 < foreign.extrapolated
    assert covered.deviation is not None
    assert foreign.deviation is not None
    assert foreign.deviation > 1.3 * covered.deviation


def test_a_shipped_profile_whose_anchors_the_library_holds_is_not_counted_twice() -> None:
    [pi] = [p for p in profiles.load_all(content.search_path([])) if p.id == "raspberry-pi-4b-4gb"]
    at = setting(pi, pi.target[0], "ncnn", "float32", None)
    assert isinstance(at, Setting)
    found = of("resnet18", at)
    assert found.basis == "anchors"
    assert len(found.anchors) > 10
    assert found.low < PI4["resnet18"] / 1e3 < found.high
