"""Logs of other tools, made by hand in their forms, and what is refused in them."""

from __future__ import annotations

import pytest

from harness.errors import UserError
from harness.vendor import logs
from harness.vendor.about import About

ARM = About("a log", "2026-11", dtypes=("float32", "float16"))
GPU = About("a log", "2026-11", device="gpu")


def read(text, about=ARM, kind=None, tmp_path=None):
    file = tmp_path / "log"
    file.write_text(text)
    return logs.read(file, about, kind)


def refused(text, about=ARM, kind=None, tmp_path=None):
    with pytest.raises(UserError) as caught:
        read(text, about, kind, tmp_path)
    return caught.value.line.split("/log", 1)[-1]


def test_benchncnn_gives_minima_by_run_and_data_type(hand_made):
    half, int8, single = logs.read(hand_made / "benchncnn.txt", ARM).groups
    assert (half.runtime, half.dtype, half.threads, half.n, half.statistic) == ("ncnn", "float16", 4, 8, "minimum")
    assert half.values == {"squeezenet": 10.0, "mobilenet_ssd": 30.0, "yolo-fastest-1.1": 5.0}
    assert half.spread == {"squeezenet": 0.2, "mobilenet_ssd": 0.01, "yolo-fastest-1.1": 0.0}
    assert (int8.dtype, int8.values) == ("int8", {"squeezenet": 8.0})
    assert (single.threads, single.values, single.note) == (
        1, {"squeezenet": 25.0}, "benchncnn powersave=2 cooling_down=1",
    )  # fmt: skip


def test_benchncnn_is_float32_where_the_target_has_no_half_precision(hand_made):
    found = logs.read(hand_made / "benchncnn.txt", About("a log", "2026-11", dtypes=("float32",)))
    assert found.groups[0].dtype == "float32"


def test_benchncnn_on_a_gpu_leaves_out_int8_which_ran_on_the_cpu(hand_made):
    text = (hand_made / "benchncnn.txt").read_text().replace("gpu_device = -1", "gpu_device = 0")
    found = logs.FORMATS["benchncnn"].read("log", text, About("a log", "2026-11", device="gpu", dtype="float16"))
    assert [group.dtype for group in found.groups] == ["float16", "float16"]
    assert {group.threads for group in found.groups} == {1}
    assert found.notes == ("int8 models of a run on the GPU are left out: ncnn computes them on the CPU",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("max =   12.00", "max =   9.00", ":7: avg 10.5 does not lie between min 10 and max 9 (copy the line whole)"),
        ("min =   10.00", "min =    0.00", ":7: min is '0.00' (a number above 0)"),
        ("min =   10.00", "min =    fast", ":7: min is 'fast' (a number above 0)"),
        ("powersave = 0", "powersafe = 0", ":4: benchncnn has no setting called 'powersafe'"),
        ("cooling_down = 1\n", "fopen squeezenet.param failed\n", ":6: 'fopen squeezenet.param failed' is not a line"),
        ("num_threads = 4\n", "num_threads = 0\n", ":7: the log does not say how many threads (give --threads)"),
        ("mobilenet-ssd", "squeezenet", ":9: squeezenet is there twice"),
        ("gpu_device = -1", "gpu_device = 0", ":7: gpu_device = 0: this ran on the GPU, the target is a cpu"),
    ],
)
def test_a_line_of_benchncnn_that_is_wrong_is_refused_with_its_place(hand_made, tmp_path, old, new, said):
    text = (hand_made / "benchncnn.txt").read_text().replace(old, new, 1)
    about = About("a log", "2026-11", device="cpu", dtypes=("float16",))
    assert refused(text, about, "benchncnn", tmp_path).startswith(said)


def test_benchncnn_needs_the_data_type_where_nothing_says_it(hand_made):
    with pytest.raises(UserError, match=r"log does not say the data type, nor does the profile .* \(give --dtype\)"):
        logs.read(hand_made / "benchncnn.txt", About("a log", "2026-11"))


def test_llama_bench_gives_decode_rates_from_its_table(hand_made):
    found = logs.read(hand_made / "llama_bench.md", ARM)
    four, eight = found.groups
    assert (four.metric, four.unit, four.dtype, four.threads, four.version) == (
        "decode_rate", "token/s", "int4", 4, "b6001",
    )  # fmt: skip
    assert four.values == {"imaginary-7b-q4_k_m": 2.5}
    assert four.bytes_per_token == {"imaginary-7b-q4_k_m": 4 * 2**30}
    assert four.spread == {"imaginary-7b-q4_k_m": 0.02}
    assert (eight.dtype, eight.values) == ("int8", {"imaginary-1b-q8_0": 10.0})
    assert len(found.notes) == 2


def test_llama_bench_gives_the_same_and_samples_from_json(hand_made):
    (group,) = logs.read(hand_made / "llama_bench.json", About("a log")).groups
    assert (group.values, group.dtype, group.date) == ({"imaginary-7b-q4_k_m": 2.5}, "int4", "2026-03-04")
    assert (group.n, group.samples) == (2, {"imaginary-7b-q4_k_m": (2.45, 2.55)})


def test_llama_bench_reads_json_lines_and_csv(tmp_path):
    names = "build_number,backends,model_filename,model_type,model_size,n_threads,n_prompt,n_gen,avg_ts,stddev_ts"
    row = '"6001","CPU","x/Tiny-Q8_0.gguf","tiny Q8_0","1000","2","0","128","5.0","0.5"'
    (group,) = read(f"{names}\n{row}\n", ARM, None, tmp_path).groups
    assert (group.values, group.threads, group.spread) == ({"tiny-q8_0": 5.0}, 2, {"tiny-q8_0": 0.1})
    lines = (
        '{"backends": "CPU", "model_type": "tiny Q8_0", "model_size": 1000, "n_threads": 2, "n_prompt": 0, '
        '"n_gen": 8, "avg_ts": 5.0}\n'
    )
    (group,) = read(lines, ARM, None, tmp_path).groups
    assert group.values == {"tiny-q8_0": 5.0}


