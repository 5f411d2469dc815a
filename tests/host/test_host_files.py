"""What the kernel shows is read in one place, which raises for nothing that is missing, hidden or oddly encoded."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import harness
from harness.host import board, cpu, disturbances, memory, processes
from harness.host.files import Files, below
from harness.limits import hierarchy
from harness.limits.processes import session_members
from harness.meters import signals
from harness.meters.memory import ProcessMemory, Residency, TreeMemory
from harness.model.machine import Capabilities, Environment
from harness.model.spec import TreeWatch

NAMED = """
import ctypes, sys
ctypes.CDLL(None).prctl(15, "Ünïcödé-prüfung".encode(), 0, 0, 0)
print("named", flush=True)
sys.stdin.read()
"""
"""The kernel cuts names at 15 bytes: here in the middle of a letter."""
READERS = {"harness/host/files.py", "harness/launch.py", "harness/worker/tracing.py"}
"""The stub imports nothing of the harness; the supervisor reads another process's memory at an address."""
DESCRIPTORS = ("/proc/self/ns/", "/proc/self/fd/")
"""What they open is no file of the kernel's."""
ENVIRONMENT = Environment("h", "Debian", "6.1", "x86_64", "CPU", 4, 1 << 30, "3.11", "0.1", {})


@pytest.fixture
def oddly_named():
    with subprocess.Popen([sys.executable, "-c", NAMED], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"named\n"
        yield process.pid
        process.kill()


def test_a_process_whose_name_is_no_text_is_one_like_all_others(oddly_named: int) -> None:
    with pytest.raises(UnicodeDecodeError):
        Path(f"/proc/{oddly_named}/stat").read_text(encoding="utf-8")
    assert processes.parent(oddly_named) == os.getpid()
    assert oddly_named in processes.descendants(os.getpid())
    assert oddly_named in session_members(os.getsid(oddly_named))


def test_no_other_module_reads_proc_or_sys_by_itself() -> None:
    root = Path(harness.__file__).parents[1]
    files = (file for file in (root / "harness").rglob("*.py") if str(file.relative_to(root)) not in READERS)
    assert [f"{file}:{call.lineno}" for file in files for call in _kernel_reads(ast.parse(file.read_text()))] == []


def _kernel_reads(tree: ast.AST) -> list[ast.Call]:
    """Calls that read what a literal in them names below /proc or /sys."""
    reading = {"read_text", "read_bytes", "open", "iterdir", "glob", "listdir", "scandir"}
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    named = (call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", "")) in reading)
    return [call for call in named if any(_is_kernel_file(node) for node in ast.walk(call))]


def _is_kernel_file(node: ast.AST) -> bool:
    said = node.value if isinstance(node, ast.Constant) else None
    return isinstance(said, str) and said.startswith(("/proc", "/sys")) and not said.startswith(DESCRIPTORS)


ANYTHING = st.one_of(
    st.binary(max_size=200),
    st.lists(st.binary(max_size=12), max_size=12).map(b" ".join),
    st.lists(st.binary(max_size=12), max_size=12).map(b":".join),
    st.lists(st.binary(max_size=12), max_size=6).map(b"\n".join),
)


@given(content=ANYTHING)
@example(content=b"::\x00\x01")
def test_nothing_raises_whatever_the_kernels_files_hold(content: bytes, tmp_path_factory) -> None:
    root = tmp_path_factory.mktemp("machine")
    places = (
        "proc/self/status", "proc/self/cgroup", "proc/mounts", "proc/meminfo", "proc/cpuinfo", "proc/7/stat",
        "proc/stat", "proc/loadavg", "sys/devices/system/cpu/online", "sys/fs/cgroup/cpu.max", "sys/fs/cgroup/cpu.stat",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "proc/self/task/1/schedstat",
        "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count",
    )  # fmt: skip
    for place in places:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(content)
    files = Files(root)
    processes.stat_fields(7, files), processes.parent(7, files), processes.descendants(7, files)
    processes.own_bytes("VmRSS", files), processes.has_ended(7, files)
    memory.total_bytes(files), memory.group_limit(files), memory.swap_bytes(files)
    cpu.name(files), cpu.online(files), cpu.quota(files), cpu.turbo(files), cpu.governor(files), cpu.smt(files)
    checks = [check for check in disturbances.CHECKS if check is not disturbances.gpu_tenants]
    disturbances.doctor(Capabilities(4, 1 << 30, 0), ENVIRONMENT, files, tuple(checks))
    board.clusters(files), board.dtypes(files), board.product(files), board.firmware(files)
    signals.run_delays(root / "proc"), signals.stolen_seconds(root / "proc", [0])
    signals.quota_throttled_seconds(root / "proc", root / "sys"), signals.thermal_throttles(root / "sys", [0])
    signals.fastest_clock(root / "proc", root / "sys", [0])


def test_what_cannot_be_seen_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "hidden/in").mkdir(parents=True)
    (tmp_path / "hidden/in/file").write_text("1")
    script = f"""
import os, sys
from pathlib import Path
from harness.host.files import Files, below
os.setgid(65534); os.setuid(65534)
files = Files(Path({str(tmp_path)!r}))
found = [files.text("hidden/in/file"), files.exists("hidden/in/file"), files.number("hidden/in/file")]
print(found, files.matching("hidden/*/file"), below(files.root / "hidden", "*"), files.exists("a\\0b"))
"""
    tmp_path.chmod(0o755)
    (tmp_path / "hidden").chmod(0o700)
    if os.getuid():
        (tmp_path / "hidden").chmod(0)
        script = script.replace("os.setgid(65534); os.setuid(65534)", "")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    (tmp_path / "hidden").chmod(0o700)
    assert done.stdout.strip() == "[None, False, None] [] [] False", done.stderr


def test_paths_that_are_no_text_can_be_opened_again(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    (tmp_path / "cg" / name).mkdir(parents=True)
    (tmp_path / "cg" / name / "memory.max").write_text("4096")
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_bytes(b"0::/caf\xe9\n")
    (tmp_path / "proc/mounts").write_text("cgroup2 /cg cgroup2 rw 0 0\n")
    (tmp_path / "proc/meminfo").write_text("MemTotal: 1024 kB\n")
    assert memory.group_limit(Files(tmp_path)) == 4096
    assert below(tmp_path, "cg/*/memory.max") == [tmp_path / "cg" / name / "memory.max"]


def test_a_mount_point_that_is_no_text_hides_no_hierarchy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = os.fsdecode(b"30 1 0:9 / /mnt/caf\xe9 rw - tmpfs tmpfs rw\nnonsense\n31 1 0:7 / %s rw - cgroup2 none rw\n")
    monkeypatch.setattr(hierarchy, "read", lambda _: text.replace("%s", str(tmp_path)))
    found = hierarchy.unified()
    assert found is not None
    assert found.mount == tmp_path


def test_a_group_whose_files_are_gone_gives_missing_figures(tmp_path: Path) -> None:
    (tmp_path / "peak").write_text("not a number")
    watch = TreeWatch(str(tmp_path / "peak"), str(tmp_path / "gone"), "write", str(tmp_path / "stat"), "anon", "file")
    with TreeMemory(watch) as tree:
        tree.begin()
        assert all(m.values == () and m.missing for m in tree.end("load"))
    residency = Residency(watch)
    residency.begin()
    assert [m.metric.id for m in residency.end("load") if not m.values] == ["tree_anonymous", "tree_file"]


def test_this_process_has_figures_of_its_own() -> None:
    meter = ProcessMemory()
    meter.begin()
    assert all(m.values for m in meter.end("load"))
    assert memory.page_bytes() == os.sysconf("SC_PAGE_SIZE")
