"""transformers' table of its models is made once, and kept for the trials that tell no import time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.worker.model_index import ModelIndex

ASK = """
import sys
from pathlib import Path
from harness.worker import imports
from harness.worker.model_index import ModelIndex
imports.load(["transformers.utils.import_utils"], ModelIndex(Path(sys.argv[1]), writes=sys.argv[2] == "writes"))
from transformers.utils import import_utils
"""
TABLES = "print(sorted(import_utils.table(p) for p in sys.argv[3:]), import_utils.made)"
REAL = """
from pathlib import Path
import transformers
own = import_utils.create_import_structure_from_path
models = str(Path(transformers.__file__).parent / "models")
kept = ModelIndex(Path(sys.argv[1])).file(transformers.__version__, models)
print(kept.exists(), own(models) == own.args[-1](models), own(models + "/vit") == own.args[-1](models + "/vit"))
from transformers import ViTConfig
print(ViTConfig.__module__)
"""
MAKES_ONE = """
made = []

def create_import_structure_from_path(path):
    made.append(str(path))
    return {str(path): {frozenset(): {"names"}}}

def table(path):
    return create_import_structure_from_path(path).popitem()[0]
"""


def ask(code: str, cache: Path, mode: str, *paths: str, path: Path | None = None) -> str:
    environment = {**os.environ, "PYTHONPATH": str(path)} if path else None
    command = [sys.executable, "-c", ASK + code, str(cache), mode, *paths]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package that makes a table as transformers does, and takes no second to import."""
    root = tmp_path / "site" / "transformers"
    (root / "utils").mkdir(parents=True)
    (root / "models").mkdir()
    (root / "models" / "__init__.py").touch()
    (root / "__init__.py").write_text('__version__ = "5.0"\n')
    (root / "utils" / "__init__.py").touch()
    (root / "utils" / "import_utils.py").write_text(MAKES_ONE)
    return root


def test_the_table_is_made_once_and_then_read(package, tmp_path):
    models = str(package / "models")
    written = ask(TABLES, tmp_path / "cache", "writes", models, models, path=package.parent)
    read = ask(TABLES, tmp_path / "cache", "reads", models, models + "/__init__.py", path=package.parent)
    assert written == f"{[models, models]} {[models]}\n"
    assert read == f"{[models, models]} []\n"


def test_a_process_that_may_not_write_leaves_nothing(package, tmp_path):
    models = str(package / "models")
    assert ask(TABLES, tmp_path / "cache", "reads", models, path=package.parent) == f"{[models]} {[models]}\n"
    assert not (tmp_path / "cache").exists()


def test_a_damaged_table_is_made_anew(package, tmp_path):
    models, index = str(package / "models"), ModelIndex(tmp_path / "cache")
    ask(TABLES, index.cache, "writes", models, path=package.parent)
    file = index.file("5.0", models)
    file.write_bytes(file.read_bytes()[:-3])
    assert ask(TABLES, index.cache, "writes", models, path=package.parent) == f"{[models]} {[models]}\n"
    assert ask(TABLES, index.cache, "reads", models, path=package.parent) == f"{[models]} []\n"


def test_what_cannot_be_written_hinders_nothing(package, tmp_path):
    (tmp_path / "cache").write_text("a file")
    models = str(package / "models")
    assert ask(TABLES, tmp_path / "cache", "writes", models, path=package.parent) == f"{[models]} {[models]}\n"


@pytest.mark.parametrize("version", ["5.10", "6.0.dev0"])
def test_of_another_version_and_of_one_in_the_making_it_is_not_taken(package, tmp_path, version):
    models = str(package / "models")
    ask(TABLES, tmp_path / "cache", "writes", models, path=package.parent)
    (package / "__init__.py").write_text(f'__version__ = "{version}"\n')
    assert ask(TABLES, tmp_path / "cache", "reads", models, path=package.parent) == f"{[models]} {[models]}\n"


@pytest.mark.parametrize("how", ["edited", "another place"])
def test_of_another_environment_with_the_same_version_it_is_not_taken(package, tmp_path, how):
    ask(TABLES, tmp_path / "cache", "writes", str(package / "models"), path=package.parent)
    if how == "edited":
        (package / "models" / "mine.py").write_text("__all__ = ['Mine']\n")
    else:
        package = shutil.copytree(package, tmp_path / "other" / "transformers")
    models = str(package / "models")
    assert ask(TABLES, tmp_path / "cache", "reads", models, path=package.parent) == f"{[models]} {[models]}\n"


def test_a_transformers_that_makes_it_elsewhere_is_imported_as_it_is(package, tmp_path):
    (package / "utils" / "import_utils.py").write_text("")
    assert ask("print(import_utils.__name__)", tmp_path, "writes", path=package.parent).split() == [
        "transformers.utils.import_utils"
    ]


def test_the_real_one_gets_the_table_that_it_would_have_made(tmp_path):
    assert ask(REAL, tmp_path, "writes").split() == [*["True"] * 3, "transformers.models.vit.configuration_vit"]
    assert ask(REAL, tmp_path, "reads").split() == [*["True"] * 3, "transformers.models.vit.configuration_vit"]
