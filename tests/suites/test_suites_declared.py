from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from shapes import module_of

from harness.model.workload import Place, Workload, defects

PUBLISHED = {
    "resnet50": 25.557e6,
    "mobilenetv2": 3.505e6,
    "vit-b-16": 86.568e6,
    "llama-100m-prefill": 101e6,
    "llama-100m-decode": 101e6,
    "llama-100m-context": 101e6,
    "llama-100m-batch": 101e6,
    "llama-1b-prefill": 1.236e9,
    "llama-1b-decode": 1.236e9,
    "llama-1b-context": 1.236e9,
    "llama-1b-batch": 1.236e9,
}
"""Parameters; the suites' READMEs name the sources."""

IMPORTED = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("suite", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(json.dumps([name for name in sys.modules if "." not in name]))
"""

LATE = """
import importlib, importlib.util, sys
from pathlib import Path
from harness.model.workload import Place
spec = importlib.util.spec_from_file_location("suite", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
workload = getattr(module, sys.argv[2])()
for name in workload.requires:
    importlib.import_module(name)
before = set(sys.modules)
model = workload.build(Place("cpu", "float32", 0, Path(sys.argv[3])), **workload.quick)
workload.step(model.module, model.inputs, lambda name: None)
late = {name for name in set(sys.modules) - before if name.split(".")[0] in {"torch", "transformers"}}
assert not late, late
"""


@pytest.fixture(scope="session")
def every(vision: dict[str, type[Workload]], language: dict[str, type[Workload]]) -> dict[str, type[Workload]]:
    return vision | language


def test_these_workloads_are_there(every: dict[str, type[Workload]]) -> None:
    assert set(every) == set(PUBLISHED)


def test_declarations_are_sound(every: dict[str, type[Workload]]) -> None:
    assert {name: defects(kind) for name, kind in every.items() if defects(kind)} == {}


def test_the_quick_point_is_one_of_the_points(every: dict[str, type[Workload]]) -> None:
    for kind in every.values():
        assert all(value in kind.parameters[key] for key, value in (kind.quick or {}).items())


def test_the_quick_selection(every: dict[str, type[Workload]]) -> None:
    quick = {"resnet50", "mobilenetv2", "vit-b-16", "llama-100m-prefill", "llama-100m-decode", "llama-1b-decode"}
    assert {name for name, kind in every.items() if kind.quick is not None} == quick


@pytest.mark.parametrize("name", ["vision", "language", "training"])
def test_importing_a_suite_loads_nothing_heavy(name: str) -> None:
    file = Path(__file__).parents[2] / "suites" / name / "suite.py"
    said = subprocess.run([sys.executable, "-c", IMPORTED, str(file)], check=True, capture_output=True, text=True)
    assert not {"torch", "transformers", "numpy", "safetensors", "pandas"} & set(json.loads(said.stdout))


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameter_counts_are_the_published_ones(
    name: str,
    every: dict[str, type[Workload]],
    place_of: Callable[..., Place],
) -> None:
    module = module_of(every[name], place_of())
    assert sum(p.numel() for p in module.parameters()) == pytest.approx(PUBLISHED[name], rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("suite", "name"), [("vision", "MobileNetV2"), ("language", "Decode100M")])
def test_build_and_step_import_nothing_that_requires_does_not_name(suite: str, name: str, cache: Path) -> None:
    file = Path(__file__).parents[2] / "suites" / suite / "suite.py"
    subprocess.run([sys.executable, "-c", LATE, str(file), name, str(cache)], check=True)
