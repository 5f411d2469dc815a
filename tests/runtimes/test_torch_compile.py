from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.model.workload import Model, Place
from harness.runtimes import NotSupported, WrongOutput, get
from harness.runtimes.torch_compile import TorchCompile

# The whole machinery, in two processes as in a run: one that prepares, and a trial with another number of threads.
PROCESS = """
import json, sys
from pathlib import Path
import torch
from torch.nn import Linear, ReLU, Sequential
from harness.model.workload import Model, Place
from harness.runtimes import get

def build():
    torch.manual_seed(1)
    return Model(Sequential(Linear(64, 64), ReLU(), Linear(64, 4096)), (torch.ones(64, 64),))

runtime, place, artefacts = get("torch-compile"), Place("cpu", "float32", 0, Path(".")), Path(sys.argv[1])
if sys.argv[2] == "prepare":
    runtime.prepare(build, place, artefacts)
loaded = runtime.load(build, place, artefacts)
output = loaded.call(*loaded.inputs)
counts = torch._dynamo.utils.counters["inductor"]
with torch.inference_mode():
    worst = float((output - build().module(*loaded.inputs)).abs().max() / output.abs().max())
print(json.dumps({"missed": counts["fxgraph_cache_miss"], "hit": counts["fxgraph_cache_hit"], "worst": worst,
                  "facts": loaded.facts, "weights": loaded.weight_bytes, "conversion": loaded.conversion.seconds}))
"""


def process(artefacts: Path, what: str, threads: int) -> dict[str, Any]:
    # Inductor's check of each instruction set by a compilation of its own is left out: it takes most of the time.
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "TORCHINDUCTOR_VEC_ISA_OK": "1"}
    command = [sys.executable, "-c", PROCESS, str(artefacts), what]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_it_is_compiled_once_into_the_artefacts_and_never_in_a_trial(tmp_path: Path) -> None:
    first = process(tmp_path, "prepare", threads=2)
    assert first["missed"] == 1, "compiled into an empty cache"
    files = set((tmp_path / "inductor").rglob("*.so"))
    assert files
    trial = process(tmp_path, "trial", threads=1)
    assert (trial["missed"], trial["hit"]) == (0, 1)
    assert set((tmp_path / "inductor").rglob("*.so")) == files
    assert trial["worst"] < 1e-5
    assert trial["weights"] == 4 * (64 * 64 + 64 + 64 * 4096 + 4096)
    facts = trial["facts"]
    assert (facts["threads"], facts["dynamic_threads"]) == ("1", "on")
    assert trial["conversion"] == float(facts["conversion_seconds"]) > 0
    assert int(facts["file_bytes"]) > 0
    assert facts["compiler"]


class Planted(TorchCompile):
    """Calls something else in place of the compiled module."""

    def __init__(self, called: Callable[..., Any]) -> None:
        self.called = called

    def callable_of(self, module: Callable[..., Any]) -> Callable[..., Any]:
        return self.called


def model() -> Model:
    return Model(torch.nn.ReLU(), (torch.ones(2, 2),))


def test_an_output_that_differs_is_refused_and_leaves_nothing_to_load(place: Place, tmp_path: Path) -> None:
    wrong = Planted(lambda x: 1.5 * x)
    with pytest.raises(WrongOutput, match=r"the output of torch-compile differs from eager by 5.00e-01"):
        wrong.prepare(model, place, tmp_path)
    with pytest.raises(FileNotFoundError, match="prepare has not run"):
        wrong.load(model, place, tmp_path)


def test_what_cannot_be_compiled_is_not_supported_with_the_reason(place: Place, tmp_path: Path) -> None:
    def refuses(_x: torch.Tensor) -> None:
        raise torch._dynamo.exc.Unsupported("no such operator")

    with pytest.raises(NotSupported, match="torch-compile cannot run it: no such operator"):
        Planted(refuses).prepare(model, place, tmp_path)


def test_without_a_compiler_it_cannot_be_used_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert get("torch-compile").unavailable("cpu", "float32") is None
    assert "not int8" in str(get("torch-compile").unavailable("cpu", "int8"))
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert str(get("torch-compile").unavailable("cpu", "float32")).startswith("no C++ compiler no-such-compiler")


def test_without_pythons_headers_it_cannot_be_used_on_the_cpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))
    assert "needs Python's headers" in str(get("torch-compile").unavailable("cpu", "float32"))
