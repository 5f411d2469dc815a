"""A page or a text is written whole or not at all, and a device that is named as its file stays one."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from harness import results
from harness.errors import MachineError


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "new" / "page.html"
    for text in ("first", "second"):
        results.write_text(target, text)
        assert target.read_text() == text
    assert [path.name for path in target.parent.iterdir()] == ["page.html"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    results.write_text(pipe, "page")
    reader.join(30)
    assert read == ["page"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_that_is_full_is_an_error_and_stays_a_device(tmp_path: Path) -> None:
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    with pytest.raises(MachineError, match="the disk is full"):
        results.write_text(link, "page")
    assert stat.S_ISCHR(link.stat().st_mode)
