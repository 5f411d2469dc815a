"""What logs say of a run is read: device, date, version, model, precision, batch. By hand, in real forms."""

from __future__ import annotations

import io
import json
import re

import pytest

from harness.errors import UserError
from harness.vendor import logs
from harness.vendor.about import About

GPU = About("a log", device="gpu")
CPU = About("a log", device="cpu")

SUMMARY = """\
[{d}-15:31:02] [I] Timing trace has 1202 queries over 3.00381 s
[{d}-15:31:02] [I] Average on 10 runs - GPU latency: 2.41 ms - Host latency: 2.52 ms (enqueue 0.43 ms)
[{d}-15:31:02] [I] === Performance summary ===
[{d}-15:31:02] [I] Throughput: 400.158 qps
[{d}-15:31:02] [I] Latency: min = 2.3 ms, max = 3.1 ms, mean = 2.5 ms, median = 2.48 ms, percentile(99%) = 2.9 ms
[{d}-15:31:02] [I] H2D Latency: min = 0.1 ms, max = 0.2 ms, mean = 0.11 ms, median = 0.1 ms, percentile(99%) = 0.2 ms
[{d}-15:31:02] [I] GPU Compute Time: min = 2.2 ms, max = 3 ms, mean = 2.4 ms, median = 2.38 ms, percentile(99%) = 2.8 ms
&&&& PASSED TensorRT.trtexec {v}# {c}
"""
OLDER = """\
[{d}-10:22:09] [I] Host Latency
[{d}-10:22:09] [I] min: 2.3 ms (end to end 2.4 ms)
[{d}-10:22:09] [I] max: 3.1 ms (end to end 3.4 ms)
[{d}-10:22:09] [I] mean: 2.5 ms (end to end 2.6 ms)
[{d}-10:22:09] [I] median: 2.48 ms (end to end 2.5 ms)
[{d}-10:22:09] [I] percentile: 2.9 ms at 99% (end to end 3 ms at 99%)
[{d}-10:22:09] [I] throughput: 0 qps
[{d}-10:22:09] [I] walltime: 3.00461 s
[{d}-10:22:09] [I] Enqueue Time
[{d}-10:22:09] [I] min: 0.1 ms
[{d}-10:22:09] [I] median: 0.2 ms
[{d}-10:22:09] [I] GPU Compute
[{d}-10:22:09] [I] min: 2.2 ms
&&&& PASSED TensorRT.trtexec # {c}
"""


def trtexec(tmp_path, command, version="", day="07/30/2024", said="", summary=SUMMARY):
    head = f"&&&& RUNNING TensorRT.trtexec {version}# {command}\n[{day}-15:30:36] [I] === Model Options ===\n"
    body = "".join(f"[{day}-15:30:37] [I] {line}\n" for line in said.splitlines())
    file = tmp_path / "trt.log"
    file.write_text(head + body + summary.format(d=day, v=version, c=command))
    return file


@pytest.mark.parametrize(
    ("command", "version", "day", "said", "found"),
    [
        (
            "/usr/src/tensorrt/bin/trtexec --onnx=/home/dl_models/yolov4tiny.onnx --fp16 --explicitBatch=1", "",
            "09/23/2021", "Precision: FP32+FP16\nCreated input binding for data with dimensions 1x3x416x416",
            ("yolov4tiny", "float16", 1, "", "2021-09-23"),
        ),
        (
            "trtexec --loadEngine=best_fp16.engine --shapes=4x3x416x416", "[TensorRT v8001] ", "08/22/2022",
            "Model: \nPrecision: FP32\nLoad engine: best_fp16.engine", ("best", "float16", 4, "8.0.1", "2022-08-22"),
        ),
        (
            r"D:\TensorRT-10.2.0.19\bin\trtexec.exe --loadEngine=D:\models\FM_P_D_int8.plan "
            "--shapes=ref_y:2x128x100x160,c1:2x48x16x25", "[TensorRT v100200] [b19] ", "07/30/2024",
            "Format: *\nBatch: Explicit\nInput inference shape : ref_y=2x128x100x160",
            ("FM_P_D", "int8", 2, "10.2.0", "2024-07-30"),
        ),
        (
            "trtexec --onnx=resnet50-v1-7.onnx --int8 --fp16 --useCudaGraph", "[TensorRT v8502] ", "03/05/2023",
            "TensorRT version: 8.5.2\nInput binding for timestep with dimensions 1 is created.\n"
            "Input binding for x with dimensions 8x3x224x224 is created.",
            ("resnet50-v1-7", "int8", 8, "8.5.2", "2023-03-05"),
        ),
        (
            "trtexec --deploy=googlenet.prototxt --output=prob --batch=16", "[TensorRT v7103] ", "01/02/2021",
            "Batch: 16", ("googlenet", "float32", 16, "7.1.3", "2021-01-02"),
        ),
        (
            "./trtexec --onnx='my models/vit.onnx' --bf16 --shapes=\"input\":1x3x224x224", "[TensorRT v101303] ",
            "11/14/2025", "", ("vit", "bfloat16", 1, "10.13.3", "2025-11-14"),
        ),
    ],
)  # fmt: skip
def test_a_log_of_trtexec_imports_as_it_is(tmp_path, command, version, day, said, found):
    (group,) = logs.read(trtexec(tmp_path, command, version, day, said), GPU).groups
    (model,) = group.values
    assert (model, group.dtype, group.batch, group.version, group.date) == found
    assert (group.values[model], group.n, group.statistic) == (2.48, 1202, "median")


