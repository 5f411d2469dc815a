"""A file is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import atomic


def test_it_is_written_with_its_folder_and_nothing_is_left_beside(tmp_path):
    file = tmp_path / "a" / "b" / "kept"
    atomic.write(file, b"one")
    atomic.write(file, b"two")
    assert file.read_bytes() == b"two"
    assert list(file.parent.iterdir()) == [file]


def test_one_that_breaks_off_leaves_what_was_there(tmp_path, monkeypatch):
    file = tmp_path / "kept"
    atomic.write(file, b"one")

    def full(path, content):
        with path.open("wb") as part:
            part.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        atomic.write(file, b"two")
    assert file.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [file]
