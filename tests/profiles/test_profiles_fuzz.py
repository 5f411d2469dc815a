"""A profile broken anywhere is defects with lines or one error line, never a traceback."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import profiles
from harness.errors import ContentError
from harness.model.profile import HardwareProfile

BUNDLED = sorted((Path(__file__).parents[2] / "hardware_profiles").glob("*.toml"))
TEXT = BUNDLED[0].read_text()
DATA: dict[str, Any] = tomlkit.parse(TEXT).unwrap()

scalars = (
    st.none().map(lambda _: "")
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**60, max_value=2**1100)
    | st.floats()
    | st.text(max_size=30)
    | st.dates()
    | st.datetimes()
    | st.sampled_from(["B", "GiB", "GHz", "host", "2024-13", "measured", "1.0", "NaN"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def _places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in inside for place in [(*path, key), *_places(inner, (*path, key))]]


def _replaced(data: Any, place: tuple[str | int, ...], new: Any) -> Any:
    around = data
    for key in place[:-1]:
        around = around[key]
    around[place[-1]] = new
    return data


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / BUNDLED[0].name


def _told(file: Path, data: bytes) -> None:
    """Defects with lines inside the file, and a ContentError on loading exactly where there are any."""
    file.write_bytes(data)
    found = profiles.check(file)
    lines = data.count(b"\n") + 1
    for defect in found:
        assert 1 <= defect.line <= lines
        assert defect.message
        assert "\n" not in defect.message + defect.hint + defect.field
    if found:
        with pytest.raises(ContentError) as caught:
            profiles.load(file)
        assert caught.value.line.startswith(f"{file}:{found[0].line}: ")
    else:
        assert isinstance(profiles.load(file), HardwareProfile)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_value_put_in_any_place(file: Path, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(_places(DATA)))
    changed = _replaced(copy.deepcopy(DATA), place, data.draw(values))
    _told(file, tomlkit.dumps(changed).encode("utf-8", "surrogatepass"))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(TEXT)), st.integers(0, 40), st.binary(max_size=10) | st.sampled_from([b"[[", b"=", b'"""', b"}"])
)
def test_any_bytes_put_anywhere_in_the_text(file: Path, start: int, length: int, put: bytes) -> None:
    data = TEXT.encode()
    _told(file, data[:start] + put + data[start + length :])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_at_all(file: Path, data: bytes) -> None:
    _told(file, data)
