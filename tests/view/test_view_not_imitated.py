"""What of a tier no limit reaches, told from its profile and from what ran."""

from __future__ import annotations

from msgspec.structs import replace
from sample_runs import boards, figure, make_run

from harness.model.profile import Cluster, Npu
from harness.view import build
from harness.view.not_imitated import not_imitated
from harness.view.report import LimitSet

BOARD = boards(1)[0]
CPU = BOARD.target[0]


def rows(profile=BOARD, target=CPU, records=()) -> dict[str, LimitSet]:
    return {row.limit: row for row in not_imitated(profile, target, records, "x86_64")}


def ceilings():
    return [r for r in make_run(profiles=[BOARD], processes=1).records if r.trial.role == "ceiling"]


def test_the_instruction_set_is_the_profiles_against_what_ran():
    row = rows(target=replace(CPU, isa=("armv8.2-a", "neon")), records=ceilings())["instruction set"]
    assert (row.asked, row.given, row.verdict) == ("armv8.2-a, neon", "x86_64 (AVX512)", "not imitated")
    assert (row.kept, row.expected) == (False, True)


def test_clocks_are_told_apart_where_there_are_several_kinds_of_core():
    fast, slow = (Cluster(name, figure(4, "cores"), figure(ghz, "GHz")) for name, ghz in (("A76", 2.4), ("A55", 1.8)))
    assert rows(target=replace(CPU, clusters=(fast,)))["clock"].asked == "2.4 GHz"
    assert rows(target=replace(CPU, clusters=(fast, slow)))["clock"].asked == "A76 2.4 GHz, A55 1.8 GHz"


def test_bandwidth_is_that_of_the_memory_the_target_computes_from():
    memory = replace(BOARD.memory, bandwidth_peak=figure(17.1, "GB/s"))
    board = replace(BOARD, memory=memory)
    assert rows(board)["memory bandwidth"].asked == "17.1 GB/s"
    gpu = replace(CPU, memory=figure(16, "GiB"))
    assert rows(board, gpu)["memory bandwidth"].asked == "not stated"
    assert rows(board, replace(gpu, bandwidth_peak=figure(300, "GB/s")))["memory bandwidth"].asked == "300 GB/s"


def test_accelerators_power_mode_and_cooling_are_listed_where_the_profile_has_them():
    assert not {"accelerator", "power mode", "cooling"} & set(rows())
    npu = Npu("Hailo-8", figure(26, "TOP/s"), sparse=True)
    found = rows(replace(BOARD, npu=(npu,), power_mode="15W", cooling="fan"))
    assert [found[name].asked for name in ("accelerator", "power mode", "cooling")] == [
        "Hailo-8, 26 TOP/s (sparse)",
        "15W",
        "fan",
    ]


def test_what_the_profile_does_not_state_is_said_to_be_so():
    found = rows()
    assert [found[name].asked for name in ("instruction set", "clock", "memory bandwidth")] == ["not stated"] * 3


def test_data_types_and_runtimes_are_enforced_by_the_plan_where_they_are_stated():
    stated = replace(CPU, dtypes=("float32", "float16"), runtimes=("torch-eager",))
    found = rows(target=stated, records=ceilings())
    assert [(found[n].asked, found[n].given, found[n].verdict) for n in ("data types", "runtimes")] == [
        ("float32, float16", "float32", "enforced"),
        ("torch-eager", "torch-eager", "enforced"),
    ]


def test_where_they_are_not_stated_none_was_refused():
    found = rows(records=ceilings())
    named = ("data types", "runtimes")
    said = {(found[n].verdict, found[n].kept, found[n].expected) for n in named}
    assert said == {("nothing to enforce", False, True)}
    assert found["runtimes"].note == "no runtimes are stated, so none was refused"


def test_the_method_lists_them_below_the_limits_of_a_tier_that_was_tried():
    page = build(make_run(profiles=boards(1), processes=1))
    host, board = page.method.tiers
    names = [limit.limit for limit in board.limits]
    assert names[:2] == ["memory", "cores"]
    assert names[2:] == ["data types", "runtimes", "instruction set", "clock", "memory bandwidth"]
    assert host.limits == ()


def test_nothing_is_listed_of_a_tier_on_which_nothing_ran():
    page = build(make_run(profiles=boards(1), processes=1, skips={"board-0:cpu": "no"}))
    assert page.method.tiers[1].limits == ()


def test_a_limit_that_stands_for_no_board_imitates_nothing_and_lists_nothing():
    generic = replace(BOARD, kind="generic")
    page = build(make_run(profiles=[generic], processes=1))
    assert [limit.limit for limit in page.method.tiers[1].limits] == ["memory", "cores"]
