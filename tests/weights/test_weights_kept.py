"""Tensors that are computed once and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from harness.model.workload import Place
from harness.weights import entries, keep


def test_they_are_computed_once_and_only_their_own_file_is_one_that_a_trial_reads(tmp_path: Path) -> None:
    place, calls = Place("cpu", "float32", 0, tmp_path), []

    def compute() -> dict[str, Any]:
        calls.append(1)
        entries.used.add(tmp_path / "other")
        return {"state": torch.arange(3.0)}

    found = [keep("mine-1", place, compute)["state"] for _ in range(2)]
    assert len(calls) == 1
    assert [tensor.tolist() for tensor in found] == [[0.0, 1.0, 2.0]] * 2
    read = {path for path in entries.used if path.is_relative_to(tmp_path)}
    assert [path.relative_to(tmp_path / "weights").parts[0][:7] for path in read] == ["mine-1-"]


def test_another_name_is_another_entry(tmp_path: Path) -> None:
    place = Place("cpu", "float32", 0, tmp_path)
    kept = [keep(name, place, lambda n=n: {"n": torch.tensor(n)})["n"].item() for n, name in enumerate("ab")]
    assert kept == [0, 1]


def test_what_another_version_of_the_suite_computed_is_not_taken(tmp_path: Path) -> None:
    found = []
    for number in (1.0, 2.0, 1.0):
        source = tmp_path / "suite.py"
        source.write_text(f"import torch\n\ndef compute():\n    return {{'x': torch.full((2,), {number})}}\n")
        names: dict[str, Any] = {}
        exec(compile(source.read_text(), str(source), "exec"), names)
        found.append(keep("sound", Place("cpu", "float32", 0, tmp_path), names["compute"])["x"][0].item())
    assert found == [1.0, 2.0, 1.0]
