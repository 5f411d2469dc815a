"""What is wrong with a workload's class attributes, so that planning can trust them."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Mapping
from inspect import signature
from typing import Any

from harness.model.workload import Workload, defects

_PLAIN = re.compile(r"[^\s\[\],=@/#\x00-\x1f\x7f]+\Z")
"""Text that can stand in an id without being taken for one of its marks."""


def declaration_defects(kind: type[Workload]) -> list[str]:
    """Everything that is wrong with the declaration, in sentences; empty where it is sound. Never raises."""
    return _type_defects(kind) or _point_defects(kind) or [*defects(kind), *_quick_defects(kind), *_call_defects(kind)]


def _type_defects(kind: type[Workload]) -> list[str]:
    found = [
        f"{name} must be a tuple of strings" for name in ("dtypes", "runtimes", "requires") if not _texts(kind, name)
    ]
    found += [
        f"{name} must be a string" for name in ("family", "items_unit") if not isinstance(getattr(kind, name), str)
    ]
    if not isinstance(kind.version, int) or isinstance(kind.version, bool) or kind.version < 1:
        found.append(f"version is {kind.version!r}: it must be a whole number from 1")
    if not _is_mapping(kind.parameters):
        found.append("parameters must be a dictionary of names and their values")
    if not _is_mapping({} if kind.quick is None else kind.quick):
        found.append("quick must be a dictionary, a value for each parameter, or None")
    return found


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _texts(kind: type[Workload], name: str) -> bool:
    value = getattr(kind, name)
    return isinstance(value, (tuple, list)) and all(isinstance(v, str) and v for v in value)


def _point_defects(kind: type[Workload]) -> list[str]:
    found = [f"quick[{name!r}]: {reason}" for name, v in (kind.quick or {}).items() if (reason := _value_defect(v))]
    for name, values in kind.parameters.items():
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            found.append(f"parameters[{name!r}]: the name must be one that build can take as a keyword")
        elif not isinstance(values, (tuple, list, range)):
            found.append(f"parameters[{name!r}] must be a tuple of values")
        else:
            found += _value_defects(name, list(values))
    return found


def _value_defects(name: str, values: list[Any]) -> list[str]:
    found = [f"parameters[{name!r}] has {value!r}: {reason}" for value in values if (reason := _value_defect(value))]
    spelt = [str(value) for value in values]
    twice = sorted({text for text in spelt if spelt.count(text) > 1})
    return found + [f"parameters[{name!r}] has {text} twice" for text in twice]


def _value_defect(value: Any) -> str | None:
    if isinstance(value, str):
        return None if _PLAIN.match(value) else "text must be without spaces and []=,@/#"
    if isinstance(value, float):
        return None if math.isfinite(value) else "a number must be finite"
    return None if isinstance(value, (int, bool)) else "a value must be a number, a string or a truth value"


def _quick_defects(kind: type[Workload]) -> list[str]:
    quick = kind.quick or {}
    shared = [name for name in quick if name in kind.parameters]
    return [
        f"quick[{name!r}] is {quick[name]!r}, which is not among parameters[{name!r}]"
        for name in shared
        if quick[name] not in kind.parameters[name]
    ]


def _call_defects(kind: type[Workload]) -> list[str]:
    """Whether ``build`` and ``items`` take the parameters, so that a slip shows now and not in every trial."""
    found = []
    for name, positional in (("build", (None, None)), ("items", (None,))):
        try:
            signature(getattr(kind, name)).bind(*positional, **dict.fromkeys(kind.parameters))
        except (TypeError, ValueError) as error:
            found.append(f"{name} does not take the parameters {', '.join(kind.parameters) or '(none)'}: {error}")
    return found
