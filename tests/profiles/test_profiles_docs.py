"""docs/contributing-a-profile.md shows the example as it is, every field and unit, and the errors that are told."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from harness import content, profiles
from harness.model.profile import Accuracy, Anchors, Figure, HardwareProfile, Network, Npu, Target
from harness.profiles.figures import DIMENSIONS, units_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contributing-a-profile.md").read_text()
EXAMPLE = ROOT / "examples" / "hardware_profiles" / "raspberry-pi-400-4gb.toml"
BROKEN = {
    'unit = "GiB"': 'unit = "gib"',
    'recheck = "2027-06"': 'recheck = "2027-13"',
    'device = "cpu"': 'device = "cpuu"',
    "value = 57.6": "value = 576",
    "threads = 4": "threads = 5",
}


def test_the_page_shows_the_example_as_it_is() -> None:
    assert f"```toml file=hardware_profiles/{EXAMPLE.name}\n{EXAMPLE.read_text()}```\n" in PAGE


def test_the_example_is_sound_and_found() -> None:
    assert profiles.check(EXAMPLE) == []
    known = profiles.load_all(content.search_path([ROOT / "examples"]))
    assert profiles.resolve("pi400", known).said == "pi400 is raspberry-pi-400-4gb"


def test_the_table_of_figures_is_the_code_s() -> None:
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| .* \| (`.*`|the same) \|$", PAGE, re.MULTILINE)
    units, shown = "", {}
    for field, cell in rows:
        units = units if cell == "the same" else cell
        shown[tuple(field.split("."))] = units
    assert shown == {field: ", ".join(f"`{u}`" for u in units_of(unit)) for field, unit in DIMENSIONS.items()}


def test_every_field_has_its_row() -> None:
    for kind in (Figure, HardwareProfile, Target, Npu, Network):
        for field in msgspec.structs.fields(kind):
            assert re.search(rf"^\|.*`(\[\[)?([a-z]+\.)?{field.name}\b", PAGE, re.MULTILINE), field.name


def test_every_field_of_anchors_and_accuracy_is_told() -> None:
    for kind, name in ((Anchors, "anchors"), (Accuracy, "accuracy")):
        for field in msgspec.structs.fields(kind):
            assert f"`{name}.{field.name}`" in PAGE, field.name


def test_the_errors_shown_are_what_is_said(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    for right, wrong in BROKEN.items():
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    file = tmp_path / EXAMPLE.name
    file.write_text(text)
    said = [f"{file.name}:{d.line}: {d.field}: {d.message} ({d.hint})\n" for d in profiles.check(file)]
    assert len(said) == len(BROKEN)
    assert "```text\n" + "".join(said) + "```" in PAGE, "".join(said)
