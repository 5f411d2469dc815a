from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import without_calls
from stubkit import LAUNCH, MIB, Started, python, start, start_raw

from harness.launch import drop, is_cached, warm
from harness.limits import Join


def error_of(started: Started) -> str:
    code, _, status = started.finish()
    assert code == 127
    [line] = status.splitlines()
    return str(json.loads(line)["stub_error"])


def test_becomes_the_program_with_the_environment_given() -> None:
    code = "print(os.environ['ONLY'], sorted(os.environ), os.getpid(), os.getsid(0))"
    started = start(Join(), python(code), env={"ONLY": "this", "LC_CTYPE": "C.UTF-8"})
    pid = started.process.pid
    assert started.finish() == (0, f"this ['LC_CTYPE', 'ONLY'] {pid} {pid}\n", "")


def test_exit_code_and_status_descriptor_are_the_programs_own() -> None:
    code = "[status] = [f for f in range(3, 64) if os.path.exists(f'/proc/self/fd/{f}')]; os.write(status, b'mine')"
    started = start(Join(), python(code + "; sys.exit(3)"))
    assert started.finish() == (3, "", "mine")


def test_closes_the_descriptor_of_its_order() -> None:
    started = start(Join(), python("print(sorted(map(int, os.listdir('/proc/self/fd'))))"))
    _, printed, _ = started.finish()
    # 0-2, the status descriptor, and the directory being listed
    assert len(json.loads(printed)) == 5


def test_binds_to_the_cpus_asked_for() -> None:
    cpu = max(os.sched_getaffinity(0))
    started = start(Join(affinity=(cpu,)), python("print(os.sched_getaffinity(0))"))
    assert started.finish() == (0, f"{{{cpu}}}\n", "")


def test_sets_resource_limits() -> None:
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    started = start(Join(rlimits=(("RLIMIT_NOFILE", 50, 60),)), python(code))
    assert started.finish() == (0, "(50, 60)\n", "")


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"argv": ["no-such-program-anywhere"]}, "execution of no-such-program-anywhere: No such file or directory"),
        ({"argv": ["true"], "affinity": [1_000_000]}, "sched_setaffinity to CPUs [1000000]: Invalid argument"),
        ({"argv": ["true"], "procs": ["/no/such/group/cgroup.procs"]}, "group of /no/such/group/cgroup.procs: No such"),
        ({"argv": ["true"], "rlimits": [["RLIMIT_NONSENSE", 1, 1]]}, "RLIMIT_NONSENSE"),
        ({"argv": ["true"], "rlimits": [["RLIMIT_NOFILE", 10, 5]]}, "setrlimit RLIMIT_NOFILE to 10 and 5: "),
        ({"argv": ["true"], "parent": 1}, "the process that started it, 1, is gone"),
        ({"env": {}}, "argv"),
    ],
)
def test_says_in_one_line_what_went_wrong(order: dict[str, object], said: str) -> None:
    assert said in error_of(start_raw(json.dumps(order).encode()))


def test_refuses_a_file_that_is_no_group(tmp_path: Path) -> None:
    (tmp_path / "cgroup.procs").write_text("")
    order = {"argv": ["true"], "procs": [str(tmp_path / "cgroup.procs")]}
    assert start_raw(json.dumps(order).encode()).finish()[0] == 0  # a plain file takes the pid and gives it back
    assert (tmp_path / "cgroup.procs").read_text().isdecimal()
    assert "/dev/full: No space left" in error_of(start_raw(json.dumps({**order, "procs": ["/dev/full"]}).encode()))
    assert "did not arrive" in error_of(start_raw(json.dumps({**order, "procs": ["/dev/null"]}).encode()))


def test_must_lead_its_own_session() -> None:
    assert "session" in error_of(start_raw(b'{"argv": ["true"]}', session=False))


