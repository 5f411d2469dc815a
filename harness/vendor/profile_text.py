"""A whole profile as a file: plain fields, then tables in the order of the documentation, a figure a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import tomlkit

from harness.model.profile import HardwareProfile


def document(profile: HardwareProfile, comments: Sequence[str] = ()) -> str:
    """The text of the file, with ``comments`` at its head."""
    plain = msgspec.to_builtins(profile)
    lines = ["# " + "".join(c for c in comment if c.isprintable()) for comment in comments]
    lines += [f"{name} = {written(value)}" for name, value in _plain(plain)]
    lines += ["", *_table("memory", plain["memory"])]
    for target in plain["target"]:
        lines += ["", *_target(target)]
    return "\n".join(lines) + "\n"


def _plain(table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if not isinstance(value, dict) and not (
            isinstance(value, (list, tuple)) and value and isinstance(value[0], dict)
        ):
            yield name, value


def _table(head: str, table: dict[str, Any]) -> list[str]:
    return [f"[{head}]", *(f"{name} = {written(value)}" for name, value in table.items())]


def _target(target: dict[str, Any]) -> list[str]:
    """A target with its figures and its clusters; a probed one has nothing else."""
    own = {name: value for name, value in target.items() if name != "clusters"}
    lines = ["[[target]]", *(f"{name} = {written(value)}" for name, value in own.items())]
    for cluster in target.get("clusters", ()):
        lines += ["", "[[target.clusters]]", *(f"{name} = {written(value)}" for name, value in cluster.items())]
    return lines


def written(value: Any) -> str:
    """A value on one line; a table in braces with blanks inside, as people write it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{tomlkit.key(name).as_string()} = {written(v)}" for name, v in value.items()) + " }"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string())
