"""The JSON Schema of a hardware profile, and what a file's data has against it. Private to ``profiles``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from harness.model.profile import HardwareProfile
from harness.profiles.fault import Fault, FieldPath, last_key, nearest, quoted, spelt
from harness.profiles.figures import DIMENSIONS, units_of

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_STRUCT = {
    "memory": "Memory",
    "target": "Target",
    "clusters": "Cluster",
    "power": "Power",
    "npu": "Npu",
    "network": "Network",
}
_MOST_HINTS = 50
"""Looking for the nearest name takes time; a file with more wrong names has no need of it."""
_TYPES = {"object": "a table", "array": "an array", "string": "text", "number": "a number", "integer": "a whole number"}


def schema() -> dict[str, Any]:
    """The published JSON Schema: the types' own, with the units that each figure may have."""
    made = plain_schema()
    for names, dimension in DIMENSIONS.items():
        around = _STRUCT[names[-2]] if len(names) > 1 else "HardwareProfile"
        fields = made["$defs"][around]["properties"]
        fields[names[-1]] = {"$ref": "#/$defs/Figure", "properties": {"unit": {"enum": units_of(dimension)}}}
    return {"$schema": _DRAFT, "title": "tierbench hardware profile", **made}


def plain_schema() -> dict[str, Any]:
    """The types' JSON Schema without null, which TOML cannot write."""
    made: dict[str, Any] = _without_null(msgspec.json.schema(HardwareProfile))
    return made


def schema_faults(data: dict[str, Any]) -> list[Fault]:
    """Everything in ``data`` that has the wrong name or type, or is missing."""
    return [fault for error in _validator().iter_errors(data) for fault in _faults(error)]


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator as Draft
    from jsonschema import validators

    whole = Draft.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    extend: Any = validators.extend
    made: Draft202012Validator = extend(Draft, type_checker=whole)(plain_schema())
    return made


def _without_null(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_null(v) for v in value]
    if not isinstance(value, dict):
        return value
    kept = [v for v in value.get("anyOf", []) if v != {"type": "null"}]
    if kept and len(kept) == 1:
        return _without_null(kept[0])
    return {key: _without_null(v) for key, v in value.items() if (key, v) != ("default", None)}


def _faults(error: ValidationError) -> Iterator[Fault]:
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        yield from _unknown(path, error)
    elif error.validator == "required":
        yield from _missing(path, error)
    elif error.validator == "enum":
        yield _not_one_of(path, error)
    else:
        wanted = _TYPES.get(str(error.validator_value), str(error.validator_value))
        yield Fault(path, f"{last_key(path)} is {_kind(error.instance)}, it must be {wanted}", _type_hint(error))


def _unknown(path: FieldPath, error: ValidationError) -> Iterator[Fault]:
    rules: Any = error.schema
    instance: Any = error.instance
    known = sorted(rules["properties"])
    for count, name in enumerate(sorted(set(instance) - set(known))):
        otherwise = "known: " + ", ".join(known)
        hint = nearest(name, known, otherwise) if count < _MOST_HINTS else otherwise
        yield Fault((*path, name), f"no field is called {spelt(name)}", hint)


def _missing(path: FieldPath, error: ValidationError) -> Iterator[Fault]:
    required: Any = error.validator_value
    instance: Any = error.instance
    missing = [name for name in required if name not in instance]
    name = next((n for n in missing if error.message.startswith(repr(n))), missing[0])
    yield Fault((*path, name), f"{name} is missing")


def _not_one_of(path: FieldPath, error: ValidationError) -> Fault:
    values: Any = error.validator_value
    allowed = [str(v) for v in values]
    if path == ("format",) and isinstance(error.instance, int):
        return Fault(path, f"format is {error.instance}, this tierbench reads format {allowed[-1]}")
    hint = nearest(str(error.instance), allowed, "one of " + ", ".join(allowed))
    return Fault(path, f"{last_key(path)} is {quoted(error.instance)}", hint)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a truth value"
    names = {dict: "a table", list: "an array", str: "text", int: "a number", float: "a number"}
    return names.get(type(value), "a date" if hasattr(value, "isoformat") else type(value).__name__)


def _type_hint(error: ValidationError) -> str:
    rules: Any = error.schema
    if rules.get("title") == "Figure":
        return "write { value = ..., unit = ..., source = ..., date = ..., kind = ... }"
    return "write it in quotes" if error.validator_value == "string" and hasattr(error.instance, "isoformat") else ""
