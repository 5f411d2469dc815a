"""The hash that tells a model from another one of its name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import builders
from msgspec.structs import replace

from harness import own
from harness.model.own import Own
from harness.own.hashing import sha256


def test_one_file_has_the_hash_that_sha256sum_says(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256([str(tmp_path / "a")]) == hashlib.sha256(b"abc").hexdigest()


def test_several_files_count_with_their_names_in_any_order(tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in ("a", "b")]
    for file, data in zip(files, (b"1", b"2"), strict=True):
        Path(file).write_bytes(data)
    first = sha256(files)
    assert sha256(files[::-1]) == first
    Path(files[1]).write_bytes(b"3")
    assert sha256(files) != first


def test_a_file_that_changed_or_is_gone_is_found(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"1")
    model = Own("onnx", str(file), sha256([str(file)]), (str(file),))
    case = builders.case()
    case = replace(case, workload=replace(case.workload, own=model))
    assert own.changed([case, builders.case()]) == []
    file.write_bytes(b"2")
    assert own.changed([case]) == [str(file)]
    file.unlink()
    assert own.changed([case]) == [str(file)]
