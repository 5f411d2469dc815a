from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness.model.units import GIB, MIB
from harness.verdict import Judged, State, article, counts, deadline_state, headline, joined, share

TIERS = {"pi:cpu": "Raspberry Pi 5", "zero:cpu": "Raspberry Pi Zero 2 W", "host:cpu": "Host CPU"} | {
    f"b{k}:cpu": f"Board {k}" for k in range(12)
}


def judged(state: State, tier: str = "pi:cpu", name: str = "w", need: float = GIB, limit: float = 2 * GIB) -> Judged:
    return Judged(f"{name} r", name, tier, not tier.startswith("host"), state, "torch-eager", need, limit)


def test_the_headline_of_one_board():
    cases = [judged("fits") for _ in range(6)] + [judged("does_not_fit", name="llama", need=3.6 * GIB)] * 8
    assert headline(cases, TIERS) == "6 of 14 workloads fit a Raspberry Pi 5 in PyTorch; llama needs 3.6 of 2 GiB."


def test_the_headline_of_two_boards_names_the_one_that_is_too_small():
    cases = [judged("fits"), judged("does_not_fit", "zero:cpu", "llama", 3 * GIB, 400 * MIB)]
    assert headline(cases, TIERS) == (
        "1 of 1 workload fits a Raspberry Pi 5 and none a Raspberry Pi Zero 2 W in PyTorch; "
        "there, llama needs 3 GiB of 400 MiB."
    )


def test_the_headline_of_many_boards():
    cases = [judged("fits", f"b{k}:cpu") for k in range(12)]
    assert headline(cases, TIERS) == "All 12 boards hold every workload in PyTorch."
    some = [*cases, judged("does_not_fit", "b3:cpu", "llama", 5 * GIB)]
    assert headline(some, TIERS) == (
        "11 of 12 boards hold every workload in PyTorch; a Board 3 holds the fewest, 1 of 2; "
        "there, llama needs 5 of 2 GiB."
    )


def test_boards_come_from_most_to_fewest_fits_and_of_equals_the_roomiest_first():
    cases = [
        *(judged("does_not_fit", "zero:cpu", "llama", 3 * GIB, 400 * MIB) for _ in range(2)),
        *(judged("fits", "b1:cpu", limit=limit) for limit in (8 * GIB, 8 * GIB)),
        *(judged("fits", "pi:cpu", limit=limit) for limit in (4 * GIB, 4 * GIB)),
    ]
    assert headline(cases, TIERS) == (
        "2 of 2 workloads fit a Board 1, 2 a Raspberry Pi 5 and none a Raspberry Pi Zero 2 W in PyTorch; "
        "there, llama needs 3 GiB of 400 MiB."
    )


def test_a_misfit_on_another_board_than_the_last_names_its_board():
    cases = [
        judged("fits"),
        judged("does_not_fit", name="llama", need=3 * GIB),
        *(judged("thrashes", "zero:cpu") for _ in range(2)),
    ]
    assert headline(cases, TIERS).endswith("; llama needs 3 of 2 GiB on the Raspberry Pi 5.")


def test_what_could_be_tried_on_some_boards_only_has_its_own_total():
    cases = [judged("fits"), judged("fits"), judged("fits", "zero:cpu"), judged("unsupported", "zero:cpu")]
    assert headline(cases, TIERS) == (
        "2 of 2 workloads fit a Raspberry Pi 5 and 1 of 1 a Raspberry Pi Zero 2 W in PyTorch."
    )


def test_a_family_of_one_workload_is_called_by_what_it_is():
    alone = replace(judged("does_not_fit", need=3.6 * GIB), family="language", workload="llama-1b")
    other = replace(judged("fits"), family="vision", workload="resnet")
    assert headline([other, alone], TIERS).endswith("; the language model needs 3.6 of 2 GiB.")
    sibling = replace(judged("fits"), family="language", workload="bert")
    assert headline([other, alone, sibling], TIERS).endswith("; w needs 3.6 of 2 GiB.")


def test_what_could_not_be_tried_is_not_in_the_count():
    cases = [judged("fits"), judged("unsupported"), judged("not_run")]
    assert headline(cases, TIERS) == "1 of 1 workload fits a Raspberry Pi 5 in PyTorch."


def test_of_a_board_on_which_all_went_wrong_nothing_is_said():
    broken = [judged("failed"), judged("timed_out")]
    assert headline(broken, TIERS) == "None of 2 cases ran to its end."
    assert headline([*broken, judged("fits", "host:cpu")], TIERS) == "The only workload ran on this machine."
    assert headline([*broken, judged("fits", "zero:cpu")], TIERS) == (
        "1 of 1 workload fits a Raspberry Pi Zero 2 W in PyTorch."
    )


def test_a_misfit_below_its_limit_or_of_unknown_need_is_said_without_a_need():
    assert "; w does not fit within 2 GiB." in headline([judged("does_not_fit", need=GIB)], TIERS)


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["fits", "fits"], "All 2 workloads ran on this machine."),
        (["fits"], "The only workload ran on this machine."),
        (["fits", "failed"], "1 of 2 workloads ran on this machine; w failed."),
        (["timed_out"], "0 of 1 workload ran on this machine; w timed out."),
        (["not_run"], "Nothing was tried."),
        ([], "Nothing was tried."),
    ],
)
def test_the_headline_without_a_board(states: list[State], said: str):
    assert headline([judged(s, "host:cpu") for s in states], TIERS) == said


def test_counts_name_every_state_that_occurs_and_always_the_first():
    cases = [judged("fits"), judged("thrashes"), judged("does_not_fit"), judged("failed"), judged("not_run")]
    found = {c.id: c.number for c in counts(cases)}
    assert found == {"all": 5, "fits": 1, "does_not_fit": 1, "thrashes": 1, "not_run": 1, "failed": 1}
    assert [c.number for c in counts([])] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("low", "high", "state"), [(0.8, 0.9, "met"), (0.9, 1.1, "unclear"), (1.1, 1.2, "missed"), (None, None, "met")]
)
def test_a_deadline_is_kept_only_by_the_whole_interval(low: float | None, high: float | None, state: str):
    assert deadline_state(1.0, 0.95, low, high) == state


def test_no_deadline_and_no_time_are_not_judged():
    assert deadline_state(None, 1.0, None, None) is None
    assert deadline_state(1.0, None, None, None) is None


@given(st.integers(1, 1 << 42), st.integers(1, 1 << 42))
def test_two_sizes_that_differ_are_shown_as_different_unless_by_less_than_a_table_can(need: int, limit: int):
    said = share(need, limit)
    first, second = said.split(" of ")
    assert second.split(" ")[1] in {"B", "KiB", "MiB", "GiB", "TiB"}
    if abs(need - limit) > 1e-4 * max(need, limit):
        assert first not in {second, second.split(" ")[0]}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Raspberry Pi", "a Raspberry Pi"),
        ("Orange Pi", "an Orange Pi"),
        ("NVIDIA Jetson", "an NVIDIA Jetson"),
        ("UP board", "a UP board"),
    ],
)
def test_the_article_follows_the_sound(name: str, said: str):
    assert article(name) == said


def test_joined():
    assert [joined(p) for p in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
