"""Names and aliases, the host beside the boards, and the profiles that come with tierbench."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import tomlkit

from harness import content, profiles
from harness.errors import ContentError, Exit, UnknownName
from harness.model.case import HOST
from harness.model.machine import Capabilities, Gpu
from harness.model.profile import Figure, HardwareProfile

ROOT = Path(__file__).parents[2]
BUNDLED = sorted((ROOT / "hardware_profiles").glob("*.toml"))
GIB = 1 << 30


@pytest.fixture(scope="module")
def known() -> list[HardwareProfile]:
    return profiles.load_all(content.SearchPath((content.Place(ROOT, "tierbench"),)))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("rpi5", "raspberry-pi-5-4gb"),
        ("pi5", "raspberry-pi-5-4gb"),
        ("RPi5", "raspberry-pi-5-4gb"),
        ("pizero2", "raspberry-pi-zero-2w"),
        ("rpi-zero-2w", "raspberry-pi-zero-2w"),
        ("orin-nano", "jetson-orin-nano-8gb"),
    ],
)
def test_an_alias_resolves_and_it_is_said(known: list[HardwareProfile], name: str, meant: str) -> None:
    resolved = profiles.resolve(name, known)
    assert resolved.profile.id == meant
    assert resolved.said == f"{name} is {meant}"


def test_an_id_resolves_and_nothing_is_said(known: list[HardwareProfile]) -> None:
    assert profiles.resolve("raspberry-pi-5-4gb", known).said is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [("rpi6", "rpi5"), ("raspbery-pi-5", "raspberry-pi-5-4gb"), ("orin", "orin-nano"), ("zzz", "known: ")],
)
def test_an_unknown_name_says_what_is_near(known: list[HardwareProfile], name: str, hint: str) -> None:
    with pytest.raises(UnknownName, match=f"no hardware profile is called '{name}'") as caught:
        profiles.resolve(name, known)
    assert hint in caught.value.hint
    assert caught.value.exit_code == Exit.BAD_INPUT


@pytest.mark.parametrize(("old", "new"), [('["demo"]', '["demo", "shared"]'), ('"demo-board"', '"shared"')])
def test_one_name_for_two_profiles_is_an_error_that_names_both_files(
    write: Callable[..., Path], sound: str, old: str, new: str, tmp_path: Path
) -> None:
    first = write(sound.replace(old, new), "shared" if "shared" in new and "demo-board" in old else "demo-board")
    second = write(sound.replace('"demo-board"', '"other"').replace('["demo"]', '["shared"]'), "other")
    path = content.SearchPath((content.Place(tmp_path, "-I", given=True),))
    with pytest.raises(ContentError, match="the name 'shared' is also taken by") as caught:
        profiles.load_all(path)
    assert str(first) in caught.value.line
    assert str(second) in caught.value.line


def test_this_machine_is_a_profile_like_any_other() -> None:
    gpus = (Gpu(0, "Card A", 80 * GIB), Gpu(1, "Card B", 40 * GIB))
    host = profiles.host_profile(Capabilities(cores=8, memory_bytes=32 * GIB, swap_bytes=2 * GIB, gpus=gpus))
    assert (host.id, host.kind, host.budget_bytes, host.swap_bytes) == (HOST, "host", 32 * GIB, 2 * GIB)
    assert [(t.id, t.device, t.name) for t in host.target] == [
        ("cpu", "cpu", "CPU of this machine"),
        ("gpu0", "gpu", "Card A"),
        ("gpu1", "gpu", "Card B"),
    ]
    assert host.target[0].cores == 8
    assert host.target[1].memory is not None
    assert host.target[1].memory.base == 80 * GIB
    assert host.memory.usable.source == "probed"
    assert profiles.resolve("HOST", [host]).profile is host


def test_one_gpu_needs_no_number() -> None:
    host = profiles.host_profile(Capabilities(4, GIB, 0, gpus=(Gpu(3, "Card", GIB),)))
    assert [t.id for t in host.target] == ["cpu", "gpu"]


@pytest.mark.parametrize("file", BUNDLED, ids=lambda f: f.stem)
def test_every_profile_that_comes_with_tierbench_is_sound(file: Path) -> None:
    assert profiles.check(file) == []


def _figures(value: object) -> list[Figure]:
    if isinstance(value, Figure):
        return [value]
    inside = value if isinstance(value, tuple) else [getattr(value, f) for f in getattr(value, "__struct_fields__", ())]
    return [figure for inner in inside for figure in _figures(inner)]


@pytest.mark.parametrize("file", BUNDLED, ids=lambda f: f.stem)
def test_a_computed_or_estimated_figure_is_not_passed_off_as_measured(file: Path) -> None:
    for figure in _figures(profiles.load(file)):
        if figure.kind == "estimated":
            assert figure.note, figure
        if figure.kind == "computed":
            assert re.search(r" x | over |twice|half of|by definition", figure.source), figure


def test_the_boards_reach_from_a_single_board_computer_to_a_data_centre_and_many_have_anchors(
    known: list[HardwareProfile],
) -> None:
    boards = [p for p in known if p.kind == "board"]
    assert len(boards) >= 14
    tiers = {"sbc", "edge-gpu", "mini-pc", "phone", "laptop", "cloud-cpu", "cloud-gpu"}
    assert {p.tier for p in boards} == tiers
    anchored = [p for p in boards if any(profiles.calibration(p, t).level == "anchored" for t in p.target)]
    assert len(anchored) >= 10


def test_generic_limits_stand_apart_from_boards(known: list[HardwareProfile]) -> None:
    limits = {p.id: p for p in known if p.kind == "generic"}
    assert set(limits) == {"generic-1gb", "generic-2gb", "generic-4gb", "generic-8gb"}
    for name, limit in limits.items():
        assert limit.budget_bytes == int(name[8:-2]) << 30
        assert {profiles.calibration(limit, t).level for t in limit.target} == {"limits only"}


@pytest.mark.parametrize("file", BUNDLED, ids=lambda f: f.stem)
def test_anchors_that_come_with_tierbench_were_measured_and_say_where(file: Path) -> None:
    for target in profiles.load(file).target:
        for group in target.anchors:
            assert (group.kind, group.by) in {("measured", "independent"), ("measured", "vendor")}
            assert re.search(r" at [0-9a-f]{7}|github.com/", group.source), group.source
            if group.metric == "decode_rate":
                assert set(group.bytes_per_token) == set(group.values)


def test_integer_arithmetic_of_a_gpu_run_is_not_carried_where_it_ran_on_the_cpu(known: list[HardwareProfile]) -> None:
    """Tables of ncnn on Vulkan have int8 rows whose times are the CPU's."""
    gpus = [t for p in known for t in p.target if t.device == "gpu"]
    assert [g for t in gpus for g in t.anchors if (g.runtime, g.dtype) == ("ncnn", "int8")] == []


