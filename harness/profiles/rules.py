"""What must hold in a hardware profile beyond its types.

Works on the plain data of a TOML file, however broken, so that all errors can be told at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.model.case import HOST
from harness.profiles.agreement import memory_faults, power_faults, sparse_faults
from harness.profiles.fault import ID, ID_HINT, Fault, FieldPath, last_key, list_in, quoted
from harness.profiles.figures import figure_faults
from harness.profiles.plausible import impossible
from harness.profiles.targets import generic_faults, target_faults

_MAX_TEXT = 500


def faults(data: dict[str, Any], file_id: str) -> list[Fault]:
    """Everything that is wrong with the meaning of ``data``, read from a file called ``file_id``."""
    return [
        *_identity(data, file_id),
        *_texts(data),
        *figure_faults(data),
        *memory_faults(data),
        *target_faults(data),
        *generic_faults(data),
        *power_faults(data),
        *sparse_faults(data),
        *impossible(data),
    ]


def _identity(data: dict[str, Any], file_id: str) -> Iterator[Fault]:
    own = data.get("id")
    if isinstance(own, str) and own != file_id:
        yield Fault(("id",), f"id is {quoted(own)} and the file is called {quoted(file_id)}", "they must be the same")
    if data.get("kind") == "host":
        yield Fault(("kind",), "kind is 'host', which stands for the machine itself", "write 'board' or 'generic'")
    aliases = [a for a in list_in(data.get("aliases")) if isinstance(a, str)]
    for path, name in [(("id",), own), *((("aliases", i), a) for i, a in enumerate(aliases))]:
        if isinstance(name, str):
            yield from _name(path, name)
    taken = {own} if isinstance(own, str) else set()
    for index, alias in enumerate(aliases):
        repeated = alias in taken
        taken.add(alias)
        if repeated:
            yield Fault(("aliases", index), f"the alias {quoted(alias)} is there twice")


def _name(path: FieldPath, name: str) -> Iterator[Fault]:
    if not ID.match(name):
        yield Fault(path, f"{quoted(name)} is not a name", ID_HINT)
    elif name == HOST:
        yield Fault(path, f"{quoted(name)} stands for the machine itself", "choose another name")


def _texts(data: dict[str, Any]) -> Iterator[Fault]:
    for path, text in _strings(data, ()):
        if not text.isprintable():
            yield Fault(path, f"{last_key(path)} has control or unseen characters", "write plain text on one line")
        if len(text) > _MAX_TEXT:
            yield Fault(path, f"{last_key(path)} has {len(text)} characters, at most {_MAX_TEXT} are shown well")
    for key in ("name", "tier"):
        if isinstance(data.get(key), str) and not data[key].strip():
            yield Fault((key,), f"{key} is empty")


def _strings(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, (*path, index))
