"""What a trial imports: no more than there would be without tierbench."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.worker import imports

TRANSFORMERS = """
import sys
from harness.worker import imports
imports.load(sys.argv[1:])
from transformers.utils import is_scipy_available
print(is_scipy_available(), "scipy" in sys.modules)
import scipy
print(scipy.__name__)
"""
IT_ASKS = """
from functools import cache
from importlib.util import find_spec

@cache
def is_scipy_available():
    return find_spec("scipy") is not None
"""


def said(*modules: str, path: Path | None = None) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(path)} if path else None
    command = [sys.executable, "-c", TRANSFORMERS, *modules]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()


@pytest.fixture
def one_that_asks(tmp_path: Path) -> Path:
    """A package that asks for scipy as transformers does, and takes no second to import."""
    (tmp_path / "transformers").mkdir()
    (tmp_path / "transformers" / "__init__.py").touch()
    (tmp_path / "transformers" / "utils.py").write_text(IT_ASKS)
    return tmp_path


def test_transformers_does_not_find_the_scipy_that_tierbench_brought_and_the_work_still_does():
    assert said("json", "transformers.utils") == ["False", "False", "scipy"]


def test_scipy_that_the_work_imported_is_found(one_that_asks):
    assert said("json", "transformers.utils", path=one_that_asks) == ["False", "False", "scipy"]
    assert said("scipy", "transformers.utils", path=one_that_asks) == ["True", "True", "scipy"]


def test_one_that_does_not_ask_is_imported_as_it_is(one_that_asks):
    (one_that_asks / "transformers" / "utils.py").write_text("")
    environment = {**os.environ, "PYTHONPATH": str(one_that_asks)}
    code = "from harness.worker import imports; imports.load(['transformers.utils']); import scipy"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_a_module_that_is_not_there_is_told():
    with pytest.raises(ImportError, match="no_such_module"):
        imports.load(["json", "no_such_module"])