def test_float16_is_only_where_the_core_computes_in_it(known: list[HardwareProfile]) -> None:
    """A build for float16 computes in float32 on cores of before Armv8.2."""
    for profile in known:
        for target in profile.target:
            if target.device == "cpu" and {g.dtype for g in target.anchors if g.runtime == "ncnn"} >= {"float16"}:
                assert "fp16" in target.isa, profile.id


def test_the_zero_has_its_512_mb_less_what_its_system_keeps(known: list[HardwareProfile]) -> None:
    zero = profiles.resolve("raspberry-pi-zero-2w", known).profile
    assert zero.memory.nominal.base == 512 << 20
    assert zero.budget_bytes < zero.memory.usable.base < zero.memory.nominal.base
    assert zero.swap_bytes == 0


def test_a_profile_survives_being_written_to_a_run(known: list[HardwareProfile]) -> None:
    for profile in known:
        assert msgspec.json.decode(msgspec.json.encode(profile), type=HardwareProfile) == profile


@pytest.mark.parametrize("file", BUNDLED, ids=lambda f: f.stem)
def test_tomlkit_reads_the_same_data(file: Path) -> None:
    read_otherwise = msgspec.convert(tomlkit.parse(file.read_text()).unwrap(), HardwareProfile)
    assert read_otherwise == profiles.load(file)
