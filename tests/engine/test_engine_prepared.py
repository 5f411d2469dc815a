"""What was prepared belongs to an environment: it is used where each of its files is here as it was."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from builders import record, trial
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import harness
from harness import api, host, plan
from harness.engine.prepared import Known, Preparation
from harness.engine.read_files import with_read_files
from harness.host.files import Files
from harness.model import prepared
from harness.model.codec import FormatError
from harness.model.measure import TREE_PEAK, Measurement
from harness.model.memory import TREE_FILE
from harness.model.spec import FileState, Prepared
from harness.model.units import MIB


def keep(preparation: Preparation, *files: Path, states: tuple[FileState | None, ...] | None = None) -> None:
    found = tuple(FileState(f.stat().st_size, f.stat().st_mtime_ns) for f in files) if states is None else states
    target = preparation._file(trial("a"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(prepared.encode(Prepared(prepared.FORMAT, tuple(map(str, files)), found, "seccomp")))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    file = tmp_path / "site-packages/library.so"
    file.parent.mkdir()
    file.write_bytes(b"1" * 100)
    return file


def is_missing(preparation: Preparation) -> bool:
    return bool(preparation.missing([trial("a")]))


def test_a_list_is_used_while_each_of_its_files_is_as_it_was(tmp_path: Path, library: Path) -> None:
    preparation = Preparation(tmp_path / "cache", {})
    keep(preparation, library)
    assert not is_missing(preparation)
    assert preparation.known(trial("a")).files == (str(library),)
    assert preparation.known(trial("a")).found_by == "seccomp"


@pytest.mark.parametrize("change", ["rewritten", "touched", "gone", "hidden"])
def test_of_a_file_that_changed_the_whole_work_is_prepared_anew(change: str, tmp_path: Path, library: Path) -> None:
    preparation = Preparation(tmp_path / "cache", {})
    keep(preparation, library)
    if change == "rewritten":
        library.write_bytes(b"2" * 101)
    elif change == "touched":
        os.utime(library, ns=(7, 7))
    elif change == "gone":
        library.unlink()
    else:
        library.unlink()
        library.symlink_to(library)  # cannot be looked at, as what lies in another user's home cannot
    assert is_missing(preparation)


def test_scratch_of_the_work_may_be_gone_but_nothing_that_lies_in_the_cache(tmp_path: Path) -> None:
    preparation = Preparation(tmp_path / "cache", {})
    keep(preparation, tmp_path / "scratch", states=(None,))
    assert not is_missing(preparation)
    keep(preparation, tmp_path / "cache/weights", states=(None,))
    assert is_missing(preparation)


def test_two_environments_of_the_same_versions_share_nothing(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    root = Path(harness.__file__).resolve().parents[1]
    site = next(venv.glob("lib/python3*/site-packages"))
    packages = [path for path in sys.path if path.endswith("site-packages")]
    (site / "all.pth").write_text("\n".join((str(root), *packages)))
    code = "from harness import api, host; print(sorted(api.made_by(host.environment()).items()))"
    here, there = (
        subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
        for python in (sys.executable, str(venv / "bin/python"))
    )
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert here != there
    assert again.stdout == here


def test_what_is_prepared_is_of_these_packages_at_this_place_on_these_processors() -> None:
    found = host.identity()
    assert sys.prefix in str(found["interpreter"])
    assert found["msgspec"] is not None
    assert " in /" in found["msgspec"]
    assert str(found["processors"]).startswith(os.uname().machine)


def test_processors_that_compute_otherwise_have_caches_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    said = []
    for flags in ("fma avx2", "fma avx2 avx512f"):
        (tmp_path / "proc/cpuinfo").write_text(f"processor : 0\nflags : {flags}\n")
        said.append(host.identity(Files(tmp_path))["processors"])
    assert said[0] != said[1]


@given(st.lists(st.binary(min_size=1, max_size=20).filter(lambda name: b"\0" not in name), max_size=5))
def test_a_list_keeps_paths_that_are_no_text(names: list[bytes]) -> None:
    paths = tuple(os.fsdecode(b"/" + name) for name in names)
    given_ = Prepared(prepared.FORMAT, paths, tuple(FileState(1, 2) for _ in paths), "audit", 3)
    assert prepared.decode(prepared.encode(given_)) == given_


@given(st.one_of(st.binary(max_size=60), st.from_regex(r'\{"format":2,"files":\[.{0,9}\]\}', fullmatch=True)))
def test_a_damaged_list_is_none(content: bytes | str) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    with suppress(FormatError):
        prepared.decode(data)


def need(file_bytes: float):
    whole = Measurement(TREE_PEAK, "trial", "measured", (100.0 * MIB,))
    files = Measurement(TREE_FILE, "load", "measured", (file_bytes,))
    return replace(record(trial("a", "need")), measurements=(whole, files))


@pytest.mark.parametrize(
    ("known", "file_mib", "codes"),
    [
        (Known(trial("a"), (), "seccomp"), 1, []),
        (Known(trial("a"), (), "seccomp"), 30, ["files-in-need"]),
        (Known(trial("a"), (), "seccomp", 5 * MIB), 0, ["files-in-need"]),
        (Known(trial("a"), (), "audit"), 0, ["files-unseen"]),
        (Known(trial("a"), ()), 30, ["files-unseen", "files-in-need"]),
    ],
)
def test_a_need_says_what_it_leaves_out(known: Known, file_mib: int, codes: list[str]) -> None:
    found = with_read_files(need(file_mib * MIB), known)
    assert [finding.code for finding in found.findings] == codes
    assert found.facts["files_found_by"] == (known.found_by or "none")
    assert all(finding.level == "info" for finding in found.findings)


def test_trials_that_take_times_say_how_their_files_were_found_and_no_more() -> None:
    found = with_read_files(record(trial("a", "timing")), Known(trial("a"), ()))
    assert (found.findings, found.facts["files_found_by"]) == ((), "none")


SUITE = """
import ctypes, mmap, subprocess
from harness import Model, Workload

