"""Which words of the command line are models, and which files are refused unread."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest

from harness import own
from harness.errors import UserError


@pytest.fixture
def file(tmp_path: Path):
    def write(name: str, data: bytes = b"something") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return write


def archive(path: Path, *members: str) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for member in members:
            target.writestr(member, b"x")
    return path


def test_each_kind_is_recognised_by_its_name(file, tmp_path: Path) -> None:
    file("bert/config.json")
    named = {
        str(file("a.onnx")): "onnx",
        str(file("b.PT2")): "exported",
        f"{file('c.py')}::Net": "workload",
        str(tmp_path / "c.py"): "workload",
        "package.module:make_net": "function",
        str(tmp_path / "bert"): "config",
    }
    assert {word: given.kind for word in named if (given := own.recognise(word))} == named


@pytest.mark.parametrize("word", ["vision", "vision/resnet50", "vision/resnet50[batch=1]", "nowhere/at/all"])
def test_names_of_suites_and_workloads_are_none(word: str) -> None:
    assert own.recognise(word) is None


def test_a_class_is_kept_beside_its_file(file) -> None:
    path = file("nets.py")
    given = own.recognise(f"{path}::Small")
    assert given is not None
    assert (given.path, given.name) == (path, "Small")


def test_a_link_keeps_its_place_so_that_weights_beside_it_are_found(file, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").symlink_to(file("blobs/1234"))
    given = own.recognise(str(tmp_path / "model.onnx"))
    assert given is not None
    assert given.path == tmp_path / "model.onnx"


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".bin", ".ckpt"])
def test_a_pickle_is_refused_by_its_name_with_what_to_do_instead(file, suffix: str) -> None:
    with pytest.raises(UserError, match="is a pickle") as caught:
        own.recognise(str(file(f"model{suffix}")))
    assert "torch.export.save" in caught.value.hint
    assert "package.module:function" in caught.value.hint


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_refused_whatever_its_name_says(file, protocol: int) -> None:
    with pytest.raises(UserError, match="is a pickle"):
        own.recognise(str(file("model.onnx", pickle.dumps({}, protocol))))


@pytest.mark.parametrize("members", [("m/data.pkl", "m/data/0"), ("m/code/x.py", "m/constants.pkl")])
def test_archives_of_torch_save_and_of_torchscript_are_pickles(tmp_path: Path, members: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="is a pickle"):
        own.recognise(str(archive(tmp_path / "model.pt2", *members)))


def test_a_file_that_is_not_there_is_told_and_an_empty_one_too(file, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        own.recognise(str(tmp_path / "none.onnx"))
    with pytest.raises(UserError, match="is empty"):
        own.recognise(str(file("none.pt2", b"")))


def test_other_formats_are_refused_with_what_is_read(file) -> None:
    with pytest.raises(UserError, match=r"\.tflite files are not read") as caught:
        own.recognise(str(file("model.tflite")))
    assert "model.onnx" in caught.value.hint


def test_a_folder_that_is_meant_as_one_needs_a_configuration(tmp_path: Path) -> None:
    assert own.recognise(str(tmp_path)) is None
    _, names, (error,) = own.split([str(tmp_path)])
    assert names == []
    assert "no config.json" in error.what


def test_one_refusal_leaves_the_other_words_alone(file, tmp_path: Path) -> None:
    words = [str(file("a.onnx")), "vision", str(file("b.pt")), str(tmp_path / "c.onnx")]
    models, names, refused = own.split(words)
    assert [m.text for m in models] == words[:1]
    assert names == ["vision"]
    assert [Path(error.where).name for error in refused] == ["b.pt", "c.onnx"]