def test_the_summary_of_tensorrt_7_is_read(tmp_path):
    file = trtexec(tmp_path, "trtexec --onnx=a.onnx --batch=1", day="06/12/2022", summary=OLDER)
    (group,) = logs.read(file, GPU).groups
    assert (group.values, group.spread) == ({"a": 2.48}, {"a": 0.3226})
    assert group.date == "2022-06-12"


def test_a_command_above_the_log_is_read_where_the_log_s_own_is_cut_off(tmp_path):
    file = trtexec(tmp_path, "x")
    _, rest = file.read_text().split("\n", 1)
    file.write_text("$ trtexec --onnx=a.onnx --fp16 --batch=2\n" + rest.split("&&&&")[0])
    (group,) = logs.read(file, GPU).groups
    assert (group.values, group.dtype, group.batch) == ({"a": 2.48}, "float16", 2)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("trtexec --loadEngine=a.engine --batch=1", "does not say the data type (give --dtype)"),
        ("trtexec --onnx=a.onnx --best --batch=1", "does not say the data type (give --dtype)"),
        ("trtexec --onnx=a.onnx --stronglyTyped", "the data type and the batch size (give --dtype --batch)"),
        ("trtexec", "does not say which model it is, the data type and the batch size (give --model --dtype --batch)"),
        ("trtexec --onnx=a.onnx --int8 --useDLACore=0 --batch=1", "the run was on a DLA core"),
        ("trtexec --onnx=a.onnx --streams=4 --batch=1", "streams = '4': several queries ran at once"),
    ],
)  # fmt: skip
def test_what_trtexec_does_not_say_is_asked_for_at_once(tmp_path, command, said):
    with pytest.raises(UserError) as caught:
        logs.read(trtexec(tmp_path, command), GPU)
    assert said in caught.value.line


@pytest.mark.parametrize(
    ("command", "said", "batch"),
    [
        ("trtexec --loadEngine=a_fp16.engine", "Batch: 1\nCreated input binding for x with dimensions 8x3x48x96", 8),
        ("trtexec --deploy=a.prototxt --fp16", "Batch: 1\nCreated input binding for x with dimensions 3x224x224", 1),
        ("trtexec --loadEngine=a_fp16.engine", "Batch: 1\nCreated input binding for x with dimensions 3x224x224", None),
        ("trtexec --onnx=a.onnx", "Input binding for ids with dimensions 4x128 is created.", 4),
    ],
)
def test_the_batch_is_that_of_the_input_and_not_what_the_options_begin_with(tmp_path, command, said, batch):
    file = trtexec(tmp_path, command, said=said)
    if batch is None:
        with pytest.raises(UserError, match="does not say the batch size"):
            logs.read(file, GPU)
    else:
        assert logs.read(file, GPU).groups[0].batch == batch


def test_what_the_options_below_the_command_say_counts_too(tmp_path):
    base = "trtexec --onnx=a.onnx --batch=1"
    with pytest.raises(UserError, match="streams = '2'"):
        logs.read(trtexec(tmp_path, base, said="Streams: 2"), GPU)
    said = "Data transfers: Disabled\nCUDA Graph: Enabled\nSparsity: Disabled"
    (group,) = logs.read(trtexec(tmp_path, base, said=said), GPU).groups
    assert group.note.startswith("trtexec, copies to and from the GPU are not in it, --useCudaGraph;")


def test_what_trtexec_warns_of_is_passed_on(tmp_path):
    file = trtexec(tmp_path, "trtexec --onnx=a.onnx --batch=1")
    file.write_text(file.read_text() + "[x] [W] * GPU compute time is unstable, with coefficient of variance = 5 %.\n")
    (note,) = logs.read(file, GPU).notes
    assert note == "trtexec says: GPU compute time is unstable, with coefficient of variance = 5 %."


