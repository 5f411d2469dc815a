"""Runs on disk: what is written is there, what was cut is repaired, nobody writes at once, the future is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders import manifest, plan_of, record, trial
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness import store
from harness.errors import Exit, MachineError, UnknownName, UserError

TRIALS = [trial(name) for name in "abc"]
MANIFEST = manifest(plan_of(*TRIALS))


@pytest.fixture
def written(tmp_path):
    with store.RunWriter.create(tmp_path / "run", MANIFEST) as writer:
        for each in TRIALS[:2]:
            writer.append(record(each))
    return tmp_path / "run"


def test_what_was_written_is_read(written):
    run = store.read(written)
    assert run.manifest == MANIFEST
    assert run.records == (record(TRIALS[0]), record(TRIALS[1]))
    assert not run.complete


def test_a_line_that_was_cut_off_is_left_out_with_a_notice_and_repaired_on_resume(written):
    records = written / store.RECORDS
    whole = records.read_bytes()
    records.write_bytes(whole[:-20])
    assert len(store.read(written).records) == 1
    assert "cut off" in store.read(written).notices[0]
    writer, run = store.RunWriter.resume(written)
    with writer:
        assert len(run.records) == 1
        writer.append(record(TRIALS[1]))
    assert records.read_bytes() == whole


@given(cut=st.integers(0, 5000))
def test_wherever_it_is_cut_every_whole_line_is_read(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("cut") / "run"
    with store.RunWriter.create(path, MANIFEST) as writer:
        for each in TRIALS:
            writer.append(record(each))
    data = (path / store.RECORDS).read_bytes()[:cut]
    (path / store.RECORDS).write_bytes(data)
    run = store.read(path)
    assert len(run.records) == data.count(b"\n")
    assert bool(run.notices) == (data != b"" and not data.endswith(b"\n"))


def test_a_damaged_line_is_named(written):
    with (written / store.RECORDS).open("ab") as file:
        file.write(b"not json\n")
    with pytest.raises(UserError, match=r"records\.jsonl:3: is damaged"):
        store.read(written)


def test_a_run_of_a_future_version_is_refused(written):
    head = json.loads((written / store.MANIFEST).read_text())
    (written / store.MANIFEST).write_text(json.dumps({**head, "format": 99, "new": True}))
    with pytest.raises(UserError, match="has format 99, this tierbench reads up to 1"):
        store.read(written)


def test_a_directory_that_holds_a_run_is_not_overwritten(written):
    with pytest.raises(UserError, match="holds a run already"):
        store.RunWriter.create(written, MANIFEST)


def test_two_processes_cannot_write_the_same_run(written):
    writer, _ = store.RunWriter.resume(written)
    code = (
        "import sys; from pathlib import Path; from harness import store\n"
        "from harness.errors import MachineError\n"
        "try: store.RunWriter.resume(Path(sys.argv[1]))\n"
        "except MachineError as e: print(e.line); sys.exit(int(e.exit_code))"
    )
    with writer:
        second = subprocess.run([sys.executable, "-c", code, str(written)], capture_output=True, text=True, check=False)
    assert second.returncode == Exit.MACHINE
    assert "another tierbench is writing this run" in second.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_loses_nothing_that_was_written(written, monkeypatch):
    before = (written / store.RECORDS).read_bytes()
    writer, _ = store.RunWriter.resume(written)
    real = writer._records
    full = os.open("/dev/full", os.O_WRONLY)
    with writer:
        writer._records = full
        with pytest.raises(MachineError, match="the disk is full"):
            writer.append(record(TRIALS[2]))
        os.close(full)
        writer._records = real
    assert (written / store.RECORDS).read_bytes() == before


def test_no_run_here(tmp_path):
    with pytest.raises(UserError, match="holds no run"):
        store.read(tmp_path)
    with pytest.raises(UserError, match="holds no run"):
        store.RunWriter.resume(tmp_path)


def test_finding_runs_by_directory_id_beginning_and_latest(tmp_path):
    for name in ("2026-01-01T00-aa", "2026-01-02T00-bb"):
        store.RunWriter.create(tmp_path / name, MANIFEST).close()
    assert store.find("latest", tmp_path).name == "2026-01-02T00-bb"
    assert store.find("2026-01-01", tmp_path).name == "2026-01-01T00-aa"
    assert store.find(str(tmp_path / "2026-01-02T00-bb"), tmp_path).name == "2026-01-02T00-bb"
    with pytest.raises(UserError, match="is the beginning of 2 runs"):
        store.find("2026", tmp_path)
    with pytest.raises(UnknownName, match="did you mean"):
        store.find("2026-01-03T00-aa", tmp_path)


def test_a_run_whose_files_are_no_files_is_refused_at_once(written, tmp_path):
    records = written / "records.jsonl"
    whole = records.read_bytes()
    for name in ("records.jsonl", "run.json"):
        kept = (written / name).read_bytes()
        (written / name).unlink()
        os.mkfifo(written / name)
        with pytest.raises(UserError, match=rf"{name}: is not a file but a pipe"):
            store.read(written)
        (written / name).unlink()
        (written / name).symlink_to("/dev/zero")
        with pytest.raises(UserError, match=rf"{name}: is not a file but a device"):
            store.read(written)
        (written / name).unlink()
        (written / name).write_bytes(kept)
    assert records.read_bytes() == whole
    assert store.read(written).records


def test_a_manifest_or_a_line_without_end_is_not_read_into_memory(written, monkeypatch):
    monkeypatch.setattr(store, "MOST_RECORD", 1 << 20)
    with (written / "records.jsonl").open("ab") as file:
        file.truncate(10 << 30)
    with pytest.raises(UserError, match=r"records.jsonl:\d+: is damaged: a line has more than 1 MiB"):
        store.read(written)
    with (written / "run.json").open("ab") as file:
        file.truncate(10 << 30)
    with pytest.raises(UserError, match=r"run.json: is no run's: it has more than 256 MiB"):
        store.read(written)


def test_a_line_that_was_cut_off_is_found_from_the_end(written, monkeypatch):
    monkeypatch.setattr(store, "_PIECE", 7)
    records = written / "records.jsonl"
    whole = records.read_bytes()
    for rest in (b"", b"x", b"x" * 100):
        records.write_bytes(whole + rest)
        assert store._whole_bytes(records) == len(whole)
    records.write_bytes(b"x" * 100)
    assert store._whole_bytes(records) == 0


def test_runs_are_ordered_by_when_they_were_made_and_found_by_their_ids(tmp_path):
    made = {"nightly-9": "2026-11-01T02:00:00", "nightly-10": "2026-11-02T02:00:00", "abc": "2026-10-31T02:00:00"}
    for name, created in made.items():
        manifest = replace(MANIFEST, run_id=f"id-of-{name}", created=created)
        store.RunWriter.create(tmp_path / name, manifest).close()
    assert [path.name for path in store.runs_in(tmp_path)] == ["abc", "nightly-9", "nightly-10"]
    assert store.find("latest", tmp_path).name == "nightly-10"
    for name in made:
        assert store.find(f"id-of-{name}", tmp_path).name == name
    assert store.find("id-of-a", tmp_path).name == "abc"
    with pytest.raises(UserError, match="is the beginning of 2 runs"):
        store.find("id-of-nightly", tmp_path)


def test_a_damaged_manifest_hides_no_other_run(tmp_path):
    store.RunWriter.create(tmp_path / "sound", MANIFEST).close()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / store.MANIFEST).write_bytes(b"{\xff")
    assert store.find("latest", tmp_path).name == "sound"
    assert store.find("damaged", tmp_path).name == "damaged"


def test_a_manifest_that_is_no_file_stops_no_listing(tmp_path):
    store.RunWriter.create(tmp_path / "sound", MANIFEST).close()
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / store.MANIFEST)
    assert store.find("latest", tmp_path).name == "sound"
