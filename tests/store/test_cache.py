"""Where the cache lies, for users without a home and beside other users; and what is said where it cannot be used."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import without_calls
from builders import manifest, plan_of, trial

from harness import store
from harness.engine import Engine
from harness.engine.prepared import Preparation
from harness.errors import Exit, MachineError
from harness.model.events import Ended, Found
from harness.model.measure import Finding
from harness.model.outcome import Failed
from harness.model.spec import CACHE_FAILED, Ending
from harness.testing import FakeExecutor, succeed
from harness.worker import cache_trouble

AS_ANOTHER = """
import os, sys
from pathlib import Path
from harness import store
from harness.errors import MachineError
os.setgroups([]); os.setgid(12345); os.setuid(12345)
os.environ.pop("HOME", None)
for pair in sys.argv[2:]:
    name, _, value = pair.partition("=")
    os.environ[name] = value
try:
    with store.measuring(store.cache_directory()) as alone:
        print(alone, store.cache_directory())
except MachineError as error:
    print(int(error.exit_code), error.line)
"""
root_only = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


def as_another(*environment: str, before: tuple[str, ...] = ()) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in {"TIERBENCH_CACHE", "XDG_CACHE_HOME"}}
    command = [*before, sys.executable, "-c", AS_ANOTHER, "-", *environment]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=kept)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    for above in (tmp_path, *tmp_path.parents):  # pytest keeps its folders to their owner
        if above.owner() == tmp_path.owner() and above.stat().st_mode & 0o777 == 0o700:
            above.chmod(0o755)
    folder.chmod(0o1777)
    return folder


@root_only
def test_who_has_no_home_and_no_passwd_entry_is_told_of_the_variable() -> None:
    assert as_another() == (
        "4 HOME: this user has no home for the cache to lie in (name a folder for it in TIERBENCH_CACHE)"
    )


@root_only
def test_the_variable_is_honoured_before_a_home_is_asked_for(shared: Path) -> None:
    assert as_another(f"TIERBENCH_CACHE={shared}/own") == f"True {shared}/own"
    assert as_another(f"XDG_CACHE_HOME={shared}") == f"True {shared}/tierbench"


@root_only
@pytest.mark.parametrize("home", ["/", "/nonexistent"])
def test_a_home_that_cannot_be_written_names_the_cache_and_the_variable(home: str) -> None:
    said = as_another(f"HOME={home}")
    assert said.startswith(f"4 {home.rstrip('/')}")
    assert "Permission denied (this is the cache" in said
    assert "TIERBENCH_CACHE" in said
    assert "--out" not in said


@root_only
def test_a_shared_cache_that_another_user_made_first_is_locked_all_the_same(shared: Path) -> None:
    with store.measuring(shared):
        assert as_another(f"TIERBENCH_CACHE={shared}") == f"False {shared}"
    assert as_another(f"TIERBENCH_CACHE={shared}") == f"True {shared}"


@root_only
def test_where_there_are_no_locks_everybody_is_alone(shared: Path) -> None:
    for error in ("ENOSYS", "EOPNOTSUPP"):
        with store.measuring(shared):
            said = as_another(f"TIERBENCH_CACHE={shared}", before=tuple(without_calls.command(error, "flock")))
        assert said == f"True {shared}"


@pytest.mark.parametrize(
    ("error", "what", "path"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "{cache}/a"),
            "the disk is full",
            "{cache}/a",
        ),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "{cache}/x"), "the disk is full", "{cache}/x"),
        (
            PermissionError(errno.EACCES, "Permission denied", "{cache}/p"),
            "Permission denied",
            "{cache}/p",
        ),
        (OSError(errno.EROFS, "Read-only file system", "{cache}/x"), "Read-only file system", "{cache}/x"),
        (
            MachineError("cannot write weights: no", where="{cache}/w"),
            "cannot write weights: no",
            "{cache}/w",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "/etc/shadow"), None, None),
        (OSError(errno.ENOSPC, "No space left on device", "/elsewhere/x"), None, None),
        (OSError(errno.ENOSPC, "No space left on device"), None, None),
        (RuntimeError("No space left on device"), None, None),
        (ValueError("wrong"), None, None),
    ],
)
def test_a_failure_is_the_cache_s_where_it_names_it(error, what, path, tmp_path: Path) -> None:
    if isinstance(error, OSError) and error.filename:
        error.filename = error.filename.format(cache=tmp_path)
    if isinstance(error, MachineError):
        error.where = error.where.format(cache=tmp_path)
    wrapped = RuntimeError("could not be converted")
    wrapped.__cause__ = error
    found = cache_trouble.found(wrapped, tmp_path)
    assert (found and found.message, found and found.hint) == (what, path and path.format(cache=tmp_path))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("(os error 28)")])
def test_a_full_disk_that_nobody_names_is_the_cache_s_where_that_is_full(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        f_bavail, f_frsize, f_files, f_favail = 1, 4096, 100, 50

    monkeypatch.setattr(cache_trouble.os, "statvfs", lambda _: Full)
    found = cache_trouble.found(error, tmp_path)
    assert found == Finding("error", CACHE_FAILED, "the disk is full", str(tmp_path))


def test_a_run_whose_cache_is_full_ends_with_one_line_and_goes_on_later(tmp_path: Path) -> None:
    full = Finding("error", CACHE_FAILED, "the disk is full", "/cache/prepared")
    ended = [Found(full), Ended(Failed("OSError: [Errno 28]", "load"))], Ending(0, None, 0.1)
    plan, executor = plan_of(trial("a")), FakeExecutor(lambda _: ended)
    with store.RunWriter.create(tmp_path / "run", manifest(plan)) as writer:
        engine = Engine(executor, writer, Preparation(tmp_path / "cache", {}))
        with pytest.raises(MachineError) as caught:
            engine.run(plan)
        assert caught.value.exit_code is Exit.MACHINE
        assert caught.value.line.startswith("/cache/prepared: the disk is full (this is the cache")
        assert f"--resume {tmp_path / 'run'}" in caught.value.line
        assert store.read(tmp_path / "run").records == ()
        executor.script = succeed
        assert engine.run(plan)


SUITE = """
import errno
from harness import Model, Workload

class Full(Workload):
    name = "full"
    runtimes = ("python",)
    quick = {}

    def build(self, place):
        raise OSError(errno.ENOSPC, "No space left on device", str(place.cache / "weights" / "x"))
"""


@pytest.mark.slow
def test_the_command_ends_with_exit_code_4_and_a_line_that_names_the_cache(tmp_path: Path) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites/filling.py").write_text(SUITE)
    cache = tmp_path / "cache"
    command = [sys.executable, "-m", "harness", "run", "filling", "--quick", "--no-report", "--out", "run"]
    environment = os.environ | {"TIERBENCH_CACHE": str(cache)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 4
    assert f"{cache}/weights/x: the disk is full (this is the cache: make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert "enforced" not in done.stdout