PATH = {path!r}

def read():
    with open(PATH, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass

def mapped():
    with open(PATH, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as area:
        sum(area[::4096])

def native():
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    file, block = ctypes.c_void_p(libc.fopen(PATH.encode(), b"r")), ctypes.create_string_buffer(1 << 20)
    while libc.fread(block, 1, 1 << 20, file):
        pass
    libc.fclose(file)

def child():
    subprocess.run(["/bin/cat", PATH], stdout=subprocess.DEVNULL, check=True)

class Reads(Workload):
    name = "reads"
    runtimes = ("python",)
    parameters = {{"how": ("read", "mapped", "native", "child")}}

    def build(self, place, how):
        return Model(globals()[how])
"""


@pytest.mark.slow
def test_the_need_is_the_same_whether_the_page_cache_holds_what_the_work_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data.bin"
    data.write_bytes(os.urandom(64 * MIB))
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites/reader.py").write_text(SUITE.format(path=str(data)))
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))
    settings = replace(plan.QUICK, only=("need",), processes=1)
    selection = api.Selection(("reader",), include=(tmp_path,))
    needs: list[dict[str, float]] = []
    for name in ("first", "warm", "cold"):
        if name == "cold":
            descriptor = os.open(data, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
        run = api.execute(selection, settings, tmp_path / name)
        assert not run.failed
        records = run.data.records
        needs.append({r.trial.case.workload.id: r.find("tree_peak", "trial").values[0] for r in records})
        assert {r.facts["files_found_by"] for r in records} == {"seccomp"}
        assert not [f for r in records for f in r.findings if f.code.startswith("files-")]
    for work, peak in needs[0].items():
        assert peak < 48 * MIB, f"{work}: what it reads is charged to it"
        for later in needs[1:]:
            assert abs(later[work] - peak) <= max(2 * MIB, 0.01 * peak), work


HELPED = """
import sys
sys.path.insert(0, {folder!r})
import beside_the_suites
from harness import Model, Workload

class Helped(Workload):
    name = "helped"
    runtimes = ("python",)

    def build(self, place):
        return Model(lambda: beside_the_suites.VALUE)
"""


@pytest.mark.slow
def test_a_change_in_a_module_that_lies_elsewhere_prepares_the_work_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "elsewhere").mkdir()
    module = tmp_path / "elsewhere/beside_the_suites.py"
    (tmp_path / "suites/helping.py").write_text(HELPED.format(folder=str(module.parent)))
    monkeypatch.setenv("TIERBENCH_CACHE", str(tmp_path / "cache"))
    settings = replace(plan.QUICK, only=("need",), processes=1)
    selection = api.Selection(("helping",), include=(tmp_path,))
    module.write_text("VALUE = 1\n")
    left_by_the_first: list[bool] = []
    for name in ("first", "same", "changed"):
        if name == "changed":
            module.write_text("VALUE = 22\n")
        if name == "first":
            py_compile.compile(str(module))  # as an earlier import leaves it: then only the compiled form is read
        assert not api.execute(selection, settings, tmp_path / name).failed
        [folder] = (tmp_path / "cache/artefacts").iterdir()
        left_by_the_first.append((folder / "left").exists())
        (folder / "left").touch()
    assert left_by_the_first == [False, True, False], "converted files are kept while nothing changed, and no longer"
