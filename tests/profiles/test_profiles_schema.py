"""The published JSON Schema is current, is a schema, and says what the check says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from harness import profiles
from harness.model import profile
from harness.profiles.figures import DIMENSIONS, SCOPES, units_of

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "schema" / "hardware-profile.json"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text()))


def test_the_published_schema_is_current() -> None:
    made = json.dumps(profiles.schema(), indent=2, ensure_ascii=False) + "\n"
    assert PUBLISHED.read_text() == made, "tierbench profile schema > docs/schema/hardware-profile.json"


def test_it_is_a_schema_and_the_bundled_profiles_keep_to_it(validator: jsonschema.Draft202012Validator) -> None:
    validator.check_schema(validator.schema)
    for file in (ROOT / "hardware_profiles").glob("*.toml"):
        assert [e.message for e in validator.iter_errors(tomllib.loads(file.read_text()))] == []


def test_it_refuses_a_unit_of_the_wrong_kind(validator: jsonschema.Draft202012Validator, sound: str) -> None:
    data = tomllib.loads(sound)
    data["memory"]["nominal"]["unit"] = "GHz"
    (error,) = validator.iter_errors(data)
    assert list(error.absolute_path) == ["memory", "nominal", "unit"]


def test_it_has_no_null_which_toml_cannot_write() -> None:
    assert "null" not in json.dumps(profiles.schema()).replace('"null"', "null")


def _figure_fields(kind: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = set()
    for field in msgspec.structs.fields(kind):
        for struct in _structs(field.type):
            here = (*path, field.encode_name)
            found |= {here} if struct is profile.Figure else _figure_fields(struct, here)
    return found


def _structs(kind: Any) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [struct for inner in getattr(kind, "__args__", ()) for struct in _structs(inner)]


def test_every_figure_has_its_dimension_and_no_dimension_is_without_figure() -> None:
    assert set(DIMENSIONS) == _figure_fields(profile.HardwareProfile)
    assert all(units_of(unit) for unit in DIMENSIONS.values())


def test_the_scopes_are_the_ones_that_measurements_know() -> None:
    from harness.model.measure import Scope

    assert set(SCOPES) - {"gpu"} <= set(Scope.__args__)  # type: ignore[attr-defined]