def test_bytes_a_token_are_left_out_for_a_mixture_of_experts(hand_made, tmp_path):
    text = (hand_made / "llama_bench.md").read_text().replace("imaginary 1B Q8_0", "imaginary 8x1B Q8_0")
    found = read(text, ARM, None, tmp_path)
    assert found.groups[1].bytes_per_token == {}
    assert "has experts" in found.notes[-1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2.50 ± 0.05", "fast", ":4: t/s is 'fast' (a rate with its deviation: 132.19 ± 0.55)"),
        ("|           tg128 |          2.50", "|          2.50", ":4: the row has 6 cells, the head 7"),
        ("4.00 GiB |     7.00 B | CPU        |       4 |           tg", "4.00 | 7 B | CPU | 4 | tg", ":4: the size is"),
        ("imaginary 7B Q4_K - Medium     |   4.00 GiB |     7.00 B | CPU        |       4 |           tg",
         "imaginary 7B Q6_K | 4.00 GiB | 7 B | CPU | 4 | tg", ":4: the log does not say a data type that is known"),
        ("           t/s |", "           rate |", ":1: the table has no column 't/s'"),
    ],
)  # fmt: skip
def test_a_row_of_llama_bench_that_is_wrong_is_refused_with_its_place(hand_made, tmp_path, old, new, said):
    text = (hand_made / "llama_bench.md").read_text().replace(old, new, 1)
    assert refused(text, About("a log", device="cpu"), "llama-bench", tmp_path).startswith(said)


def test_json_that_is_wrong_is_refused_with_its_line(hand_made, tmp_path):
    text = (hand_made / "llama_bench.json").read_text()
    assert refused(text[:-4], ARM, None, tmp_path).startswith(":1") is True
    assert refused(text.replace('"n_gen": 128, ', ""), ARM, None, tmp_path).startswith(":8: n_gen is missing")
    assert refused("[\n 1]", ARM, "llama-bench", tmp_path).startswith(":2: there is int where an object must be")


def test_trtexec_gives_the_median_latency_with_what_its_command_says(hand_made):
    (group,) = logs.read(hand_made / "trtexec.log", GPU).groups
    assert (group.runtime, group.version, group.dtype, group.batch, group.threads) == (
        "tensorrt", "10.3.0", "float16", 2, 1,
    )  # fmt: skip
    assert (group.values, group.statistic, group.n) == ({"resnet18": 2.05}, "median", 400)
    assert group.spread == {"resnet18": 0.4878}
    assert group.note == "trtexec, copies to and from the GPU are in it; throughput 480.5 queries/s"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("&&&& PASSED", "&&&& FAILED", ":13: the run failed"),
        ("Latency: min = 2 ms", "Latency: min 2 ms", ":8: the latency cannot be read"),
        ("median = 2.05", "median = 9.05", ":8: mean or median do not lie between min and max"),
        ("--onnx=/models/resnet18.onnx --fp16", "--fp16", ":8: the log does not say which model it is (give --model)"),
        (" --shapes=x:2x3x224x224", "", ":8: the log does not say the batch size (give --batch)"),
        ("--fp16", "--best", ":8: the log does not say the data type (give --dtype)"),
        ("--onnx=/models/resnet18.onnx", "--loadEngine=resnet18.plan", ":8: the log does not say the data type"),
        ("[I] Latency:", "[I] Lateness:", ":14: there is no line 'Latency: min = ...'"),
    ],
)
def test_a_log_of_trtexec_that_says_too_little_is_refused(hand_made, tmp_path, old, new, said):
    text = (hand_made / "trtexec.log").read_text().replace(old, new, 1)
    assert refused(text, GPU, "trtexec", tmp_path).startswith(said)


def test_exported_times_are_kept_as_samples(hand_made):
    about = About("a log", "2026-11", device="gpu", model="resnet18", dtype="float16", batch=1)
    (group,) = logs.read(hand_made / "trtexec_times.json", about).groups
    assert (group.values, group.n) == ({"resnet18": 2.1}, 3)
    assert group.samples == {"resnet18": (2.0, 2.2, 2.1)}


def test_of_very_many_exported_times_some_are_kept_and_the_note_says_so(tmp_path):
    entries = ",".join(f'{{"latencyMs": {1 + i % 7}}}' for i in range(1200))
    about = About("a log", "2026-11", model="resnet18", dtype="float16", batch=1)
    (group,) = read(f"[{entries}]", about, None, tmp_path).groups
    assert (group.n, len(group.samples["resnet18"]), group.values["resnet18"]) == (1200, 400, 4)
    assert "400 evenly spaced samples of 1200" in group.note


def test_what_is_no_log_says_so(tmp_path):
    assert refused("hello\n", ARM, None, tmp_path).startswith(":1: this is no log of benchncnn, llama-bench, trtexec")
    assert refused("", ARM, "benchncnn", tmp_path).startswith(":1: there is no model in the log")
    (tmp_path / "log").write_bytes(b"a\nb\xff")
    with pytest.raises(UserError, match="log:2: the file is not UTF-8"):
        logs.read(tmp_path / "log", ARM)
    with pytest.raises(UserError, match="cannot be read"):
        logs.read(tmp_path / "none", ARM)
