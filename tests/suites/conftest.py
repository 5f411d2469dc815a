from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from harness.model.workload import Place, Workload

SUITES = Path(__file__).parents[2] / "suites"


def suite(name: str) -> ModuleType:
    """The suite's file as a module, loaded by path."""
    spec = importlib.util.spec_from_file_location(f"_suite_{name}", SUITES / name / "suite.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def workloads(module: ModuleType) -> dict[str, type[Workload]]:
    """Its workloads by name."""
    kinds = [k for k in vars(module).values() if isinstance(k, type) and issubclass(k, Workload)]
    return {kind.name: kind for kind in kinds if hasattr(kind, "name")}


class Marker:
    """Keeps the names of the marks in order."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, name: str) -> None:
        self.names.append(name)


@pytest.fixture(scope="session")
def vision() -> dict[str, type[Workload]]:
    return workloads(suite("vision"))


@pytest.fixture(scope="session")
def language_file() -> ModuleType:
    return suite("language")


@pytest.fixture(scope="session")
def language(language_file: ModuleType) -> dict[str, type[Workload]]:
    return workloads(language_file)


@pytest.fixture
def marker() -> Marker:
    return Marker()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the session, of all its processes; TIERBENCH_TEST_CACHE names one that outlives it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    return Path(os.environ.get("TIERBENCH_TEST_CACHE") or shared / "cache")


@pytest.fixture
def place_of(cache: Path) -> Callable[..., Place]:
    def make(dtype: str = "float32", seed: int = 0) -> Place:
        return Place("cpu", dtype, seed, cache)

    return make
