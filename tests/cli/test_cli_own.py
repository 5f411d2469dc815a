"""``tierbench run`` with models of the user's own."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from harness import store
from harness.errors import Exit
from harness.model.outcome import Ok

pytestmark = pytest.mark.slow

RUN = ("--processes", 1, "--budget", 0.05, "--no-report")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Takes any number of rows of four numbers."""
    rows, out = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ("n", 4)) for name in ("rows", "out"))
    made = helper.make_graph([helper.make_node("Relu", ["rows"], ["out"])], "small", [rows], [out])
    onnx.save(
        helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "my net.onnx"
    )
    return tmp_path / "my net.onnx"


def test_a_model_in_a_file_is_run_and_recorded_and_others_are_refused_beside_it(tierbench, model, tmp_path):
    (tmp_path / "cut.onnx").write_bytes(model.read_bytes()[:40])
    options = ("--input", "rows=3x4:float32", "-p", "host", "-p", "rpi5", "--quick", *RUN, "--out", tmp_path / "run")
    done = tierbench("run", model, tmp_path / "cut.onnx", *options)
    assert done.returncode == Exit.FAILED
    assert f"{tmp_path / 'cut.onnx'}: is cut short or no ONNX file" in done.stderr
    run = store.read(tmp_path / "run")
    assert {r.trial.case.workload.id for r in run.records} == {"own/my-net[rows=3x4:float32]"}
    assert {r.trial.case.runtime for r in run.records} == {"onnxruntime"}
    assert [r.outcome for r in run.records] == [Ok()] * len(run.records), [r.outcome for r in run.records]
    assert {"need", "timing", "features", "ceiling"} <= {r.trial.role for r in run.records}
    own = run.records[0].trial.case.workload.own
    assert own is not None
    assert (own.kind, own.source, len(own.sha256)) == ("onnx", str(model), 64)
    assert "my-net · rows 3x4:float32" in tierbench("show", tmp_path / "run").stdout
    model.write_bytes(model.read_bytes() + b"\0")
    again = tierbench("run", "--resume", tmp_path / "run")
    assert again.returncode == Exit.BAD_INPUT
    assert "is not the model that this run began with" in again.stderr


def test_an_open_shape_is_told_before_anything_is_run(tierbench, model, tmp_path):
    done = tierbench("run", model, *RUN, "--out", tmp_path / "run")
    assert done.returncode == Exit.BAD_INPUT
    (line,) = done.stderr.splitlines()
    assert line.endswith("open: rows (nx4) (give it, such as --input rows=1x4:float32)")
    assert not (tmp_path / "run").exists()


def test_every_refusal_has_its_line(tierbench, tmp_path):
    (tmp_path / "a.pt").write_bytes(pickle.dumps({}))
    done = tierbench("run", tmp_path / "a.pt", tmp_path / "none.onnx", "--dry-run")
    assert done.returncode == Exit.BAD_INPUT
    first, second = done.stderr.splitlines()
    assert first.startswith(f"tierbench: {tmp_path / 'a.pt'}: is a pickle")
    assert second == f"tierbench: {tmp_path / 'none.onnx'}: no such file"


def test_a_workload_in_a_file_keeps_its_parameters(tierbench, light):
    file = light / "suites" / "light.py"
    done = tierbench("run", f"{file}::Nap", "--dry-run", "--json")
    cases = json.loads(done.stdout)["cases"]
    assert [case["workload"]["parameters"] for case in cases] == [{"ms": 1}, {"ms": 2}, {"ms": 3}]
    assert {case["workload"]["own"]["kind"] for case in cases} == {"workload"}
    quick = json.loads(tierbench("run", f"{file}::Nap", "--quick", "--dry-run", "--json").stdout)
    assert len(quick["cases"]) == 1
    wrong = tierbench("run", f"{file}::Nip", "--dry-run")
    assert wrong.stderr == f"tierbench: {file}: has no workload Nip (it has Nap)\n"


def test_an_input_without_a_model_is_refused(tierbench, light):
    done = tierbench("run", "light", "-I", light, "--input", "x=1", "--dry-run")
    assert done.returncode == Exit.BAD_INPUT
    assert "--input is about a model of your own" in done.stderr


def test_show_tells_what_a_model_is(tierbench, model):
    shown = tierbench("show", model, "--input", "rows=2x4", "--json")
    (row,) = json.loads(shown.stdout)
    assert row["inputs"] == ["rows=2x4:float32"]
    assert (row["kind"], row["runtimes"], row["dtypes"]) == ("onnx", ["onnxruntime"], ["float32"])


@pytest.mark.parametrize(
    "options", [("--runtime", "openvino"), ("--runtime", "torch-eager"), ("--dtype", "int8"), ("--dtype", "int4")]
)
def test_nothing_to_run_is_bad_input_with_the_reasons(tierbench, model, tmp_path, options):
    done = tierbench("run", model, "--input", "rows=3x4:float32", *options, *RUN, "--out", tmp_path / "run")
    assert done.returncode == Exit.BAD_INPUT
    assert "nothing to run: own/my-net" in done.stderr
    assert options[1] in done.stderr
    assert not (tmp_path / "run").exists()
    planned = tierbench("run", model, "--input", "rows=3x4:float32", *options, "--dry-run")
    assert planned.returncode == Exit.BAD_INPUT
    assert "nothing to run: own/my-net" in planned.stderr


def test_a_search_of_what_cannot_be_run_is_bad_input(tierbench, model):
    done = tierbench("fit", model, "--input", "rows=3x4:float32", "--runtime", "openvino")
    assert done.returncode == Exit.BAD_INPUT
    assert "Traceback" not in done.stderr
