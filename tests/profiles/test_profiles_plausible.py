"""Anchors that cannot be true are refused, and odd ones are noted: work over time against what the target can do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import profiles
from harness.projection import library

Write = Callable[..., Path]
ROOT = Path(__file__).parents[2]
GPU = '\n[[target]]\nid = "gpu"\ndevice = "gpu"\nname = "GPU"\n'
FIGURE = '{ value = %s, unit = "%s", source = "s", date = "2024", kind = "datasheet" }'
FAILED = (
    "squeezenet = 7.83, mobilenet = 8.73, mobilenet_v2 = 10.73, shufflenet = 7.79, shufflenet_v2 = 8.01, "
    "mnasnet = 7.43, efficientnet_b0 = 2.15, blazeface = 0.76, googlenet = 1.53, resnet18 = 0.63, alexnet = 0.35"
)
"""From a run on a GPU that was broken: the larger the network, the less it takes."""


def anchors(values: str, dtype: str = "float32", threads: int = 4, unit: str = "ms", more: str = "") -> str:
    return f"""
[[target.anchors]]
runtime = "ncnn"
dtype = "{dtype}"
threads = {threads}
unit = "{unit}"
source = "benchncnn"
date = "2024"
kind = "measured"
values = {{ {values} }}
{more}
"""


def on_cpu(text: str, groups: str) -> str:
    return text.replace("\n[power]", f"{groups}\n[power]")


def said(file: Path) -> list[str]:
    return [f"{d.field}: {d.message}" for d in profiles.check(file)]


def noted(file: Path) -> list[str]:
    assert profiles.check(file) == []
    return [f"{d.field}: {d.message}" for d in profiles.notes(file)]


@pytest.mark.parametrize(
    ("values", "dtype", "threads", "words"),
    [
        ("vgg16 = 40", "float32", 4, "vgg16 in 40 ms is at least 158 GFLOP/s, and the target's peak in float32 is 48"),
        ("vgg16 = 20", "int8", 4, "is at least 316 GFLOP/s, and the target's peak in int8 is 192 GFLOP/s"),
        ("mobilenet = 60", "float32", 1, "is at least 19 GFLOP/s, and the target's peak in float32 is 12 GFLOP/s"),
        ('"published/resnet50[batch=1]" = 8.1', "float32", 4, "and the target's peak in float32 is 48 GFLOP/s"),
        ("ResNet50 = 8.1", "float32", 4, "and the target's peak in float32 is 48 GFLOP/s"),
    ],
)
def test_a_time_that_the_target_cannot_reach_is_refused(write: Write, sound: str, values, dtype, threads, words):
    (defect,) = said(write(on_cpu(sound, anchors(values, dtype, threads))))
    assert words in defect
    assert defect.startswith("target[0].anchors[0].values.")


def test_weights_beyond_any_cache_are_read_at_every_step(write: Write, sound: str) -> None:
    slow = on_cpu(sound.replace("value = 12.8", "value = 5"), anchors("alexnet = 30"))
    (defect,) = said(write(slow))
    assert "alexnet in 30 ms reads at least 7.01 GB/s of weights, and bandwidth_peak is 5 GB/s" in defect
    assert said(write(slow.replace("alexnet = 30", "alexnet = 40"))) == []


@pytest.mark.parametrize(
    ("values", "dtype", "threads"),
    [
        ("vgg16 = 500", "float32", 4),  # 62 GFLOP/s counted: 3x3 convolutions take fewer multiplications than that
        ("mobilenet = 28", "float32", 4),  # 41 of 48 GFLOP/s
        ("mobilenet = 110, resnet18 = 400", "float32", 1),
        ("something_else = 0.001", "float32", 4),
        ('"mine/resnet18[size=64]" = 8, "resnet18@64" = 8', "float32", 4),
    ],
)
def test_a_time_that_it_can_reach_is_sound(write: Write, sound: str, values, dtype, threads):
    assert noted(write(on_cpu(sound, anchors(values, dtype, threads)))) == []


def test_operations_per_cycle_that_were_only_reached_are_no_peak(write: Write, sound: str) -> None:
    text = on_cpu(sound, anchors("mobilenet = 10"))
    assert "peak in float32 is 48 GFLOP/s" in said(write(text))[0]
    reached = text.replace(
        'source = "manual", date = "2024", kind = "datasheet"', 'source = "calibrate", date = "2024", kind = "computed"'
    )
    assert said(write(reached)) == []


def test_a_batch_is_so_many_times_the_work(write: Write, sound: str) -> None:
    one = anchors("resnet50 = 200")
    assert said(write(on_cpu(sound, one))) == []
    (defect,) = said(write(on_cpu(sound, one.replace("threads = 4", "threads = 4\nbatch = 32"))))
    assert "in 200 ms is at least" in defect


def test_a_decode_rate_reads_its_weights_at_every_token(write: Write, sound: str) -> None:
    def rate(tokens: float) -> str:
        group = anchors(f'"llama-3b" = {tokens}', "int4", unit="token/s")
        return on_cpu(sound, group + 'metric = "decode_rate"\nbytes_per_token = { "llama-3b" = 2e9 }\n')

    assert said(write(rate(5.5))) == []
    (defect,) = said(write(rate(9)))
    assert "llama-3b in 111 ms reads at least 17.7 GB/s of weights, and bandwidth_peak is 12.8 GB/s" in defect


def test_a_gpu_without_a_peak_is_held_against_the_board_s_other_targets(write: Write, sound: str) -> None:
    (defect,) = said(write(sound + GPU + anchors("vision_transformer = 2", threads=1)))
    assert defect.endswith("over 100 times what the board's other targets do at most: 48 GFLOP/s in float32")


def test_where_no_peak_is_known_it_is_held_against_what_the_others_reached(write: Write, sound: str) -> None:
    lines = [line for line in sound.splitlines() if not line.startswith(("peak_fp32", "flop_per_cycle", "bandwidth"))]
    known = on_cpu("\n".join(lines) + "\n", anchors("mobilenet = 100"))
    (defect,) = said(write(known + GPU + anchors("vision_transformer = 15", threads=1)))
    assert defect.endswith("over 100 times what the board's other targets reached: 11.4 GFLOP/s")
    assert said(write(known + GPU + anchors("vision_transformer = 30", threads=1))) == []


def test_a_gpu_is_held_against_its_own_peak_and_memory(write: Write, sound: str) -> None:
    own = f"peak_fp16 = {FIGURE % (65, 'TFLOP/s')}\npeak_fp32 = {FIGURE % (8, 'TFLOP/s')}\n"
    own += f"memory = {FIGURE % (16, 'GiB')}\nbandwidth_peak = {FIGURE % (320, 'GB/s')}\n"
    fast = sound + GPU + own + anchors("vgg16 = 3", "float16", 1)
    assert said(write(fast)) == []
    assert "the target's peak in float16 is 65 TFLOP/s" in said(write(fast.replace("vgg16 = 3", "vgg16 = 0.05")))[0]
    # float32 may go by TF32, at half the rate of float16
    assert said(write(fast.replace('"float16"', '"float32"').replace("vgg16 = 3", "vgg16 = 2"))) == []


def test_a_run_whose_times_fall_with_work_is_refused_whatever_it_ran_on(write: Write, sound: str) -> None:
    found = said(write(sound + GPU + anchors(FAILED, "float16", 1)))
    assert found[0] == (
        "target[1].anchors[0].values: times do not grow with work: googlenet takes 1.53 ms and shufflenet 7.79 ms, "
        "of 6.38 times fewer operations"
    )
    assert "alexnet in 350 µs reads at least 253 GB/s" in found[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (anchors("mobilenet = 1900, resnet18 = 1900, resnet50 = 1900"), "3 models all take 1.9 s: were they run?"),
        (anchors("mobilenet = 22.5"), "mobilenet is at least 50.6 GFLOP/s, and the target's peak in float32 is 48"),
        (anchors("mobilenet = 40, resnet18 = 160, resnet50 = 400", unit="s"), "is the unit right?"),
        (
            anchors("mobilenet = 40, resnet18 = 160, resnet50 = 400")
            + anchors("mobilenet = 40, resnet18 = 160, resnet50 = 400", threads=2),
            "3 models take the same time in target[0].anchors[0]: was it copied?",
        ),
    ],
)
def test_odd_times_are_noted(write: Write, sound: str, text: str, words: str) -> None:
    assert any(words in line for line in noted(write(on_cpu(sound, text))))


def test_a_target_far_from_the_others_is_noted(write: Write, sound: str) -> None:
    known = on_cpu(sound, anchors("a = 40, b = 160, c = 400"))
    notes = noted(write(known + GPU + anchors("a = 40, b = 160, c = 400", unit="s", threads=1)))
    assert any("it takes 1000 times what the board's other targets take for the same models" in n for n in notes)


def test_every_bundled_profile_is_sound_and_has_no_odd_times() -> None:
    files = [*(ROOT / "hardware_profiles").glob("*.toml"), *(ROOT / "examples" / "hardware_profiles").glob("*.toml")]
    assert len(files) > 20
    for file in files:
        assert [note for note in noted(file) if "anchors" in note.partition(":")[0]] == [], file.name


def test_no_published_run_of_the_library_is_called_disordered(write: Write, sound: str) -> None:
    for rows in library.blocks().values():
        values = ", ".join(f'"{row.model}" = {row.seconds}' for row in rows)
        text = sound + GPU + anchors(values, threads=1, unit="s")
        assert not any("do not grow" in line for line in said(write(text)))
