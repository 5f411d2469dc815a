"""Writing into a profile file: anchors, accuracies and figures, with everything else left as it stands.

Works on text. A file is written only where what it would hold is sound and what was put in reads back equal.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import tomlkit
from tomlkit.items import AoT, InlineTable, Table

from harness import atomic
from harness.errors import UserError
from harness.model.profile import Accuracy, Anchors, Figure, HardwareProfile
from harness.profiles.reading import MAX_BYTES
from harness.vendor.profile_text import written

_FIRST = ("runtime", "version", "dtype", "threads", "batch", "metric", "statistic", "unit", "n", "kind", "by")
_LAST = ("source", "date", "note", "values", "spread", "bytes_per_token", "samples")
_TABLES = {"samples"}
"""Written a model a line; other tables stand on one line."""

Same = Callable[[Any], bool]


def put_groups(
    text: str, target: str, name: str, groups: Sequence[Anchors] | Sequence[Accuracy], instead: Same | None = None
) -> str:
    """``text`` with ``groups`` at the end of a target's ``anchors`` or ``accuracy``.

    Those of the file for which ``instead`` holds are taken out. Raises UserError where there is no such target.
    """
    document = tomlkit.parse(text)
    table = _target(document, target)
    old = [dict(group.unwrap()) for group in table.get(name, [])]
    kept = tomlkit.aot()
    for group, plain in zip(table.get(name, []), old, strict=True):
        if instead is None or not instead(msgspec.convert(plain, type(groups[0]))):
            kept.append(group)
    for found in groups:
        kept.append(_table(msgspec.to_builtins(found)))
    _set(table, name, kept)
    return tomlkit.dumps(document)


def _target(document: Any, target: str) -> Table:
    known = [str(table.get("id")) for table in document.get("target", [])]
    if target not in known:
        raise UserError(f"the profile has no target called {target!r}", hint="it has " + ", ".join(known))
    found: Table = document["target"][known.index(target)]
    return found


def _set(table: Table, name: str, groups: AoT) -> None:
    if name in table:
        table.remove(name)
    if groups:
        table.append(name, groups)


def _table(plain: dict[str, Any]) -> Table:
    made = tomlkit.table()
    names = [*(n for n in _FIRST if n in plain), *(n for n in plain if n not in {*_FIRST, *_LAST})]
    for name in [*names, *(n for n in _LAST if n in plain)]:
        value = plain[name]
        made.append(name, _inline(value) if isinstance(value, dict) and name not in _TABLES else _item(value))
    return made


def _item(value: Any) -> Any:
    if isinstance(value, dict):
        made = tomlkit.table()
        for key, inner in value.items():
            made.append(key, list(inner))
        return made
    return value


def _inline(plain: dict[str, Any]) -> InlineTable:
    """On one line, with blanks inside the braces as people write it."""
    made: InlineTable = tomlkit.parse(f"made = {written(plain)}\n")["made"]  # its blanks are kept
    return made


def put_figure(text: str, path: Sequence[str | int], figure: Figure, target: str | None = None) -> str:
    """``text`` with ``figure`` at ``path`` from the top, or from a target; one that stands there is replaced."""
    document = tomlkit.parse(text)
    table: Any = document if target is None else _target(document, target)
    for name in path[:-1]:
        table = table[name]
    plain = _inline(msgspec.to_builtins(figure))
    table[path[-1]] = plain
    return tomlkit.dumps(document)


def put_text(text: str, name: str, value: str) -> str:
    """``text`` with a field of the profile's own, such as its driver."""
    document = tomlkit.parse(text)
    document[name] = value
    return tomlkit.dumps(document)


def sound(text: str, file: Path) -> HardwareProfile:
    """The profile that ``text`` would be in ``file``. Raises UserError with its first defect."""
    from harness import profiles

    with tempfile.TemporaryDirectory(prefix="tierbench-profile-") as folder:
        copy = Path(folder) / file.name
        copy.write_text(text, encoding="utf-8")
        defects = profiles.check(copy)
        if defects:
            first = defects[0]
            what = f"would not be sound: line {first.line}: {first.field}: {first.message}"
            raise UserError(what, where=str(file), hint=first.hint)
        return profiles.load(copy)


def as_toml(groups: Iterable[Anchors]) -> str:
    """Anchors as they stand in a profile."""
    parts = []
    for group in groups:
        body = tomlkit.dumps(_table(msgspec.to_builtins(group)))
        parts.append("[[target.anchors]]\n" + body.replace("[samples]", "[target.anchors.samples]"))
    return "\n".join(parts)


def load(file: Path) -> HardwareProfile:
    """The profile in a file. Raises ContentError that names the line of its first defect."""
    from harness import profiles

    return profiles.load(file)


def text_of(file: Path) -> str:
    """The file's text, as it stands but for a byte order mark. Raises UserError."""
    return atomic.text_of(atomic.read_given(file, MAX_BYTES), file)


def write(text: str, file: Path) -> HardwareProfile:
    """Write the whole file, or nothing where it would not be sound. Raises UserError."""
    from harness.results import write_text

    profile = sound(text, file)
    write_text(file, text)
    return profile


def read_back(text: str, target: str, name: str) -> list[Any]:
    """The anchors or accuracies of a target, as the text has them."""
    kind = {"anchors": Anchors, "accuracy": Accuracy}[name]
    found = next(t for t in tomllib.loads(text)["target"] if t["id"] == target)
    return [msgspec.convert(group, kind) for group in found.get(name, [])]
