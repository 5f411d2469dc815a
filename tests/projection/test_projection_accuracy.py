"""The error of projections from a profile's anchors, each left out in turn."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from harness import content, profiles
from harness.model.estimate import NotProjected
from harness.model.profile import Anchors
from harness.projection.accuracy import leave_one_out, outside_too_often, stated


@pytest.fixture(scope="module")
def board():
    known = profiles.load_all(content.search_path(()))
    return next(profile for profile in known if profile.id == "raspberry-pi-5-4gb")


def with_anchors(board, *groups):
    target = replace(board.target[0], anchors=groups)
    return replace(board, target=(target, *board.target[1:])), target


def measured(**values):
    return Anchors("ncnn", "float16", 4, "ms", "made up", "2026", "measured", values)


def pairs(board, *groups, threads=4):
    return leave_one_out(*with_anchors(board, *groups), "ncnn", "float16", threads)


def test_a_published_board_is_projected_from_its_other_anchors(board):
    found = leave_one_out(board, board.target[0], "ncnn", "float16", 1)
    summary = stated(found, "ncnn", "float16", 1, "leave-one-anchor-out", "2026-11-25", "0.1.0")
    group = next(g for g in board.target[0].anchors if (g.runtime, g.dtype, g.threads) == ("ncnn", "float16", 1))
    assert {pair.model: round(pair.measured * 1e3, 6) for pair in found} == group.values
    assert (summary.cases, summary.method) == (len(group.values), "leave-one-anchor-out")
    assert 0 < summary.median_error < 0.2
    assert summary.median_error <= summary.worst_error
    assert sum(pair.within for pair in found) >= 0.8 * len(found)


def test_what_was_measured_of_a_model_does_not_reach_its_own_projection(board):
    honest = {"squeezenet": 7.0, "mobilenet_v2": 10.0, "resnet18": 20.0, "googlenet": 25.0}
    first = {pair.model: pair for pair in pairs(board, measured(**honest))}
    other = {pair.model: pair for pair in pairs(board, measured(**{**honest, "resnet18": 60.0}))}
    assert other["resnet18"].projected == pytest.approx(first["resnet18"].projected)
    assert other["resnet18"].measured == pytest.approx(0.06)
    assert other["googlenet"].projected > first["googlenet"].projected


def test_nor_do_its_times_at_other_numbers_of_threads(board):
    honest = {"squeezenet": 7.0, "mobilenet_v2": 10.0, "resnet18": 20.0}
    alone = {pair.model: pair.projected for pair in pairs(board, measured(**honest))}
    single = replace(measured(resnet18=500.0), threads=1)
    beside = {pair.model: pair.projected for pair in pairs(board, measured(**honest), single)}
    assert beside["resnet18"] == pytest.approx(alone["resnet18"])


def test_ratio_error_and_interval_of_a_pair(board):
    pair = pairs(board, measured(squeezenet=7.0, mobilenet_v2=10.0))[0]
    assert pair.ratio == pytest.approx(pair.projected / 0.007)
    assert pair.error == pytest.approx(abs(pair.ratio - 1))
    assert pair.low < pair.projected < pair.high
    assert replace_measured(pair, pair.low).within
    assert not replace_measured(pair, pair.low * 0.99).within


def replace_measured(pair, seconds):
    from dataclasses import replace as changed

    return changed(pair, measured=seconds)


@pytest.mark.parametrize(
    ("runtime", "groups", "said"),
    [
        ("ncnn", [measured(squeezenet=7.0)], "fewer than 2 anchors of known models in ncnn float16"),
        ("ncnn", [measured(one=7.0, two=8.0)], "fewer than 2 anchors of known models"),
        ("onnxruntime", [], "the library has no times of onnxruntime"),
    ],
)
def test_why_there_is_no_error(board, runtime, groups, said):
    found = leave_one_out(*with_anchors(board, *groups), runtime, "float16", 4)
    assert isinstance(found, NotProjected)
    assert found.reason.startswith(said)


def test_what_is_outside_its_interval_may_be_so_by_chance(board):
    pair = pairs(board, measured(squeezenet=7.0, mobilenet_v2=10.0))[0]
    right, wrong = replace_measured(pair, pair.projected), replace_measured(pair, pair.projected * 100)
    assert not outside_too_often([right] * 10)
    assert not outside_too_often([right] * 9 + [wrong])
    assert outside_too_often([right] * 6 + [wrong] * 4)
    assert not outside_too_often([])


def test_a_gpu_has_none():
    known = profiles.load_all(content.search_path(()))
    jetson = next(profile for profile in known if profile.id == "jetson-nano-4gb")
    gpu = next(target for target in jetson.target if target.device == "gpu")
    found = leave_one_out(jetson, gpu, "ncnn", "float16", 1)
    assert found == NotProjected("onto a GPU only an order of magnitude is projected")
