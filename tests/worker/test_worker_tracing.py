"""What a process and its children open is found whichever way they do it, and by the second best means elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import without_calls

from harness.model.spec import FileState
from harness.worker import read_files, tracing

WORK = """
import ctypes, json, mmap, os, subprocess, sys, threading
from pathlib import Path
folder, user = Path(sys.argv[1]), int(sys.argv[2])
from harness.worker import tracing
libc = ctypes.CDLL(None)
if user:
    os.setgroups([]); os.setgid(user); os.setuid(user)
    libc.prctl(4, int(sys.argv[3]), 0, 0, 0)  # what became another user may not be looked into, by default
opened = tracing.begin()

def of(name):
    return str(folder / name)

open(of("python")).read()
libc.fopen.restype = ctypes.c_void_p
libc.fclose(ctypes.c_void_p(libc.fopen(of("native").encode(), b"r")))
with open(of("mapped"), "rb") as file:
    mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ).close()
thread = threading.Thread(target=lambda: os.close(os.open(of("thread"), os.O_RDONLY)))
thread.start(); thread.join()
at = os.open(folder, os.O_RDONLY)
os.close(os.open("beside", os.O_RDONLY, dir_fd=at))
os.chdir(folder)
os.close(os.open("relative", os.O_RDWR))
open("written", "w").write("1")
subprocess.run(["/bin/cat", of("child")], stdout=subprocess.DEVNULL, check=True)
subprocess.run(["/bin/sh", "-c", "/bin/cat ./grandchild"], stdout=subprocess.DEVNULL, check=True)
os.close(os.open(b"odd\\xff", os.O_RDONLY))
try:
    os.waitpid(-1, os.WNOHANG)
    children = "some"
except ChildProcessError:
    children = "none"
paths, means = opened.so_far()
print(json.dumps({"means": means, "paths": paths, "children": children}), flush=True)
os._exit(0)
"""
BY_AUDIT = {"python", "mapped", "thread", "relative", os.fsdecode(b"odd\xff")}
ALL = {*BY_AUDIT, "beside", "native", "child", "grandchild"}


@pytest.fixture
def trace(tmp_path: Path):
    tmp_path.chmod(0o777)
    for above in (tmp_path, *tmp_path.parents):  # pytest keeps its folders to their owner
        if above.owner() == tmp_path.owner() and above.stat().st_mode & 0o777 == 0o700:
            above.chmod(0o755)
    for name in ALL:
        (tmp_path / name).write_text("content")
        (tmp_path / name).chmod(0o666)

    def run(*before: str, user: int = 0, visible: int = 1):
        command = [*before, sys.executable, "-c", WORK, str(tmp_path), str(user), str(visible)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        found = {os.path.relpath(path, tmp_path): writing for path, writing in said["paths"].items()}
        return said["means"], {name: found[name] for name in found if name in ALL | {"written"}}, said["children"]

    return run


def test_the_kernel_tells_of_every_file_that_is_opened(trace) -> None:
    means, found, children = trace()
    assert means == "seccomp"
    assert set(found) == ALL, "a file was missed, or one that was only written is taken for content"
    assert [name for name, writing in found.items() if writing] == ["relative"]
    assert children == "none", "a work that waits for all its children would wait for the supervisor"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_it_does_so_for_an_ordinary_user(trace) -> None:
    means, found, _ = trace(user=65534)
    assert (means, set(found)) == ("seccomp", ALL)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_where_the_kernel_lets_nobody_look_the_second_best_means_is_named(trace) -> None:
    means, found, _ = trace(user=65534, visible=0)
    assert means == "audit"
    assert set(found) >= BY_AUDIT
    assert "native" not in found


def test_without_it_python_tells_what_the_interpreter_opens_and_the_means_is_named(trace) -> None:
    for error in ("ENOSYS", "EPERM", "EINVAL"):
        means, found, _ = trace(*without_calls.command(error, "seccomp"))
        assert (means, set(found)) == ("audit", BY_AUDIT)


def test_on_an_unknown_processor_python_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing.calls, "_OF", {})
    monkeypatch.setattr(tracing.sys, "addaudithook", lambda _: None)
    assert tracing.begin().so_far() == ({}, "audit")


def test_scratch_is_no_content_and_what_may_change_is_held_to_no_state(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    names = ("old", "fresh", "database", "scratch", "cache/weights", "empty")
    for name in names:
        (tmp_path / name).write_text("" if name == "empty" else "content")
    for name in ("old", "database"):
        os.utime(tmp_path / name, ns=(10, 10))
    (tmp_path / "link").symlink_to("old")
    opened = {str(tmp_path / name): name in {"database", "scratch"} for name in (*names, "link", "gone")}
    found = read_files.found((), {**opened, "/proc/self/status": False, "a\0b": False}, 1000, cache)
    states = {os.path.relpath(file.path, tmp_path): file.state for file in found.kept}
    weights = (tmp_path / "cache/weights").stat().st_mtime_ns
    assert states == {
        "old": FileState(7, 10), "fresh": None, "database": None, "cache/weights": FileState(7, weights),
    }  # fmt: skip


def test_files_that_are_only_opened_are_left_out_from_where_they_fill_the_memory(tmp_path: Path) -> None:
    for name, size in (("library", 900), ("small", 10), ("large", 200), ("larger", 300)):
        (tmp_path / name).write_bytes(b"1" * size)
    opened = {str(tmp_path / name): False for name in ("library", "small", "large", "larger")}
    found = read_files.found({str(tmp_path / "library")}, opened, 0, tmp_path, most_bytes=400)
    assert [Path(file.path).name for file in found.kept] == ["large", "library", "small"]
    assert found.left_out_bytes == 300


def test_where_no_process_more_may_be_started_python_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(tracing.os, "fork", refuse)
    monkeypatch.setattr(tracing.sys, "addaudithook", lambda _: None)
    assert tracing.begin().so_far() == ({}, "audit")


FORKS = """
import json, os
from harness.worker import tracing
opened = tracing.begin()
for _ in range(20):
    if os.fork() == 0:
        for _ in range(20):
            opened.so_far()
        os._exit(0)
said = {opened.so_far()[1] for _ in range(200)}
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
print(json.dumps(sorted(said)))
"""


def test_a_fork_takes_none_of_its_parents_answers() -> None:
    done = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["seccomp"]
