"""The line of every field, against TOML files whose fields stand where the test has put them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.profiles.fault import FieldPath
from harness.profiles.toml_lines import line_map, line_of

TRICKY = '''\
# [not.a.table]
top = 1
"quoted key" = "a = 1 # no comment"
dotted.name = [1, 2,
  3, # three
  { deep = "]" },
]
text = """
[fake]
x = 1
\\""" still
"""
raw = \'\'\'
[[fake]]
\'\'\'
when = 2024-05-01 10:00:00

[table]   # after
a = { b = { c = 1 }, d = [ { e = 2 } ] }
[table."sub table"]
f = -1.5e-3
[[array]]
g = 1
[[array]]
g = 2
[array.inner]
h = 1
[[array.list]]
i = 1
[[array.list]]
i = 2
'''

EXPECTED: dict[FieldPath, int] = {
    ("top",): 2,
    ("quoted key",): 3,
    ("dotted",): 4,
    ("dotted", "name"): 4,
    ("dotted", "name", 0): 4,
    ("dotted", "name", 2): 5,
    ("dotted", "name", 3, "deep"): 6,
    ("text",): 8,
    ("raw",): 13,
    ("when",): 16,
    ("table",): 18,
    ("table", "a", "b", "c"): 19,
    ("table", "a", "d", 0, "e"): 19,
    ("table", "sub table"): 20,
    ("table", "sub table", "f"): 21,
    ("array", 0, "g"): 23,
    ("array", 1): 24,
    ("array", 1, "g"): 25,
    ("array", 1, "inner", "h"): 27,
    ("array", 1, "list", 0, "i"): 29,
    ("array", 1, "list", 1, "i"): 31,
}


def test_the_tricky_file_is_toml() -> None:
    tomllib.loads(TRICKY)


@pytest.mark.parametrize("path", EXPECTED, ids=str)
def test_lines_of_a_tricky_file(path: FieldPath) -> None:
    assert line_map(TRICKY)[path] == EXPECTED[path]


def test_what_is_missing_is_where_it_should_have_been() -> None:
    lines = line_map(TRICKY)
    assert line_of(("array", 1, "inner", "missing"), lines) == 26
    assert line_of(("nowhere",), lines) == 1


def _paths(value: Any, path: FieldPath = ()) -> set[FieldPath]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {p for key, inner in inside for p in {(*path, key), *_paths(inner, (*path, key))}}


@pytest.mark.parametrize("file", sorted((Path(__file__).parents[2] / "hardware_profiles").glob("*.toml")), ids=str)
def test_every_field_of_a_profile_has_a_line_that_has_its_name(file: Path) -> None:
    text = file.read_text()
    lines = line_map(text)
    assert _paths(tomllib.loads(text)) <= set(lines)
    for path, line in lines.items():
        if isinstance(path[-1], str):
            assert path[-1] in text.splitlines()[line - 1]


word = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
leaf = st.integers(0, 99).map(str) | st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=9).map(
    lambda t: '"' + t.replace("\\", "").replace('"', "") + '"'
)


@pytest.mark.slow
@given(st.lists(st.tuples(word, st.dictionaries(word, leaf, max_size=4), st.integers(0, 2)), max_size=6))
def test_tables_of_any_shape(tables: list[tuple[str, dict[str, str], int]]) -> None:
    """Arrays of tables with their fields, comments and blank lines between."""
    text, expected, counts = "", {}, dict[str, int]()
    for name, fields, blanks in tables:
        text += "\n" * blanks + f"# {name} = 1\n[[{name}]]\n"
        counts[name] = counts.get(name, -1) + 1
        for key, value in fields.items():
            text += f"{key} = {value}\n"
            expected[(name, counts[name], key)] = text.count("\n")
    tomllib.loads(text)
    lines = line_map(text)
    assert {path: lines[path] for path in expected} == expected
