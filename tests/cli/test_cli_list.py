"""`tierbench list`: what there is, each thing once."""

from __future__ import annotations

import json


def test_each_runtime_is_listed_once_a_device(tierbench) -> None:
    listed = json.loads(tierbench("list", "runtimes", "--json").stdout)
    kinds = [(row["runtime"], row["device"]) for row in listed]
    assert kinds
    assert len(kinds) == len(set(kinds))


def test_profiles_are_listed_with_what_a_projection_would_stand_on(tierbench) -> None:
    rows = {row["profile"]: row for row in json.loads(tierbench("list", "profiles", "--json").stdout)}
    zero = rows["raspberry-pi-zero-2w"]
    assert zero["kind"] == "board"
    assert zero["calibration"]["cpu"] in {"anchored", "data sheet only"}
    lines = {line.split()[0]: " ".join(line.split()) for line in tierbench("list", "profiles").stdout.splitlines()}
    assert f" board 316 MiB cpu {zero['calibration']['cpu']} " in lines["raspberry-pi-zero-2w"]
