"""Processes that a workload starts anew can import the functions and classes of its suite."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness import collect
from harness.collect import SuiteFile
from harness.model import suite_files

ROOT = str(Path(harness.__file__).parents[1])
SUITE = '''
"""Work for others."""
from harness import Model, Workload
{imports}


def square(n):
    return n * n


class Item:
    def __init__(self, n):
        self.n = n

    def square(self):
        return square(self.n)


class Pooled(Workload):
    name = "pooled"
    runtimes = ("python",)
    parameters = {{"how": ("spawn", "forkserver")}}
    quick = {{"how": "{how}"}}

    def build(self, place, how):
        import multiprocessing

        context = multiprocessing.get_context(how)

        def work():
            with context.Pool(1) as pool:
                return float(sum(pool.map({function}, range(8))) + pool.apply(Item(2).square))

        return Model(work)
'''
SIBLING = """
def cube(n):
    return n * n * n
"""
LOADER = """
from harness import Model, Workload


class Numbers:
    def __len__(self):
        return 4

    def __getitem__(self, at):
        import torch

        return torch.full((2,), float(at))


class Loads(Workload):
    name = "loads"
    runtimes = ("python",)
    quick = {}

    def build(self, place):
        from torch.utils.data import DataLoader

        how = {"num_workers": 1, "multiprocessing_context": "spawn", "persistent_workers": True}
        loader = DataLoader(Numbers(), batch_size=2, **how)
        return Model(lambda: float(sum(batch.sum() for batch in loader)))
"""
OWN = """
from harness import Model


def double(n):
    return 2 * n


def work():
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return float(sum(pool.map(double, range(4))))


def make():
    return Model(work)
"""


def elsewhere(value: object) -> object:
    """What a new interpreter, that knows where tierbench is and no more, makes of a pickle: its result, called."""
    code = "import pickle, sys; sys.path.append(sys.argv[1]); print(pickle.load(sys.stdin.buffer)())"
    given = pickle.dumps(value)
    done = subprocess.run([sys.executable, "-c", code, ROOT], input=given, capture_output=True, check=True)
    return done.stdout.decode().strip()


def loaded(file: Path) -> object:
    """The module of a suite file that was loaded."""
    collect.load_suite(SuiteFile(file.stem, file))
    return sys.modules[suite_files.module_of(file)]


@pytest.mark.parametrize("name", ["mine.py", "my-suite.py", "my.suite.v2.py", "größe.py", "file_12.py"])
def test_what_a_suite_file_holds_can_be_unpickled_elsewhere(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(SUITE.format(imports="", function="square", how="spawn"))
    module = loaded(tmp_path / name)
    assert elsewhere(module.Item(5).square) == "25"
    assert all(part.isidentifier() and part.isascii() for part in module.__name__.split(".")), "as TorchScript wants it"


def test_what_a_folders_other_module_holds_too(tmp_path: Path) -> None:
    folder = tmp_path / "a folder.of mine"
    folder.mkdir()
    (folder / "parts.py").write_text(SIBLING)
    (folder / "suite.py").write_text(SUITE.format(imports="from .parts import cube", function="cube", how="forkserver"))
    module = loaded(folder / "suite.py")
    code = "import pickle, sys; sys.path.append(sys.argv[1]); print(pickle.load(sys.stdin.buffer)(3))"
    done = subprocess.run([sys.executable, "-c", code, ROOT], input=pickle.dumps(module.cube), capture_output=True)
    assert done.stdout == b"27\n"


def test_a_sibling_whose_own_name_looks_spelt_is_itself(tmp_path: Path) -> None:
    (tmp_path / "file_6162.py").write_text(SIBLING)
    text = SUITE.format(imports="from .file_6162 import cube", function="cube", how="spawn")
    (tmp_path / "suite.py").write_text(text)
    assert loaded(tmp_path / "suite.py").cube(2) == 8


def test_a_module_that_is_not_there_is_not_found() -> None:
    for name in ("zz", "in_zz", "in_2f6e6f7768657265.mine", "in_2f746d70.file_zz"):
        with pytest.raises(ImportError):
            __import__(f"{suite_files.__name__}.{name}")


def test_a_worker_loads_none_of_what_finds_and_checks_suites() -> None:
    code = "import sys, harness.model.suite_files; print(*(m for m in sys.modules if m.startswith('harness')))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(said) == {"harness", "harness.model", "harness.model.suite_files"}


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suites" / "folder").mkdir(parents=True)
    (tmp_path / "suites" / "one.py").write_text(SUITE.format(imports="", function="square", how="spawn"))
    (tmp_path / "suites" / "folder" / "parts.py").write_text(SIBLING)
    folder = SUITE.format(imports="from .parts import cube", function="cube", how="forkserver")
    (tmp_path / "suites" / "folder" / "suite.py").write_text(folder)
    (tmp_path / "suites" / "torched.py").write_text(LOADER)
    (tmp_path / "ours.py").write_text(OWN)
    return tmp_path


@pytest.mark.slow
def test_pools_of_real_trials_and_of_a_rehearsal_find_them(content: Path) -> None:
    run = harness.run("one", "folder", quick=True, budget=0.1, include=(content,), out=content / "run").data
    assert {(r.trial.role, type(r.outcome).__name__) for r in run.records} == {("need", "Ok"), ("timing", "Ok")}
    assert len(run.records) == 4
    call = [sys.executable, "-m", "harness", "check", "suite", str(content / "suites" / "folder" / "suite.py")]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (done.returncode, "sound" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.slow
def test_a_spawned_loader_of_torch_and_a_function_of_ones_own_find_theirs(content: Path) -> None:
    run = harness.run("torched", "ours:make", quick=True, budget=0.1, include=(content,), out=content / "run").data
    ended = {(r.trial.case.workload.name, type(r.outcome).__name__) for r in run.records}
    assert ended == {("loads", "Ok"), ("make", "Ok")}
