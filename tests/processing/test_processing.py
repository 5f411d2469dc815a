"""Pre- and post-processing as stages of a step, with raw input that finds its way into a trial."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy
import pytest
import torch
from builders import trial

import harness
from harness.model.spec import ChildSpec
from harness.model.workload import Model, Place, Raw
from harness.processing import VALUES, Staged, arrays, store, stored, taking_arrays
from harness.runtimes import Loaded, get
from harness.scenarios.single_stream import MarkTaker
from harness.worker import subject

STAGES = ["preprocessed", "inferred", "postprocessed"]


class Doubled(Staged):
    """Bytes to numbers from 0 to 1, twice each, and the largest."""

    name = "doubled"
    parameters = MappingProxyType({"processing": VALUES})
    dtypes = ("float32", "bfloat16")

    def build(self, place: Place, processing: str = "on", **_: Any) -> Model:
        module = torch.nn.Linear(4, 4, bias=False)
        torch.nn.init.eye_(module.weight).data.mul_(2)
        raw = (numpy.asarray([[0, 51, 102, 255]], "uint8"),)
        return self.staged(module.to(getattr(torch, place.dtype)), raw, place, processing)

    def prepare(self, read: Any) -> tuple[Any, ...]:
        return (read.astype("float32") / 255,)

    def finish(self, found: Any) -> Any:
        assert found.dtype == numpy.float32
        return found.max()


@pytest.fixture
def spec(tmp_path: Path) -> ChildSpec:
    return ChildSpec(trial(), str(tmp_path / "cache"), str(tmp_path))


def place(dtype: str = "float32") -> Place:
    return Place("cpu", dtype, 0, Path("unused"))


def test_off_the_step_is_the_model_alone_on_prepared_input(marks: MarkTaker):
    model = Doubled().build(place(), processing="off")
    assert model.raw is None
    found = Doubled().step(model.module, model.inputs, marks)
    assert found.tolist() == [pytest.approx([0, 0.4, 0.8, 2])]
    assert marks.taken == []


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_on_it_prepares_infers_and_finishes_with_a_mark_after_each(spec: ChildSpec, marks: MarkTaker, dtype: str):
    loaded = subject.load(spec, get("torch-eager"), Doubled(), place(dtype))
    assert loaded.stepper(marks)() == 2
    assert [name for name, _ in marks.taken] == STAGES
    assert [type(value) for value in loaded.given] == [numpy.ndarray], "a step is handed what the sensor gave"


class Stored:
    """A runtime that reads in the trial only what prepare left, as converting ones do."""

    id, imports, builds_in_trial = "stored", (), False

    def prepare(self, build: Any, where: Place, artefacts: Path) -> None:
        numpy.save(artefacts / "input.npy", build().inputs[0].numpy())

    def load(self, build: Any, where: Place, artefacts: Path) -> Loaded:
        return Loaded(lambda read: [2 * read], (numpy.load(artefacts / "input.npy"),))


def test_a_runtime_that_builds_only_beforehand_gets_the_raw_input_that_was_kept(spec: ChildSpec, marks: MarkTaker):
    subject.prepare(spec, Stored(), Doubled(), place())
    assert subject.load(spec, Stored(), Doubled(), place()).stepper(marks)() == 2
    assert [name for name, _ in marks.taken] == STAGES


def test_raw_input_that_is_no_longer_given_is_not_kept(tmp_path: Path):
    assert stored(tmp_path) is None
    store(Raw((numpy.arange(3), numpy.ones((2, 2), "float32"))), tmp_path)
    kept = stored(tmp_path)
    assert isinstance(kept, Raw)
    assert [array.tolist() for array in kept] == [[0, 1, 2], [[1, 1], [1, 1]]]
    store(None, tmp_path)
    assert stored(tmp_path) is None


def test_an_array_becomes_what_the_runtime_takes_at_its_place():
    seen = taking_arrays(lambda *values, **named: (values, named), (torch.ones(1, dtype=torch.float16), torch.ones(1)))
    (half, whole, other), named = seen(numpy.ones(2, "float32"), numpy.arange(2), "text", past=3)
    assert (half.dtype, whole.dtype, other, named) == (torch.float16, torch.int64, "text", {"past": 3})
    ((plain,), _) = taking_arrays(lambda *values, **named: (values, named), (numpy.ones(1, "float32"),))(numpy.ones(2))
    assert (type(plain), plain.dtype) == (numpy.ndarray, numpy.float32)


def test_numbers_beside_the_inputs_are_for_the_step_alone():
    seen = taking_arrays(lambda *values: values, (torch.ones(1, dtype=torch.float16), 32, 4))
    half, absent, whole = seen(numpy.ones(2, "float32"), None, numpy.arange(2))
    assert (half.dtype, absent, whole.dtype) == (torch.float16, None, torch.int64)


def test_outputs_come_to_the_host_as_a_flat_list():
    half = torch.ones(1, dtype=torch.bfloat16)
    found = arrays({"a": half, "b": (torch.arange(2), [numpy.ones(1, "float16")]), "c": None})
    assert [array.dtype.name for array in found] == ["float32", "int64", "float32"]


SUITE = """
import numpy
from harness import Model
from harness.processing import VALUES, Staged


class Louder(Staged):
    name = "louder"
    requires = ("torch",)
    parameters = {"processing": VALUES}
    quick = {"processing": "on"}

    def build(self, place, processing):
        import torch

        return self.staged(torch.nn.Linear(8, 8), (numpy.arange(8, dtype="int16"),), place, processing)

    def prepare(self, samples):
        return ((samples / 32768).astype("float32"),)

    def finish(self, found):
        return found.argmax()
"""


@pytest.mark.slow
def test_a_run_measures_each_stage_and_what_is_sent_is_the_raw_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "loud.py").write_text(SUITE)
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))
    run = harness.run("loud", profiles=("host",), quick=True, include=(tmp_path,), out=tmp_path / "run").data
    timing = next(r for r in run.records if r.trial.role == "timing")
    stages = [timing.find("processing_time", marks=name).values for name in STAGES]
    whole = timing.find("latency", "timed").values
    assert all(sum(parts) <= step for *parts, step in zip(*stages, whole, strict=True))
    need = next(r for r in run.records if r.trial.role == "need")
    assert need.find("input_bytes").values == (16.0,)