def test_options_that_change_what_is_timed_are_noted(tmp_path):
    command = "trtexec --onnx=a.onnx --batch=1 --noDataTransfers --useCudaGraph --sparsity=enable"
    (group,) = logs.read(trtexec(tmp_path, command, said="Selected Device: Orin"), GPU).groups
    assert group.note == (
        "trtexec, copies to and from the GPU are not in it, --useCudaGraph, --sparsity=enable, on Orin; "
        "throughput 400.158 queries/s"
    )


FIELDS = {
    "build_commit": "0123abcd", "build_number": 4567, "cpu_info": "Some CPU", "gpu_info": "NVIDIA Some GPU",
    "backends": "CUDA", "model_filename": "models/Llama-3.2-3B-Q4_K_M.gguf", "model_type": "llama 3B Q4_K - Medium",
    "model_size": 2013265920, "model_n_params": 3210000000, "n_batch": 2048, "n_ubatch": 512, "n_threads": 6,
    "cpu_mask": "0x0", "type_k": "f16", "type_v": "f16", "n_gpu_layers": 99, "n_cpu_moe": 0, "split_mode": "layer",
    "main_gpu": 0, "no_kv_offload": False, "flash_attn": False, "devices": "auto", "tensor_split": "0.00",
    "tensor_buft_overrides": "none", "n_prompt": 0, "n_gen": 128, "n_depth": 0,
    "test_time": "2025-03-21T10:00:00Z", "avg_ns": 9, "stddev_ns": 1, "avg_ts": 12.5, "stddev_ts": 0.25,
}  # fmt: skip


def as_json(rows):
    return json.dumps(rows)


def as_lines(rows):
    return "\n".join(json.dumps(row) for row in rows)


def _cell(value):
    return str(int(value)) if isinstance(value, bool) else str(value)


def as_csv(rows):
    lines = [",".join(f'"{_cell(value)}"' for value in row.values()) for row in rows]
    return "\n".join([",".join(rows[0]), *lines]) + "\n"


def as_sql(rows):
    head = "CREATE TABLE IF NOT EXISTS llama_bench (\n" + ",\n".join(f"  {n} TEXT" for n in rows[0]) + "\n);\n\n"
    body = [
        f"INSERT INTO llama_bench ({', '.join(r)}) VALUES ({', '.join(repr(_cell(v)) for v in r.values())});"
        for r in rows
    ]
    return head + "\n".join(body) + "\n"


def as_table(rows):
    head = ("model", "size", "params", "backend", "ngl", "threads", "dev", "nkvo", "ncmoe", "fa", "test", "t/s")
    text = f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    for r in rows:
        cells = [r["model_type"], "1.88 GiB", "3.21 B", r["backends"], r["n_gpu_layers"], r["n_threads"], r["devices"]]
        cells += [int(r["no_kv_offload"]), r["n_cpu_moe"], int(r["flash_attn"]), "tg128", "12.50 ± 0.25"]
        text += "| " + " | ".join(map(str, cells)) + " |\n"
    return "ggml_cuda_init: found 1 CUDA devices:\n  Device 0: NVIDIA Some GPU\n" + text + "\nbuild: 0123abcd (4567)\n"


WAYS = [as_json, as_lines, as_csv, as_sql, as_table]


def llama(tmp_path, way, *changes, about=GPU):
    file = tmp_path / "bench.out"
    file.write_text(way([FIELDS | change for change in changes]))
    return logs.read(file, about, "llama-bench" if way is as_sql else None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "change", [{"n_gpu_layers": 0}, {"devices": "none"}, {"backends": "CPU"}, {"backends": "CPU,BLAS"}]
)
def test_decoding_on_the_cpu_of_a_build_with_a_gpu_is_the_cpu_s(tmp_path, way, change):
    with pytest.raises(UserError, match="this ran on the CPU, the target is a gpu"):
        llama(tmp_path, way, change)
    (group,) = llama(tmp_path, way, change, about=CPU).groups
    assert (group.threads, group.dtype, group.n) == (6, "int4", None)
    assert group.version == "b4567"
    if way is not as_table:
        assert group.date == "2025-03-21"
        assert "on Some CPU" in group.note


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", [{}, {"n_gpu_layers": -1}, {"backends": "Metal,BLAS"}, {"devices": "CUDA0"}])
def test_all_layers_on_the_gpu_are_the_gpu_s(tmp_path, way, change):
    with pytest.raises(UserError, match="this ran on the GPU, the target is a cpu"):
        llama(tmp_path, way, change, about=CPU)
    (group,) = llama(tmp_path, way, change).groups
    assert (group.threads, list(group.values.values())) == (1, [12.5])


