"""The commented template: the check tells what is to fill in, and accepts it filled in, with its options or without."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from harness import profiles
from harness.errors import UserError
from harness.model.profile import HardwareProfile
from harness.profiles import MARK
from harness.profiles.figures import DIMENSIONS

Write = Callable[..., Path]

VALUES = {
    "memory.nominal": "8",
    "memory.usable": "7600000",
    "memory.reserve": "120",
    "memory.bandwidth_peak": "17",
    "memory.bandwidth_copy_1t": "4",
    "memory.bandwidth_copy": "6",
    "target.peak_fp32": "8",
    "power.load": "9",
}
"""Where any number will not do; elsewhere 1 does."""


def _filled(text: str, options: bool = False) -> str:
    """The template with its marked lines filled in; with ``options`` also what is commented out."""
    if options:
        text = re.sub(r"^# (?=[\[a-z])", "", text[text.index("format =") :], flags=re.MULTILINE)
        text = text.replace("flop_per_cycle_fp32 = { value = nan", "flop_per_cycle_fp32 = { value = 8")
        text = text.replace('runtime = ""', 'runtime = "onnxruntime"').replace(
            "mobilenet_v2 = nan", "mobilenet_v2 = 90"
        )
    lines, table = [], ""
    for line in text.splitlines():
        table = line.split("]")[0].strip("[] ") if line.startswith("[") else table
        line = line.replace("value = nan", f"value = {VALUES.get(table, '1')}")
        line = line.replace('date = ""', 'date = "2026-11"').replace('= ""', '= "something"')
        lines.append(line)
    return "\n".join(lines) + "\n"


def test_an_unfilled_template_is_toml_and_told_line_by_line(write: Write) -> None:
    text = profiles.template("demo-board", {})
    tomllib.loads(text)
    marked = [n for n, line in enumerate(text.splitlines(), 1) if MARK in line]
    assert [d.line for d in profiles.check(write(text))] == marked


def test_filled_in_it_is_sound(write: Write) -> None:
    profile = profiles.load(write(_filled(profiles.template("demo-board", {}))))
    assert profile.id == "demo-board"
    assert profile.power.idle is None


def test_with_all_that_is_optional_it_is_sound_too(write: Write) -> None:
    profile = profiles.load(write(_filled(profiles.template("demo-board", {}), options=True)))
    assert profile.target[0].cores == 1
    assert profile.target[0].anchors[0].values == {"mobilenet_v2": 90}
    assert profile.price is not None


def test_what_is_known_is_filled_in_already(write: Write) -> None:
    text = profiles.template("demo-board", {"name": 'The "Demo" \\ board', "tier": "sbc", "soc": ""})
    assert text.count(MARK) == profiles.template("demo-board", {}).count(MARK) - 2
    profile = profiles.load(write(_filled(text)))
    assert (profile.name, profile.tier, profile.soc) == ('The "Demo" \\ board', "sbc", "")


def test_it_names_the_fields_of_the_profile() -> None:
    text = profiles.template("demo-board", {})
    places = {tuple(place.split(".")) for place in re.findall(r"^(?:# )?\[([a-z_0-9.]+)\]", text, re.MULTILINE)}
    figures = places - {("memory",)}
    assert figures <= set(DIMENSIONS)
    fields = {field.name for field in msgspec.structs.fields(HardwareProfile)}
    assert set(re.findall(r"^(?:# )?([a-z_]+) = \"", text[: text.index("[memory]")], re.MULTILINE)) <= fields


def test_it_guesses_no_figure() -> None:
    numbers = re.findall(r"value = (\S+)", profiles.template("demo-board", {}))
    assert set(numbers) == {"nan", "nan,"} or set(numbers) == {"nan"} | {n for n in numbers if n.startswith("nan")}


@pytest.mark.parametrize("identity", ["Demo", "demo board", "host", "", "../demo", "demo_board"])
def test_a_name_that_no_profile_can_have_is_refused(identity: str) -> None:
    with pytest.raises(UserError, match="cannot name a profile"):
        profiles.template(identity, {})


def test_a_text_that_cannot_be_seen_is_refused() -> None:
    with pytest.raises(UserError, match="name has control or unseen characters"):
        profiles.template("demo-board", {"name": "a\x1b[31m"})
