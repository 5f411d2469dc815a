"""Programs of torch.export."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.adopted import Adopted, examine
from harness.model.inquiry import GivenInput, ModelAnswer, ModelQuestion
from harness.model.own import Input, Own
from harness.model.workload import Place
from harness.runtimes.torch_eager import TorchEager

Edit = Callable[[str, bytes], tuple[str, bytes] | None]


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 8)

    def forward(self, rows: torch.Tensor, more: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.layer(rows) * more["scale"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "model.pt2"
    given = torch.ones(2, 4), {"scale": torch.ones(8)}
    shapes = {"rows": {0: torch.export.Dim("n", min=1, max=64)}, "more": {"scale": {}}}
    torch.manual_seed(0)
    torch.export.save(torch.export.export(Net(), given, dynamic_shapes=shapes), path)
    return path


def look(path: Path, *given: GivenInput, memory: int = 1 << 30) -> ModelAnswer:
    return examine(ModelQuestion(Own("exported", str(path)), given, memory))


def rewrite(path: Path, target: Path, edit: Edit) -> Path:
    """A copy of the archive with its members as ``edit`` gives them; None leaves one out."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            if (edited := edit(name, source.read(name))) is not None:
                copy.writestr(*edited)
    return target


def test_an_open_shape_is_named_and_a_given_one_runs_in_torch(saved: Path, tmp_path: Path) -> None:
    answer = look(saved)
    assert "leaves the shape of an input open: rows (" in answer.refused
    assert "--input rows=1x4:float32" in answer.hint
    answer = look(saved, GivenInput("rows", (5, 4)))
    assert (answer.refused, answer.runtimes, answer.dtype) == ("", ("torch-eager",), "float32")
    assert answer.inputs == (Input("rows", (5, 4), "float32"), Input("more_scale", (8,), "float32"))
    assert answer.weight_bytes >= 4 * (4 * 8 + 8)
    own = Own("exported", str(saved), inputs=answer.inputs)
    place = Place("cpu", "float32", 0, tmp_path)
    loaded = TorchEager().load(lambda: Adopted(own).build(place), place, tmp_path)
    assert loaded.call(*loaded.inputs).shape == (5, 8)
    assert loaded.weight_bytes == 4 * (4 * 8 + 8)


def test_a_file_that_is_cut_short_is_refused(saved: Path, tmp_path: Path) -> None:
    whole, path = saved.read_bytes(), tmp_path / "model.pt2"
    for part in (0.1, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * part)])
        assert "is cut short or no torch.export archive" in look(path).refused


def test_an_archive_of_something_else_is_refused(saved: Path, tmp_path: Path) -> None:
    path = rewrite(saved, tmp_path / "model.pt2", lambda name, data: None if "/models/" in name else (name, data))
    assert "no torch.export archive of today's layout" in look(path).refused


class Payload:
    """What a pickle can do."""

    def __reduce__(self) -> Any:
        return (Path.touch, (Path("was-run"),))


def test_code_in_its_example_inputs_is_not_run(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(Payload(), tmp_path / "evil")
    evil = (tmp_path / "evil").read_bytes()
    path = rewrite(saved, tmp_path / "model.pt2", lambda n, data: (n, evil if "sample_inputs" in n else data))
    assert "holds its example inputs as a pickle" in look(path).refused
    assert not (tmp_path / "was-run").exists()


def test_pickled_weights_are_refused(saved: Path, tmp_path: Path) -> None:
    def pickled(name: str, data: bytes) -> tuple[str, bytes]:
        if not name.endswith("weights_config.json"):
            return name, data
        config = json.loads(data)
        for entry in config["config"].values():
            entry["use_pickle"] = True
        return name, json.dumps(config).encode()

    assert "as a pickle" in look(rewrite(saved, tmp_path / "model.pt2", pickled)).refused


def test_more_weights_than_memory_are_refused(saved: Path) -> None:
    assert "more than this host's 100 B" in look(saved, memory=100).refused


def test_what_torch_cannot_read_is_one_line(saved: Path, tmp_path: Path) -> None:
    def unknown(name: str, data: bytes) -> tuple[str, bytes]:
        return name, data.replace(b"torch.ops.aten.linear.default", b"torch.ops.acme.frobnicate.default")

    answer = look(rewrite(saved, tmp_path / "model.pt2", unknown), GivenInput("rows", (5, 4)))
    assert "PyTorch does not take it" in answer.refused
    assert "frobnicate" in answer.refused
    assert "\n" not in answer.refused
    shutil.rmtree(tmp_path)