@pytest.mark.parametrize("way", WAYS)
def test_of_layers_on_both_it_is_asked_how_many_there_are(tmp_path, way):
    with pytest.raises(UserError, match=r"whether all layers are on the GPU .*n_gpu_layers = 20.* \(give --layers\)"):
        llama(tmp_path, way, {"n_gpu_layers": 20})
    (group,) = llama(tmp_path, way, {"n_gpu_layers": 20}, about=About("a log", device="gpu", layers=16)).groups
    assert list(group.values.values()) == [12.5]
    with pytest.raises(UserError, match="rates with 20 of 28 layers on the GPU are left out"):
        llama(tmp_path, way, {"n_gpu_layers": 20}, about=About("a log", device="gpu", layers=28))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_cpu_moe": 12}, "n_cpu_moe = 12"),
        ({"no_kv_offload": True}, "no_kv_offload = "),
        ({"devices": "CUDA0/CUDA1"}, "several GPUs"),
        ({"backends": "CUDA,RPC"}, "over a network"),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_rates_of_no_single_device_are_left_out_with_the_reason(tmp_path, way, change, said):
    found = llama(tmp_path, way, {}, {"model_type": "other 1B Q8_0", "model_filename": "other-1B-Q8_0.gguf"} | change)
    (group,) = found.groups
    assert len(group.values) == 1
    assert any(said in note and "left out" in note for note in found.notes)
    with pytest.raises(UserError, match=said):
        llama(tmp_path, way, change)


def test_what_a_table_without_layers_is_taken_for_is_said(tmp_path):
    """llama-bench leaves the column out where one of its backends is a CPU's."""
    text = as_table([FIELDS | {"backends": "Metal,BLAS"}])
    lines = [re.sub(r"^((?:\|[^|]*){4})\|[^|]*", r"\1", line) if line[:1] == "|" else line for line in text.split("\n")]
    (tmp_path / "log").write_text("\n".join(lines))
    found = logs.read(tmp_path / "log", GPU)
    assert len(found.groups) == 1
    assert any(note.startswith("n_gpu_layers is not in the table: all layers") for note in found.notes)


def test_two_gpus_of_a_machine_are_two(tmp_path):
    with pytest.raises(UserError, match="several GPUs"):
        llama(tmp_path, as_json, {"gpu_info": "Some GPU, Some GPU"})
    (group,) = llama(tmp_path, as_json, {"gpu_info": "Some GPU, Some GPU", "split_mode": "none"}).groups
    assert "on Some GPU, Some GPU" in group.note


def test_cpu_and_gpu_in_one_log_go_to_the_target_that_they_are_of(tmp_path):
    found = llama(tmp_path, as_json, {}, {"n_gpu_layers": 0, "avg_ts": 3.0}, about=CPU)
    assert [list(group.values.values()) for group in found.groups] == [[3.0]]
    assert "rates on the GPU are left out: the target is a cpu" in found.notes


def test_what_makes_two_rates_of_one_model_differ_is_named(tmp_path):
    with pytest.raises(UserError, match="is there twice in one configuration, with flash_attn False and True"):
        llama(tmp_path, as_json, {}, {"flash_attn": True})


def test_older_results_name_their_backend_in_fields_of_their_own(tmp_path):
    old = {name: value for name, value in FIELDS.items() if name not in {"backends", "devices", "n_depth"}}
    file = tmp_path / "old.json"
    for cuda, device in ((True, "gpu"), (False, "cpu")):
        file.write_text(json.dumps([old | {"cuda": cuda, "blas": cuda, "metal": False}]))
        assert logs.read(file, About("a log", device=device)).groups


def test_what_is_printed_before_a_result_is_passed_over(tmp_path):
    for way in (as_json, as_lines, as_csv, as_sql):
        file = tmp_path / "log"
        file.write_text("ggml_cuda_init: found 1 CUDA devices:\n  Device 0: Some GPU\n" + way([FIELDS]))
        assert len(logs.read(file, GPU).groups) == 1


