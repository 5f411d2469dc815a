"""The page of a profile, and what two profiles differ in."""

from __future__ import annotations

from msgspec.structs import replace

from harness import profiles
from harness.model.profile import Accuracy, Anchors, Figure, HardwareProfile, Memory, Network, Npu, Power, Target
from harness.profiles import Defect, Difference

ANCHORS = Anchors(
    *("ncnn", "float32", 4, "ms", "benchncnn", "2024", "measured"),
    values={"resnet18": 70.0, "mobilenet_v2": 20.5},
    spread={"resnet18": 0.02},
    version="20240410",
    statistic="minimum",
    by="independent",
    n=8,
    note="on a desk",
)


def _figure(value: float, unit: str, **more: str) -> Figure:
    return Figure(value, unit, "data sheet", "2024", "datasheet", **more)  # type: ignore[arg-type]


def _profile(**changes: object) -> HardwareProfile:
    memory = Memory(_figure(4, "GiB"), _figure(3900, "MiB"), _figure(100, "MiB"))
    accuracy = Accuracy("ncnn", "float32", 4, "leave-one-anchor-out", 2, 0.12, 0.3, "2024-06", "0.1.0")
    target = Target("cpu", "cpu", "4x A76", ("float32",), ("neon",), anchors=(ANCHORS,), accuracy=(accuracy,))
    made = HardwareProfile(
        1, "demo", "Demo", "board", "sbc", memory, (target,), soc="X1", power_mode="15W", cooling="fan"
    )
    return replace(made, **changes)


def test_the_page_says_what_it_is_and_what_stands_behind_each_target() -> None:
    text = "\n".join(profiles.describe(_profile(aliases=("d",), summary="A board.")))
    assert text.startswith("Demo (demo), also d\nA board.\nsbc, X1, power mode 15W, cooling fan\n")
    assert "a workload may use 3.71 GiB" in text
    assert (
        "  cpu: 4x A76 (cpu)\n    anchored: 2 models in ncnn float32 at 4 threads; not calibrated: fewer than 5" in text
    )


def test_every_figure_stands_there_with_kind_date_source_and_note() -> None:
    idle = replace(_figure(1.5, "W"), scope="wall", by="vendor", note="screen off")
    network = Network("Ethernet", round_trip=_figure(0.4, "ms"))
    lines = profiles.describe(_profile(power=Power(idle=idle), network=(network,)))
    assert [" ".join(line.split()) for line in lines if "power.idle" in line] == [
        "power.idle 1.5 W, wall [datasheet by vendor, 2024; source: data sheet; screen off]"
    ]
    assert any("network[Ethernet].round_trip" in line and "0.4 ms" in line for line in lines)


def test_anchors_stand_there_with_their_configuration_values_and_source() -> None:
    lines = profiles.describe(_profile())
    at = lines.index("anchors")
    assert lines[at + 1 : at + 3] == [
        "  cpu, ncnn 20240410 float32, 4 threads: latency in ms, minimum of 8  "
        "[measured by independent, 2024; source: benchncnn; on a desk]",
        "    resnet18 70 ±2 %, mobilenet_v2 20.5",
    ]


def test_the_stated_accuracy_and_the_notes_stand_there() -> None:
    lines = profiles.describe(_profile(), [Defect(3, "price.recheck", "price was to be looked up again by 2025")])
    at = lines.index("accuracy of projections")
    assert lines[at + 1] == (
        "  ncnn float32, 4 threads: median error 12 %, worst 30 % over 2 cases  "
        "[leave-one-anchor-out, tierbench 0.1.0, 2024-06]"
    )
    assert lines[-1] == "  price.recheck: price was to be looked up again by 2025"


def test_a_generic_profile_is_named_as_one_and_an_npu_as_declared() -> None:
    lines = profiles.describe(_profile(kind="generic", npu=(Npu("N1"),)))
    assert "limits only, no board" in lines[1]
    assert "  N1: declared, no runtime named" in lines


def test_nothing_on_the_page_steers_a_terminal() -> None:
    lines = profiles.describe(_profile(name="a\x1b[31m", soc="b\u202e", summary="c\nd"))
    assert all(line.isprintable() for line in lines)


def test_a_profile_differs_from_itself_in_nothing() -> None:
    assert profiles.differences(_profile(), _profile()) == []


def test_a_figure_that_differs_comes_with_its_ratio_across_units() -> None:
    memory = replace(_profile().memory, nominal=_figure(8192, "MiB"))
    assert profiles.differences(_profile(), _profile(memory=memory)) == [
        Difference("memory.nominal", "4 GiB (datasheet)", "8192 MiB (datasheet)", 2.0)
    ]


def test_a_figure_of_another_kind_differs_and_another_source_does_not() -> None:
    usable = _profile().memory.usable
    for changed, count in (({"kind": "measured"}, 1), ({"source": "elsewhere"}, 0), ({"note": "n"}, 0)):
        memory = replace(_profile().memory, usable=replace(usable, **changed))
        assert len(profiles.differences(_profile(), _profile(memory=memory))) == count


def test_what_only_one_has_is_told_from_both_sides() -> None:
    fuller = _profile(power=Power(load=replace(_figure(9, "W"), scope="wall")), firmware="F1")
    there = profiles.differences(_profile(), fuller)
    assert there == [
        Difference("firmware", None, "F1"),
        Difference("power.load", None, "9 W, wall (datasheet)"),
    ]
    back = profiles.differences(fuller, _profile())
    assert [(d.path, d.first, d.second) for d in back] == [(d.path, d.second, d.first) for d in there]


def test_anchors_differ_model_by_model_and_a_whole_configuration_in_one_line() -> None:
    target = _profile().target[0]
    faster = replace(ANCHORS, values={"resnet18": 35.0, "alexnet": 40.0})
    other = replace(ANCHORS, threads=1)
    found = profiles.differences(_profile(), _profile(target=(replace(target, anchors=(faster, other)),)))
    here = "target[cpu].anchors[ncnn 20240410 float32, {}, minimum]"
    assert found == [
        Difference(here.format("4 threads") + ".resnet18", "70 ms", "35 ms", 0.5),
        Difference(here.format("4 threads") + ".mobilenet_v2", "20.5 ms", None),
        Difference(here.format("4 threads") + ".alexnet", None, "40 ms"),
        Difference(here.format("1 thread"), None, "2 models"),
    ]
