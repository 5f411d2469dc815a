"""What the check finds in anchors, in the accuracy stated of them, and in a target's runtimes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import profiles

Write = Callable[..., Path]

ANCHORS = """
[[target.anchors]]
runtime = "ncnn"
version = "20240410"
dtype = "float32"
threads = 4
batch = 1
n = 8
unit = "ms"
statistic = "median"
source = "benchncnn"
date = "2024"
kind = "measured"
values = { mobilenet_v2 = 20.5, resnet18 = 70 }
spread = { mobilenet_v2 = 0.02 }
samples = { mobilenet_v2 = [20.4, 20.5, 20.9] }

[[target.accuracy]]
runtime = "ncnn"
dtype = "float32"
threads = 4
method = "leave-one-anchor-out"
cases = 2
median_error = 0.12
worst_error = 0.3
date = "2024-06"
tierbench = "0.1.0"
"""
RATES = """
[[target.anchors]]
runtime = "llama.cpp"
dtype = "int4"
threads = 4
metric = "decode_rate"
unit = "token/s"
source = "llama-bench"
date = "2024"
kind = "measured"
values = { "llama-3.2-1b" = 12 }
bytes_per_token = { "llama-3.2-1b" = 7.6e8 }
"""


def _found(write: Write, text: str) -> list[tuple[str, str, str, str]]:
    """(field, message, hint, the text of its line)."""
    lines = text.splitlines()
    return [(d.field, d.message, d.hint, lines[d.line - 1]) for d in profiles.check(write(text))]


@pytest.fixture
def anchored(sound: str) -> str:
    return sound + ANCHORS + RATES


def test_sound_anchors_have_no_defects(write: Write, anchored: str) -> None:
    assert _found(write, anchored) == []


@pytest.mark.parametrize(
    ("old", "new", "field", "said", "hint"),
    [
        ('unit = "ms"', 'unit = "token/s"', "unit", "'token/s' is not a unit of latency", "ms"),
        ('unit = "ms"', 'unit = "MS"', "unit", "'MS' is not a unit of latency", "did you mean ms?"),
        ("resnet18 = 70", "resnet18 = 0", "values.resnet18", "the value is 0", "leave out"),
        ("resnet18 = 70", "resnet18 = -1", "values.resnet18", "the value is -1", "leave out"),
        ("resnet18 = 70", "resnet18 = inf", "values.resnet18", "not a finite number", ""),
        ("resnet18 = 70", '"res\\tnet" = 70', "values.'res\\tnet'", "cannot name a model", "plain text"),
        ("resnet18 = 70", '" " = 70', "values.' '", "cannot name a model", "plain text"),
        ("spread = { mobilenet_v2", "spread = { mobilenet", "spread.mobilenet", "mobilenet has no value", "values"),
        ("= 0.02", "= -0.02", "spread.mobilenet_v2", "the value is -0.02", ""),
        ("[20.4, 20.5, 20.9]", "[20.4, 20.5, nan]", "samples.mobilenet_v2[2]", "not a finite number", ""),
        ("[20.4, 20.5, 20.9]", "[30, 30, 31]", "samples.mobilenet_v2", "the median of the samples is 30, ", "correct"),
        ("[20.4, 20.5, 20.9]", "[]", "samples.mobilenet_v2", "there are no samples", "leave it out"),
        ("n = 8", "n = 0", "n", "n is 0", "whole number"),
        ("batch = 1", "batch = -1", "batch", "batch is -1", "whole number"),
        ('source = "benchncnn"', 'source = " "', "source", "source is empty", "page"),
        ('statistic = "median"', 'statistic = "best"', "statistic", "statistic is 'best'", "minimum"),
    ],
)  # fmt: skip
def test_each_defect_of_anchors_is_told_on_its_line(
    write: Write, anchored: str, old: str, new: str, field: str, said: str, hint: str
) -> None:
    assert anchored.count(old) == 1
    ((found, message, told, line),) = _found(write, anchored.replace(old, new))
    assert found == f"target[0].anchors[0].{field}"
    assert said in message
    assert hint in told
    assert line.startswith(field.split(".")[0])


@pytest.mark.parametrize("block", ["anchors", "accuracy"])
@pytest.mark.parametrize(
    ("old", "new", "field", "said", "hint"),
    [
        ('runtime = "ncnn"', 'runtime = "NCNN"', "runtime", "'NCNN' is otherwise written 'ncnn'", "write it so"),
        ('runtime = "ncnn"', 'runtime = "my ncnn"', "runtime", "'my ncnn' cannot name a runtime", "lower-case"),
        ('dtype = "float32"', 'dtype = "fp32"', "dtype", "no data type is called 'fp32'", "float32"),
        ("threads = 4", "threads = 5", "threads", "threads is 5, the target has 4 cores", "correct"),
        ("threads = 4", "threads = 0", "threads", "threads is 0", "whole number"),
        ('date = "2024', 'date = "9024', "date", "in the future", "YYYY"),
    ],
)
def test_what_anchors_and_accuracy_share_is_checked_in_both(
    write: Write, anchored: str, block: str, old: str, new: str, field: str, said: str, hint: str
) -> None:
    start = anchored.index(f"[[target.{block}]]")
    ((found, message, told, line),) = _found(write, anchored[:start] + anchored[start:].replace(old, new, 1))
    assert found == f"target[0].{block}[0].{field}"
    assert said in message
    assert hint in told
    assert line == f"{new}{line.removeprefix(new)}"


def test_anchors_without_a_value(write: Write, sound: str) -> None:
    ((field, message, hint, _),) = _found(write, sound + ANCHORS[: ANCHORS.index("values = ")] + "values = {}\n")
    assert (field, message) == ("target[0].anchors[0].values", "there are no values")
    assert hint == "write model = value"


def test_half_a_thread_is_a_defect_of_its_type(write: Write, anchored: str) -> None:
    ((field, message, _, _),) = _found(write, anchored.replace("threads = 4", "threads = 1.5", 1))
    assert (field, message) == ("target[0].anchors[0].threads", "threads is a number, it must be a whole number")


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        ("cases = 2", "cases = 0", "cases", "cases is 0"),
        ("worst_error = 0.3", "worst_error = -0.3", "worst_error", "the value is -0.3"),
        ("worst_error = 0.3", "worst_error = 0.1", "median_error", "the median error 0.12 is above the worst 0.1"),
    ],
)
def test_an_accuracy_that_cannot_be(write: Write, anchored: str, old: str, new: str, field: str, said: str) -> None:
    found = _found(write, anchored.replace(old, new))
    assert (f"target[0].accuracy[0].{field}", said) in [(f, m) for f, m, *_ in found]


def test_a_decode_rate_is_in_tokens_and_only_it_has_bytes_per_token(write: Write, anchored: str) -> None:
    ((field, message, _, _),) = _found(write, anchored.replace('unit = "token/s"', 'unit = "ms"'))
    assert (field, message) == ("target[0].anchors[1].unit", "'ms' is not a unit of decode_rate")
    found = _found(write, anchored.replace('metric = "decode_rate"\nunit = "token/s"', 'unit = "ms"'))
    assert [(f, m) for f, m, *_ in found] == [
        ("target[0].anchors[1].bytes_per_token", "bytes_per_token is for a decode rate")
    ]


def test_one_model_twice_in_one_configuration_names_the_earlier(write: Write, anchored: str) -> None:
    start = anchored.index("[[target.anchors]]")
    again = anchored[start : anchored.index("[[target.accuracy]]")]
    found = _found(write, anchored + again)
    assert [f for f, *_ in found] == [
        "target[0].anchors[2].values.mobilenet_v2",
        "target[0].anchors[2].values.resnet18",
    ]
    assert found[0][1] == "anchors[0] of this target has mobilenet_v2 in the same configuration"
    assert _found(write, anchored.replace("threads = 4", "threads = 3") + again) == []


def test_a_gpu_has_one_thread_whatever_its_cores(write: Write, anchored: str) -> None:
    text = anchored.replace('device = "cpu"', 'device = "gpu"')
    assert {m for _, m, *_ in _found(write, text)} == {"threads is 4 on a GPU"}
    assert _found(write, text.replace("threads = 4", "threads = 1")) == []


def test_where_cores_are_not_known_any_number_of_threads_may_be(write: Write, anchored: str) -> None:
    start, end = anchored.index("[[target.clusters]]"), anchored.index("[power]")
    assert _found(write, (anchored[:start] + anchored[end:]).replace("threads = 4", "threads = 99")) == []


def test_runtimes_of_a_target_name_those_of_its_anchors(write: Write, anchored: str) -> None:
    named = anchored.replace('dtypes = ["float32"]', 'dtypes = ["float32"]\nruntimes = ["llama.cpp", "onnxruntime"]')
    ((field, message, hint, _),) = _found(write, named)
    assert field == "target[0].anchors[0].runtime"
    assert (message, hint) == ("the target's runtimes do not name 'ncnn'", "add it there")
    twice = named.replace('"onnxruntime"]', '"ncnn", "ncnn", "ONNX Runtime"]')
    assert [(f, m) for f, m, *_ in _found(write, twice)] == [
        ("target[0].runtimes[2]", "the runtime 'ncnn' is there twice"),
        ("target[0].runtimes[3]", "the runtime 'ONNX Runtime' is otherwise written 'onnxruntime'"),
    ]
