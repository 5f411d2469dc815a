"""The committed versions: complete, within the ranges of the metadata, and what is installed here."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
APART = ("executorch",)
"""Extras that no environment of tests has: their pins have a file of their own."""
ASKED = [*PROJECT["dependencies"], *(line for name in EXTRAS if name not in APART for line in EXTRAS[name])]


def _pins(file: Path) -> dict[str, Requirement]:
    """The pins of a constraints file and of those that it includes, by canonical name."""
    pins: dict[str, Requirement] = {}
    for line in file.read_text().splitlines():
        if line.startswith("-c "):
            pins |= _pins(file.parent / line.removeprefix("-c "))
        elif line and not line.startswith("#"):
            pin = Requirement(line)
            pins[canonicalize_name(pin.name)] = pin
    return pins


CPU, CUDA = (_pins(ROOT / "constraints" / f"{flavour}.txt") for flavour in ("cpu", "cuda"))


def _only_version(pin: Requirement) -> str:
    (specifier,) = pin.specifier
    assert specifier.operator == "=="
    return specifier.version


@pytest.mark.parametrize("extra", APART)
def test_an_extra_apart_is_pinned_on_top_of_all_that_is_pinned(extra: str) -> None:
    pins = _pins(ROOT / "constraints" / f"{extra}.txt")
    assert all(
        Requirement(line).specifier.contains(_only_version(pins[Requirement(line).name])) for line in EXTRAS[extra]
    )
    assert {name: pins[name] for name in CPU} == CPU


@pytest.mark.parametrize("pins", [CPU, CUDA], ids=["cpu", "cuda"])
@pytest.mark.parametrize("line", ASKED, ids=lambda line: Requirement(line).name)
def test_what_the_metadata_asks_for_is_pinned_within_its_range(line: str, pins: dict[str, Requirement]) -> None:
    asked = Requirement(line)
    assert asked.specifier.contains(_only_version(pins[canonicalize_name(asked.name)]))


def test_both_flavours_have_the_same_versions_but_for_the_cuda_libraries() -> None:
    assert {name: CUDA[name] for name in CPU} == CPU
    assert all(name.startswith(("nvidia-", "cuda-", "triton")) for name in CUDA.keys() - CPU.keys())
    assert _only_version(CPU["torch"]) == "2.13.0"


def test_what_is_pinned_is_installed_in_that_version() -> None:
    here = {name: pin for name, pin in CPU.items() if not pin.marker or pin.marker.evaluate()}
    wrong = {name: _installed(name) for name, pin in here.items() if not _is(pin, _installed(name))}
    assert not wrong


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _is(pin: Requirement, installed: str | None) -> bool:
    return installed is not None and pin.specifier.contains(installed, prereleases=True)


def test_everything_that_is_installed_for_this_project_is_pinned() -> None:
    unpinned, seen, waiting = set(), set(), [Requirement(line) for line in ASKED]
    while waiting:
        asked = waiting.pop()
        name = canonicalize_name(asked.name)
        if name in seen or (asked.marker and not asked.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        unpinned |= {name} - CUDA.keys()
        waiting += _needs(asked)
    assert not unpinned


def _needs(asked: Requirement) -> list[Requirement]:
    try:
        lines = distribution(asked.name).requires or []
    except PackageNotFoundError:
        return []
    return [Requirement(line) for line in lines]
