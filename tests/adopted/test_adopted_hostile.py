"""A ``.pt2`` of a stranger: nothing in it is run, and what torch itself writes is taken."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.adopted import archive, expressions, program
from harness.errors import UserError


class Dynamic(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(6, 6)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, Any]:
        z = torch.cat([self.linear(x), y])
        count = z.shape[0]
        larger = torch.nn.functional.interpolate(z[None, None], scale_factor=2.0)
        return {
            "sum": z[: count // 3].sum(),
            "mean": larger.mean(),
            "flat": x.reshape(x.shape[0] * 2, -1)[: max(1, count // 4)],
        }


@pytest.fixture(scope="module")
def dynamic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pt2") / "dynamic.pt2"
    a, b = torch.export.Dim("a", min=4, max=512), torch.export.Dim("b", min=4, max=512)
    shapes = {"x": {0: a}, "y": {0: b}}
    exported = torch.export.export(Dynamic(), (torch.randn(8, 6), torch.randn(9, 6)), dynamic_shapes=shapes)
    torch.export.save(exported, path)
    return path


def changed(
    path: Path, target: Path, change: Callable[[dict[str, Any]], None], more: dict[str, bytes] | None = None
) -> Path:
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("models/model.json"):
                document = json.loads(content)
                change(document)
                content = json.dumps(document).encode()
            copy.writestr(name, content)
        for name, content in (more or {}).items():
            copy.writestr(f"dynamic/{name}", content)
    return target


EVIL = "__import__('os').system('touch EXECUTED') or 2"


def with_expression(text: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        values = document["graph_module"]["graph"]["sym_int_values"]
        next(iter(values.values()))["as_expr"]["expr_str"] = text

    return change


def with_target(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["graph_module"]["graph"]["nodes"][0].update(target=text)


def with_name(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["graph_module"]["graph"]["inputs"][0]["as_tensor"].update(name=text)


def with_spec(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["graph_module"]["module_call_graph"][0]["signature"].update(in_spec=text)


HOSTILE: dict[str, Callable[[dict[str, Any]], None]] = {
    "expression": with_expression(EVIL),
    "expression by attribute": with_expression("Integer(2).__class__.__mro__"),
    "expression by name": with_expression("exit()"),
    "power without end": with_expression("Pow(Integer(9), Pow(Integer(9), Integer(9)))"),
    "guard": lambda document: document.update(guards_code=[f"L['x'].size()[0] == ({EVIL})"]),
    "operator": with_target("torch.os.system"),
    "operator that loads a library": with_target("torch.ops.load_library"),
    "operator of a file": with_target("torch.ops.aten.from_file.default"),
    "operator of attributes": with_target("_operator.attrgetter"),
    "operator by class": with_target("math.__loader__.load_module"),
    "extension": with_target("#unknown:op"),
    "name": with_name("x=__import__('os').system('touch EXECUTED')"),
    "name with a line": with_name("x):\r    import os\r    pass#"),
    "module to import": with_spec(
        json.dumps(
            [1, {"type": "builtins.dict", "context": json.dumps([{"__enum__": True, "fqn": "evil.X", "name": "A"}])}]
        )
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_torch_would_run_is_refused_before_torch_sees_it(
    dynamic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.chdir(tmp_path)
    evil = changed(dynamic, tmp_path / "dynamic.pt2", HOSTILE[kind])
    with pytest.raises(UserError, match="is refused"):
        archive.look(evil)
    assert not (tmp_path / "EXECUTED").exists()


@pytest.mark.parametrize(
    "member", ["data/aotinductor/model/model.so", "models/model.py", "data/weights/../../x/y", "data/weights/model.pt"]
)
def test_members_that_may_be_code_are_refused(dynamic: Path, tmp_path: Path, member: str):
    with pytest.raises(UserError, match=r"refused|pickle"):
        archive.look(changed(dynamic, tmp_path / "dynamic.pt2", lambda _: None, {member: b"code"}))


def test_a_second_program_of_one_name_is_refused(dynamic: Path, tmp_path: Path):
    with pytest.warns(UserWarning, match="Duplicate"):
        evil = changed(dynamic, tmp_path / "dynamic.pt2", lambda _: None, {"models/model.json": b"{}"})
    with pytest.raises(UserError, match="two files of one name"):
        archive.look(evil)


def test_dynamic_shapes_that_torch_wrote_are_taken(dynamic: Path):
    assert archive.look(dynamic) == (36 + 6) * 4
    with zipfile.ZipFile(dynamic) as source:
        text = source.read("dynamic/models/model.json").decode()
    assert len(set(re.findall(r'"expr_str": "([^"]*)"', text))) >= 5
    assert json.loads(text)["guards_code"], "the example has guards"


@pytest.mark.parametrize(
    "text", ["s77", "Mul(Integer(2), Symbol('s77', positive=True, integer=True))", "Max(1, s0//2)", "2*s0 + 1", "oo"]
)
def test_sizes_are_arithmetic(text: str):
    expressions.require_size(text)


@pytest.mark.parametrize(
    "text", ["", "lambda: 1", "[1 for _ in s0]", "s0.real", "f()", "'a'", "s0 if s0 else exec", "1j", "Symbol('a b')"]
)
def test_anything_else_is_no_size(text: str):
    with pytest.raises(expressions.NotArithmetic):
        expressions.require_size(text)


def test_a_program_without_end_is_refused():
    with pytest.raises(program.NotAProgram):
        program.require_plain(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@pytest.mark.parametrize("first", [True, False])
def test_a_table_in_capitals_that_torch_would_read_instead_is_refused(
    dynamic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool
):
    """Torch finds members whatever their case: the table that is looked at is not the one that it reads."""
    monkeypatch.chdir(tmp_path)

    class Payload:
        def __reduce__(self) -> Any:
            return (Path.touch, (Path("was-run"),))

    torch.save(Payload(), tmp_path / "pickle")
    with zipfile.ZipFile(dynamic) as source:
        members = {name: source.read(name) for name in source.namelist()}
    table = json.loads(members["dynamic/data/weights/model_weights_config.json"])
    for entry in table["config"].values():
        entry |= {"use_pickle": True, "path_name": "weight_9"}
    more = {
        "dynamic/data/weights/MODEL_WEIGHTS_CONFIG.JSON": json.dumps(table).encode(),
        "dynamic/data/weights/weight_9": (tmp_path / "pickle").read_bytes(),
    }
    with zipfile.ZipFile(tmp_path / "model.pt2", "w") as copy:
        for name, content in ({**more, **members} if first else {**members, **more}).items():
            copy.writestr(name, content)
    with pytest.raises(UserError, match="two files of one name"):
        archive.look(tmp_path / "model.pt2")


def test_an_archive_that_torch_reads_otherwise_is_refused(dynamic: Path):
    with zipfile.ZipFile(dynamic) as whole:
        sizes = {name.partition("/")[2]: whole.getinfo(name).file_size for name in whole.namelist()}
        text = whole.read("dynamic/models/model.json")
    archive._require_as_torch_reads(dynamic, {"models/model.json": text}, sizes)
    for other in ({"models/model.json": text + b" "}, {}):
        with pytest.raises(UserError, match="torch would read other members"):
            archive._require_as_torch_reads(dynamic, other, sizes if other else {**sizes, "extra/a": 1})
