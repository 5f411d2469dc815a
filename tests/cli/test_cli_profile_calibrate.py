"""The real thing: a known network converted once, measured on this machine without torch, into a profile of it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import profiles
from harness.errors import Exit

ROOT = Path(__file__).parents[2]
ASKED = ("--runtime", "ncnn", "-k", "mobilenet_v2")
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Calibrated:
    prepared: Done
    before: str
    done: Done
    file: Path
    environment: dict[str, str]
    folder: Path


def call(folder: Path, environment: dict[str, str], *args: object) -> Done:
    command = [sys.executable, "-P", "-m", "harness", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory) -> Calibrated:
    """A profile of this machine, calibrated with what was converted elsewhere, in a Python that has no torch."""
    pytest.importorskip("ncnn", reason="the extra ncnn is not installed")
    folder = tmp_path_factory.mktemp("calibrated")
    environment = {**os.environ, "TIERBENCH_CACHE": str(folder / "cache")}
    prepared = call(folder, environment, "profile", "calibrate", "--prepare", folder / "made", *ASKED)
    carried, file = (folder / "made").rename(folder / "carried"), folder / "this-machine.toml"
    (folder / "sitecustomize.py").write_text(
        "import sys\nsys.modules.update(torch=None, pnnx=None, transformers=None)\n"
    )
    call(folder, environment, "profile", "probe", "--into", file)
    before = file.read_text()
    without = environment | {"PYTHONPATH": f"{folder}:{ROOT}", "TIERBENCH_CACHE": str(folder / "another-cache")}
    order = ("profile", "calibrate", "--prepared", carried, "--into", file, "--quick", *ASKED)
    return Calibrated(prepared, before, call(folder, without, *order), file, environment, folder)


@pytest.mark.slow
def test_a_network_that_was_converted_elsewhere_runs_without_torch(calibrated):
    assert calibrated.prepared.returncode == Exit.OK, calibrated.prepared.stderr
    assert "converted models" in calibrated.prepared.stdout
    assert not list((calibrated.folder / "carried").rglob("*.safetensors"))
    said = calibrated.done.stderr
    assert "cpu, ncnn float32  ok" in said
    assert "failed" not in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_it_becomes_an_anchor_of_this_machine_or_why_not_is_said(calibrated):
    done = calibrated.done
    if done.returncode == Exit.MACHINE:
        assert "no time is valid: nothing is written" in done.stderr
        assert "left out: timing:" in done.stderr
        assert calibrated.file.read_text() == calibrated.before
        return
    assert done.returncode == Exit.OK, done.stderr
    groups = profiles.load(calibrated.file).target[0].anchors
    assert {(g.runtime, tuple(g.values)) for g in groups} == {("ncnn", ("mobilenet_v2",))}
    assert all(group.samples["mobilenet_v2"] for group in groups)


@pytest.mark.slow
def test_what_was_calibrated_is_verified_by_measuring_again_or_why_not_is_said(calibrated):
    if calibrated.done.returncode == Exit.MACHINE:
        return  # nothing was written that could be verified
    order = ("profile", "verify", calibrated.file, "--quick", "-k", "mobilenet_v2")
    verified = call(calibrated.folder, calibrated.environment, *order)
    if verified.returncode == Exit.MACHINE:
        assert "no time is valid: nothing is written" in verified.stderr
        return
    assert "fewer than 2 anchors of known models" in verified.stderr
    assert verified.returncode == Exit.FAILED


def test_a_profile_without_anchors_is_not_verified(tierbench, tmp_path):
    file = tmp_path / "this-machine.toml"
    tierbench("profile", "probe", "--into", file)
    done = tierbench("profile", "verify", file)
    assert done.returncode == Exit.BAD_INPUT
    assert "cpu has no anchors in ncnn" in done.stderr
    assert "Traceback" not in done.stderr