def test_a_command_of_benchncnn_stands_for_a_head_that_was_cut_off(tmp_path):
    file = tmp_path / "log"
    row = "   squeezenet  min =   11.66  max =   11.74  avg =   11.70\n"
    file.write_text("$ ./benchncnn 10 8 2 -1 1\n" + row)
    (group,) = logs.read(file, About("a log", dtype="float32")).groups
    assert (group.threads, group.n, group.note) == (8, 10, "benchncnn powersave=2 cooling_down=1")
    file.write_text("[0 Mali-G610]  queueC=0[2]  queueT=0[2]\ngpu_device = 0\n" + row)
    (group,) = logs.read(file, About("a log", dtype="float16")).groups
    assert group.note == "benchncnn on Mali-G610"
    file.write_text(row)
    with pytest.raises(
        UserError, match=r"does not say how many threads and the data type.* \(give --threads --dtype\)"
    ):
        logs.read(file, About("a log"))


GPUS = """\
[0 Some GPU (with blanks)]  queueC=0[1]  queueG=0[1]  queueT=0[1]
[0 Some GPU (with blanks)]  fp16-p/s/a=1/1/{half}  int8-p/s/a=1/1/1
[0 Some GPU (with blanks)]  subgroup=32  basic=1  vote=1  ballot=1  shuffle=1
loop_count = 10
num_threads = 4
powersave = 0
gpu_device = {device}
cooling_down = 1
   squeezenet  min =   11.66  max =   11.74  avg =   11.70
"""


def test_a_gpu_s_data_type_is_in_the_log(tmp_path):
    file = tmp_path / "log"
    for half, dtype in ((1, "float16"), (0, "float32")):
        file.write_text("```\n" + GPUS.format(half=half, device=0) + "```\n")
        (group,) = logs.read(file, GPU).groups
        assert (group.dtype, group.threads) == (dtype, 1)
        assert group.note.endswith("on Some GPU (with blanks)")


def test_a_gpu_that_is_not_listed_was_not_used(tmp_path):
    (tmp_path / "log").write_text(GPUS.format(half=1, device=1))
    with pytest.raises(UserError, match="gpu_device is 1, and the log lists 0: it ran on the CPU"):
        logs.read(tmp_path / "log", GPU)
    (tmp_path / "log").write_text(GPUS.format(half=1, device=-1))
    (group,) = logs.read(tmp_path / "log", About("a log", dtype="float32")).groups
    assert (group.threads, group.note) == (4, "benchncnn powersave=0 cooling_down=1")


def test_older_logs_write_int8_with_a_hyphen(tmp_path):
    row = "  squeezenet{}  min =   11.66  max =   11.74  avg =   11.70\n"
    (tmp_path / "log").write_text("num_threads = 4\n" + row.format("") + row.format("-int8"))
    groups = logs.read(tmp_path / "log", About("a log", dtype="float32")).groups
    assert [(group.dtype, list(group.values)) for group in groups] == [
        ("float32", ["squeezenet"]), ("int8", ["squeezenet"]),
    ]  # fmt: skip


def test_a_prompt_and_an_answer_together_are_left_out(tmp_path):
    file = tmp_path / "log"
    text = as_table([FIELDS, FIELDS]).replace("tg128", "pp4096+tg128", 1)
    file.write_text(text)
    found = logs.read(file, GPU)
    assert len(found.groups) == 1
    assert "rates of prompts are left out: only decoding is projected by bandwidth" in found.notes


def test_a_log_without_a_date_is_dated_today_and_says_so(tmp_path):
    found = llama(tmp_path, as_table, {})
    assert any(note.startswith("nothing says when it was measured") for note in found.notes)
    assert not any("when it was measured" in note for note in llama(tmp_path, as_json, {}).notes)
    assert not any(
        "when it" in n for n in llama(tmp_path, as_table, {}, about=About("a", "2026-01", device="gpu")).notes
    )


def test_standard_input_is_read(monkeypatch, tmp_path):
    from pathlib import Path

    class Stdin:
        buffer = io.BytesIO(as_json([FIELDS]).encode())

    monkeypatch.setattr("sys.stdin", Stdin)
    assert len(logs.read(Path("-"), GPU).groups) == 1


def test_what_is_told_against_the_log_is_refused(tmp_path):
    told = About("a log", threads=8, batch=4, dtype="float32", device="cpu")
    with pytest.raises(UserError, match=r"the log says 6 threads, --threads 8 \(leave out --threads\)"):
        llama(tmp_path, as_json, {"n_gpu_layers": 0}, about=told)
    (tmp_path / "log").write_text("num_threads = 4\n  a  min = 1.0  max = 1.0  avg = 1.0\n")
    with pytest.raises(UserError, match="the log says 4 threads, --threads 8"):
        logs.read(tmp_path / "log", told)
    with pytest.raises(UserError, match="the log says 2 as the batch size, --batch 4"):
        logs.read(trtexec(tmp_path, "trtexec --onnx=a.onnx --batch=2"), About("a log", batch=4))
