"""Profiles that mean harm: a sound one, and what can be done to its lines."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

WHOLE = """\
format = 1
id = "whole"
aliases = ["all"]
name = "Whole board"
kind = "board"
tier = "sbc"
cooling = "fan"
price = { value = 60, unit = "EUR", source = "shop", date = "2024", kind = "datasheet", recheck = "2099" }
[memory]
nominal = { value = 2, unit = "GiB", source = "data sheet", date = "2024-05", kind = "datasheet", by = "vendor" }
usable = { value = 1900, unit = "MiB", source = "free -m", date = "2024-05-17", kind = "measured" }
reserve = { value = 100, unit = "MiB", source = "free -m", date = "2024", kind = "estimated", note = "guess" }
[[target]]
id = "cpu"
device = "cpu"
name = "4x Some core"
runtimes = ["ncnn", "llama.cpp"]
dtypes = ["float32"]
[[target.clusters]]
name = "Some core"
cores = { value = 4, unit = "cores", source = "data sheet", date = "2024", kind = "datasheet" }
[[target.anchors]]
runtime = "ncnn"
dtype = "float32"
threads = 4
unit = "ms"
statistic = "median"
source = "benchncnn"
date = "2024"
kind = "measured"
values = { mobilenet_v2 = 20.5, "yolo-fastest-1.1" = 7 }
samples = { mobilenet_v2 = [20.4, 20.5, 20.9] }
[[target.accuracy]]
runtime = "ncnn"
dtype = "float32"
threads = 4
method = "leave-one-anchor-out"
cases = 2
median_error = 0.12
worst_error = 0.3
date = "2024-06"
tierbench = "0.1.0"
[[npu]]
name = "N"
sparse = true
[[network]]
name = "Ethernet"
round_trip = { value = 0.4, unit = "ms", source = "ping", date = "2024", kind = "measured" }
[power]
idle = { value = 1.5, unit = "W", scope = "wall", source = "meter", date = "2024", kind = "measured" }
"""

VALUES = (
    *("0", "-1", "1e400", "nan", "-inf", "0x" + "f" * 2000, "9" * 4000, "1e-320", "true", "07:32:00", "2024-13-01"),
    *('""', '" "', r'"\u001b[31m"', r'"\u202e"', '"' + "x" * 600 + '"', "'''\n'''", '"{{ 7*7 }}"', '"<script>"'),
    *("[]", "{}", "[[]]", "[1, [2, [3]]]", "{ a = { b = { c = 1 } } }", "[" * 40 + "]" * 40, "{ value = 1 }"),
    *('["a", "a"]', '"GIB"', '"host"', '"generic"', '"int4"', '"decode_rate"', '"gpu"', "{ mobilenet_v2 = [] }"),
    *('{ "" = 1 }', '"../../etc"', "2024-05-01"),
)
KEYS = ("value", "values", "unit", r'"\u0007"', '""', "a.b.c", "target", "memory", "__class__", "include", "samples")
WASTE = (
    *("[[", "]]", "{", "}", '"""', "'''", "=", "#", "\\", "\x00", "\r", "\ufeff", "[target.anchors]", "[[memory]]"),
    "[a" + ".a" * 60 + "]",
)


def _value(lines: list[str], at: int, choice: int) -> None:
    lines[at] = f"{lines[at].partition(' = ')[0]} = {VALUES[choice % len(VALUES)]}"


def _inside(lines: list[str], at: int, choice: int) -> None:
    parts = lines[at].split(", ")
    parts[choice % len(parts)] = f"unit = {VALUES[choice % len(VALUES)]}"
    lines[at] = ", ".join(parts)


def _key(lines: list[str], at: int, choice: int) -> None:
    _, equals, value = lines[at].partition(" = ")
    lines[at] = f"{KEYS[choice % len(KEYS)]}{equals}{value}"


def _drop(lines: list[str], at: int, choice: int) -> None:
    del lines[at]


def _double(lines: list[str], at: int, choice: int) -> None:
    lines.insert(choice % len(lines), lines[at])


def _move(lines: list[str], at: int, choice: int) -> None:
    lines.insert(choice % len(lines), lines.pop(at))


def _waste(lines: list[str], at: int, choice: int) -> None:
    cut = choice % (len(lines[at]) + 1)
    lines[at] = lines[at][:cut] + WASTE[choice % len(WASTE)] + lines[at][cut:]


def _cut(lines: list[str], at: int, choice: int) -> None:
    del lines[at + 1 :]


MUTATIONS: dict[str, Callable[[list[str], int, int], None]] = {
    "value": _value,
    "inside": _inside,
    "key": _key,
    "drop": _drop,
    "double": _double,
    "move": _move,
    "waste": _waste,
    "cut": _cut,
}

changes = st.lists(st.integers(0, 2**30), min_size=1, max_size=4)
"""Each number is one mutation: which, of which line, and what to choose. One draw a mutation is fast."""


def mutated(made: list[int]) -> str:
    """The whole profile after all changes, in their order."""
    lines = WHOLE.splitlines()
    kinds = list(MUTATIONS.values())
    for number in made:
        rest, kind = divmod(number, len(kinds))
        choice, place = divmod(rest, max(1, len(lines)))
        if lines:
            kinds[kind](lines, place, choice)
    return "\n".join(lines) + "\n"
