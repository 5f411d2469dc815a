"""ONNX files of the user's own: what is read of them, and which are refused before anything is run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from onnx import TensorProto, helper
from onnx_graphs import graph

from harness.adopted import Adopted, examine
from harness.features.onnx_operators import _Exported
from harness.features.operators import NotCounted
from harness.model.inquiry import GivenInput, ModelAnswer, ModelQuestion
from harness.model.own import Input, Own
from harness.model.workload import ModelFile, Place
from harness.runtimes.onnx_runtime import OnnxRuntime

GIB = 1 << 30
Write = Callable[..., Path]


def look(path: Path, *given: GivenInput, memory: int = GIB) -> ModelAnswer:
    return examine(ModelQuestion(Own("onnx", str(path)), given, memory))


def test_inputs_files_and_weights_are_read(write: Write) -> None:
    path = write(graph())
    answer = look(path)
    assert answer.refused == ""
    assert answer.inputs == (Input("rows", (1, 4), "float32"),)
    assert (answer.runtimes, answer.dtype) == (("onnxruntime",), "float32")
    assert answer.files == (str(path),)
    assert answer.weight_bytes == 4 * 8 * 4


def test_weights_in_another_file_belong_to_it(write: Write) -> None:
    path = write(graph(), beside=True)
    assert look(path).files == (str(path), str(path.with_name("model.data")))


def test_it_is_opened_where_it_lies_with_seeded_arrays(write: Write, tmp_path: Path) -> None:
    path = write(graph())
    own = Own("onnx", str(path), inputs=look(path).inputs)
    model = Adopted(own).build(Place("cpu", "float32", 3, tmp_path))
    assert model.module == ModelFile(path)
    assert model.inputs[0].shape == (1, 4)


def test_an_open_shape_has_to_be_given(write: Write) -> None:
    path = write(graph(("rows", 4)))
    answer = look(path)
    assert "open: rows (rowsx4)" in answer.refused
    assert answer.hint == "give it, such as --input rows=1x4:float32"
    assert look(path, GivenInput("rows", (3, 4))).inputs == (Input("rows", (3, 4), "float32"),)


def test_a_file_that_is_cut_short_is_refused_wherever_it_is_cut(write: Write) -> None:
    path = write(graph())
    whole = path.read_bytes()
    for length in range(1, len(whole), 7):
        path.write_bytes(whole[:length])
        answer = look(path)
        assert answer.refused, length
        assert "\n" not in answer.refused


def test_another_file_of_that_name_is_refused(write: Write) -> None:
    path = write(graph())
    path.write_bytes(b"this is no model at all")
    assert "is cut short or no ONNX file" in look(path).refused


def test_weights_that_are_missing_or_cut_short_are_refused(write: Write) -> None:
    path = write(graph(), beside=True)
    weights = path.with_name("model.data")
    weights.write_bytes(weights.read_bytes()[:100])
    assert look(path).refused == "its weights are cut short: model.data ends before weights"
    weights.unlink()
    assert look(path).refused == "its weights are missing: model.data is not beside it"


def test_weights_elsewhere_are_not_followed(write: Write) -> None:
    path = write(graph(), beside=True)
    path.write_bytes(path.read_bytes().replace(b"model.data", b"../../etc/"))
    assert "not beside it" in look(path).refused


@pytest.mark.parametrize("domain", ["", "acme.ops"])
def test_operators_that_nobody_knows_are_named(write: Write, domain: str) -> None:
    answer = look(write(graph(operator="Frobnicate", domain=domain)))
    assert answer.refused.endswith(f"does not know: {domain or 'ai.onnx'}.Frobnicate")


def test_operators_of_onnx_runtime_itself_are_known(write: Write) -> None:
    assert look(write(graph(operator="QuickGelu", domain="com.microsoft"))).refused == ""


def test_what_onnx_runtime_refuses_is_refused_before_a_trial(write: Write) -> None:
    model = graph()
    model.graph.node[0].input[1] = "nothing"
    assert look(write(model)).refused


def test_more_weights_than_memory_are_refused_unread(write: Write) -> None:
    path = write(graph(), beside=True)
    assert "its weights alone are 128 B, more than this host's 100 B" in look(path, memory=100).refused


def test_an_input_that_is_no_tensor_is_refused(write: Write) -> None:
    model = graph()
    model.graph.input.append(helper.make_tensor_sequence_value_info("many", TensorProto.FLOAT, None))
    assert "its input many is a sequence" in look(write(model)).refused


def test_a_trial_opens_the_file_itself_and_says_what_its_weights_are_stored_as(write: Write, tmp_path: Path) -> None:
    path = write(graph(("rows", 4), element=TensorProto.FLOAT16))
    own = Own("onnx", str(path), inputs=look(path, GivenInput("rows", (3, 4))).inputs)
    place = Place("cpu", "float32", 0, tmp_path)
    runtime = OnnxRuntime()
    runtime.prepare(lambda: Adopted(own).build(place), place, tmp_path / "artefacts")
    loaded = runtime.load(lambda: Adopted(own).build(place), place, tmp_path / "artefacts")
    (output,) = loaded.call(*loaded.inputs)
    assert (output.shape, str(output.dtype)) == ((3, 8), "float16")
    assert loaded.graph == path
    assert loaded.weight_bytes == 4 * 8 * 2
    assert loaded.facts["stored_weights"] == "float16 64 B"
    assert sorted(file.name for file in (tmp_path / "artefacts").iterdir()) == ["given.json", "inputs.npz"]


def test_the_work_of_a_graph_with_open_shapes_is_that_of_the_given_ones(write: Write) -> None:
    path = write(graph(("rows", 4)))
    closed = _Exported.read(path, [(3, 4)]).work()
    assert [operator.flop for operator in closed] == [2 * 3 * 4 * 8]
    with pytest.raises(NotCounted, match="does not say what shape"):
        _Exported.read(path).work()
