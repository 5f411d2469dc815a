"""A log whose times cannot be true is not imported; odd ones are, with a note."""

from __future__ import annotations

import pytest

from harness.errors import UserError
from harness.vendor import importing

TOLD = {"source": "our lab"}
HEAD = "loop_count = 8\nnum_threads = {threads}\npowersave = 0\ngpu_device = {gpu}\ncooling_down = 1\n"
FAILED = {
    "squeezenet": 7.83, "mobilenet": 8.73, "mobilenet_v2": 10.73, "shufflenet": 7.79, "efficientnet_b0": 2.15,
    "blazeface": 0.76, "googlenet": 1.53, "resnet18": 0.63, "alexnet": 0.35, "vgg16": 0.54,
}  # fmt: skip


def log(tmp_path, times, gpu=-1, threads=4):
    rows = [f"{name:>20}  min = {t:7.2f}  max = {t:7.2f}  avg = {t:7.2f}" for name, t in times.items()]
    file = tmp_path / "benchncnn.log"
    file.write_text(HEAD.format(gpu=gpu, threads=threads) + "\n".join(rows) + "\n")
    return file


def test_a_failed_run_is_refused_and_nothing_is_written(board, tmp_path):
    before = board.read_text()
    with pytest.raises(UserError, match="times do not grow with work: vgg16 takes 540 µs and") as caught:
        importing.bring(log(tmp_path, FAILED, gpu=0), None, board, "gpu", False, {**TOLD, "dtype": "float16"})
    assert caught.value.exit_code == 2
    assert board.read_text() == before


def test_so_it_is_where_no_profile_is_named(tmp_path):
    with pytest.raises(UserError, match="times do not grow with work"):
        importing.bring(log(tmp_path, FAILED, gpu=0), None, None, "gpu", False, {**TOLD, "dtype": "float16"})


def test_a_time_above_the_target_s_peak_is_refused_with_the_numbers(board, tmp_path):
    said = "resnet50 in 3 ms is at least .* TFLOP/s, and the target's peak in float16 is 307 GFLOP/s"
    with pytest.raises(UserError, match=said):
        importing.bring(log(tmp_path, {"resnet50": 3.0}), None, board, "cpu", False, TOLD)


def test_odd_times_are_imported_with_a_note(board, tmp_path):
    times = {"mobilenet": 5000.0, "resnet18": 5000.0, "resnet50": 5000.0}
    done = importing.bring(log(tmp_path, times), None, board, "cpu", False, TOLD)
    assert "3 anchors" in done.text
    assert any("3 models all take 5 s: were they run?" in note for note in done.notes)