@pytest.mark.parametrize("order", [b"", b"no json", b"[1]", b"\xff"])
def test_an_order_that_cannot_be_read_exits_127(order: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    assert start_raw(order).finish()[0] == 127
    assert "stub_error" in capfd.readouterr().err


def test_dies_with_its_parent() -> None:
    parent_code = f"""
import sys
sys.path[:0] = {[str(LAUNCH.parents[1]), str(Path(__file__).parent)]!r}
from harness.limits import Join
from stubkit import python, start
print(start(Join(), python("print(1, flush=True); time.sleep(600)")).process.pid, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", parent_code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        handle = os.pidfd_open(child)
        parent.send_signal(signal.SIGKILL)
        _wait_until_dead(handle)


def test_imports_nothing_of_the_harness() -> None:
    code = f"import sys, runpy; runpy.run_path({str(LAUNCH)!r}); print([m for m in sys.modules if 'harness' in m])"
    assert subprocess.check_output([sys.executable, "-P", "-c", code], text=True) == "[]\n"


def _wait_until_dead(handle: int) -> None:
    import select

    poller = select.poll()
    poller.register(handle, select.POLLIN)
    started = time.monotonic()
    assert poller.poll(30_000), f"still alive after {time.monotonic() - started:.0f} s"
    os.close(handle)


def test_a_file_that_was_let_go_is_cached_again_once_warmed(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.write_bytes(bytes(8 * MIB))
    with weights.open("rb") as file:
        if not is_cached(file.fileno()):
            pytest.skip("this kernel does not say what is cached (cachestat, Linux 6.5)")
        drop(str(weights))
        if is_cached(file.fileno()):
            pytest.skip("the folder of temporary files lies in memory, where nothing can be let go")
        file.read(MIB)
        assert not is_cached(file.fileno())
        warm(str(weights))
        assert is_cached(file.fileno())


def test_an_empty_file_is_cached_or_not_but_warms(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    warm(str(tmp_path / "empty"))


@pytest.mark.parametrize("kind", ["warm", "drop"])
def test_a_file_that_cannot_be_warmed_or_dropped_is_a_note_and_no_failure(kind: str, tmp_path: Path) -> None:
    odd = os.fsdecode(bytes(tmp_path) + b"/caf\xe9")
    started = start(Join(), python("print('ran')"), **{kind: ["/no/such/file", odd, "/proc/self/status"]})
    code, printed, status = started.finish()
    assert (code, printed) == (0, "ran\n")
    note = "opening of /no/such/file: No such file or directory, and 1 more files"
    assert json.loads(status) == {"stub_note": [kind, note]}


def test_what_refuses_to_sync_is_dropped_all_the_same(tmp_path: Path) -> None:
    """Files of squashfs, erofs and iso9660 answer as those of /proc do."""
    descriptor = os.open("/proc/self/status", os.O_RDONLY)
    with pytest.raises(OSError, match="Invalid argument"):
        os.fdatasync(descriptor)
    os.close(descriptor)
    drop("/proc/self/status")
    code = "print('ran')"
    command = without_calls.command("EINVAL", "fdatasync")
    (tmp_path / "library").write_bytes(b"1" * 100)
    started = start(Join(prefix=tuple(command)), python(code), drop=[str(tmp_path / "library")])
    assert started.finish() == (0, "ran\n", "")


def test_what_can_neither_be_synced_nor_dropped_is_a_note(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.write_bytes(b"1" * 100)
    prefix = tuple(without_calls.command("EINVAL", "fdatasync", "fadvise64"))
    code, _, status = start(Join(prefix=prefix), python(""), drop=[str(library)]).finish()
    assert code == 0
    assert json.loads(status) == {"stub_note": ["drop", f"posix_fadvise of {library}: Invalid argument"]}


def test_without_a_death_signal_the_trial_is_run_and_that_is_said() -> None:
    prefix = tuple(without_calls.command("EPERM", "prctl"))
    code, printed, status = start(Join(prefix=prefix), python("print('ran')")).finish()
    assert (code, printed) == (0, "ran\n")
    assert json.loads(status) == {"stub_note": ["outlives", "prctl(PR_SET_PDEATHSIG): Operation not permitted"]}
