"""What a projection onto a target would stand on, and why it is not called more than it is."""

from __future__ import annotations

import msgspec
import pytest

from harness.model.profile import Accuracy, Anchors, Cluster, Figure, FigureKind, HardwareProfile, Memory, Target
from harness.profiles import Calibration, calibration
from harness.profiles.calibration import ENOUGH_MODELS

MODELS = {f"model{n}": 10.0 + n for n in range(ENOUGH_MODELS)}


def _figure(value: float, unit: str, kind: FigureKind = "measured") -> Figure:
    return Figure(value, unit, "meter", "2024", kind)


def _anchors(**changes: object) -> Anchors:
    made = Anchors("ncnn", "float32", 4, "ms", "benchncnn", "2024", "measured", MODELS)
    return msgspec.structs.replace(made, **changes)


def _accuracy(**changes: object) -> Accuracy:
    made = Accuracy("ncnn", "float32", 4, "leave-one-anchor-out", 5, 0.1, 0.2, "2024", "0.1.0")
    return msgspec.structs.replace(made, **changes)


def _judged(kind: str = "board", reserve: FigureKind = "measured", **target: object) -> Calibration:
    memory = Memory(_figure(4, "GiB"), _figure(4, "GiB"), _figure(100, "MiB", reserve))
    clusters = (Cluster("A76", _figure(4, "cores", "datasheet")),)
    made = msgspec.structs.replace(Target("cpu", "cpu", "CPU", clusters=clusters), **target)
    return calibration(HardwareProfile(1, "x", "X", kind, "sbc", memory, (made,)), made)


def test_a_target_without_anchors_stands_on_its_data_sheet() -> None:
    assert _judged() == Calibration("data sheet only", "no model was measured there: no anchors")


def test_anchors_that_nobody_measured_do_not_count() -> None:
    assert _judged(anchors=(_anchors(kind="estimated"),)).level == "data sheet only"


def test_enough_anchors_with_a_stated_error_and_no_estimate_are_calibrated() -> None:
    judged = _judged(anchors=(_anchors(),), accuracy=(_accuracy(),))
    assert judged == Calibration("calibrated", "5 models in ncnn float32 at 4 threads")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"anchors": (_anchors(values={"resnet18": 9.0}),)}, "1 model in ncnn float32 at 4 threads; "),
        ({"anchors": (_anchors(values={"resnet18": 9.0}),)}, "fewer than 5 models in one configuration"),
        ({"accuracy": ()}, "the error of projections from them is not stated"),
        ({"accuracy": (_accuracy(threads=1),)}, "the error of projections from them is not stated"),
        ({"reserve": "estimated"}, "estimated: memory.reserve"),
        ({"clusters": (Cluster("A76", _figure(4, "cores", "estimated")),)}, "target[cpu].clusters[A76].cores"),
        ({"anchors": (_anchors(), _anchors(threads=1, kind="estimated"))}, "estimated: target[cpu].anchors[1]"),
    ],
)
def test_what_keeps_a_target_from_being_called_calibrated(changes: dict[str, object], reason: str) -> None:
    judged = _judged(**{"anchors": (_anchors(),), "accuracy": (_accuracy(),), **changes})
    assert judged.level == "anchored"
    assert reason in judged.reason


def test_an_error_is_stated_for_one_configuration_and_that_one_counts() -> None:
    fewer = _anchors(threads=1, values=dict(list(MODELS.items())[:3]))
    judged = _judged(anchors=(_anchors(), fewer), accuracy=(_accuracy(threads=1),))
    assert judged.reason.startswith("3 models in ncnn float32 at 1 thread; not calibrated: fewer than 5")


@pytest.mark.parametrize("kind", ["generic", "host"])
def test_no_time_is_projected_for_what_is_no_board(kind: str) -> None:
    judged = _judged(kind, anchors=(_anchors(),), accuracy=(_accuracy(),))
    assert judged.level == "limits only"
    assert "projected" in judged.reason


def test_a_gpu_s_anchors_have_no_threads_to_speak_of() -> None:
    judged = _judged(device="gpu", anchors=(_anchors(threads=1),), accuracy=(_accuracy(threads=1),))
    assert judged.reason == "5 models in ncnn float32"
