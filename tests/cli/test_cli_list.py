"""`tierbench list`: what there is, each thing once."""

from __future__ import annotations

import json


def test_each_runtime_is_listed_once_a_device(tierbench) -> None:
    listed = json.loads(tierbench("list", "runtimes", "--json").stdout)
    kinds = [(row["runtime"], row["device"]) for row in listed]
    assert kinds
    assert len(kinds) == len(set(kinds))
