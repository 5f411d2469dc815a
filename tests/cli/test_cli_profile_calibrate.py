"""The real thing: a known network measured on this machine, into a profile of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import profiles
from harness.errors import Exit

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_network_becomes_an_anchor_of_this_machine_or_why_not_is_said(tierbench, tmp_path):
    pytest.importorskip("ncnn", reason="the extra ncnn is not installed")
    file = tmp_path / "this-machine.toml"
    assert tierbench("profile", "probe", "--into", file).returncode == Exit.OK
    before = file.read_text()
    done = tierbench("profile", "calibrate", "--into", file, "--quick", "--runtime", "ncnn", "-k", "mobilenet_v2")
    if done.returncode == Exit.MACHINE:
        assert "no time is valid: nothing is written" in done.stderr
        assert "left out: timing:" in done.stderr
        assert file.read_text() == before
        return
    assert done.returncode == Exit.OK, done.stderr
    groups = profiles.load(file).target[0].anchors
    assert {(g.runtime, tuple(g.values)) for g in groups} == {("ncnn", ("mobilenet_v2",))}
    assert all(group.samples["mobilenet_v2"] for group in groups)
    verified = tierbench("profile", "verify", file, "--quick", "-k", "mobilenet_v2")
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


@pytest.mark.slow
def test_a_network_that_was_converted_elsewhere_runs_without_torch(tierbench, tmp_path):
    pytest.importorskip("ncnn", reason="the extra ncnn is not installed")
    made, file = tmp_path / "made", tmp_path / "this-machine.toml"
    asked = ("--runtime", "ncnn", "-k", "mobilenet_v2")
    prepared = tierbench("profile", "calibrate", "--prepare", made, *asked)
    assert prepared.returncode == Exit.OK, prepared.stderr
    assert "converted models" in prepared.stdout
    carried = made.rename(tmp_path / "carried")
    assert not list(carried.rglob("*.safetensors"))
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules.update(torch=None, pnnx=None, transformers=None)\n"
    )
    without = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    tierbench("profile", "probe", "--into", file)
    done = tierbench("profile", "calibrate", "--prepared", carried, "--into", file, "--quick", *asked, env=without)
    assert "cpu, ncnn float32  ok" in done.stderr
    assert "failed" not in done.stderr
    assert done.returncode in {Exit.OK, Exit.MACHINE}
    assert "Traceback" not in done.stderr
