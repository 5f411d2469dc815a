from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.stats import Summary, summarise
from tests.checks import disturbances
from tests.perf import __main__ as program
from tests.perf import agreement, loop, meters, page, pairs, report, result, startup, validity
from tests.perf.effort import Effort
from tests.perf.result import Result

pytestmark = pytest.mark.alone


def test_each_taker_begins_a_round_in_its_turn_and_the_first_round_is_dropped() -> None:
    order: list[str] = []

    def taker(name: str) -> float:
        order.append(name)
        return len(order)

    taken = pairs.interleaved({"a": lambda: taker("a"), "b": lambda: taker("b")}, 3)
    assert "".join(order) == "abbaabba"
    assert taken == {"a": [4, 5, 8], "b": [3, 6, 7]}


def test_what_slows_both_sides_of_a_pair_does_not_show() -> None:
    slow_minute = [1.0, 1.0, 5.0, 5.0, 1.0]
    ratio = pairs.ratios([2 * s for s in slow_minute], slow_minute)
    difference = pairs.differences([s + 2 for s in slow_minute], slow_minute)
    assert (ratio.low, ratio.median, ratio.high) == pytest.approx((2, 2, 2))
    assert (difference.low, difference.median, difference.high) == pytest.approx((2, 2, 2))


def test_what_ours_take_more_is_in_per_cent_and_as_sure_as_the_processes_agree() -> None:
    alike = pairs.percent_more([([2.02, 1.01, 5.05], [2.0, 1.0, 5.0])] * 3)
    assert (alike.low, alike.median, alike.high) == pytest.approx((1, 1, 1))
    apart = pairs.percent_more([([1.0], [1.0]), ([1.02], [1.0]), ([1.04], [1.0])])
    assert apart.median == pytest.approx(2)
    assert (apart.low, apart.high) == pytest.approx((-2.96, 7.16), abs=0.1)
    assert (apart.n, apart.processes) == (3, 3)


@pytest.mark.parametrize(
    ("low", "high", "met"),
    [(0.99, 1.01, True), (1.019, 1.05, True), (1.021, 1.03, False), (0.95, 1.05, False), (0.9, 0.97, False)],
)
def test_agreement_is_a_narrow_interval_that_meets_the_band(low: float, high: float, met: bool) -> None:
    assert agreement.agrees(Summary((low + high) / 2, low, high, 10, 10, "")) is met


def test_one_pair_cannot_show_agreement() -> None:
    assert not agreement.agrees(pairs.ratios([1.0], [1.0]))


def test_a_target_is_held_against_the_median_in_the_unit_shown() -> None:
    summary = summarise([[0.040], [0.041], [0.042]])
    within = result.of("startup", "help", summary, "ms", 1e3, at_most=60)
    beyond = result.of("startup", "help", summary, "ms", 1e3, at_most=40)
    assert (within.verdict, beyond.verdict) == ("met", "not met")
    assert within.shown.startswith("41 ms (")
    assert within.target == "at most 60 ms"


PART = page.part(("models",))


@pytest.mark.parametrize("by", [page.WHOLE, PART])
def test_the_table_goes_between_its_marks_and_nowhere_else(by: str, tmp_path: Path) -> None:
    begin, end = page.marks(by)
    other = "\n".join(page.marks(PART if by == page.WHOLE else page.WHOLE))
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{other}\n{begin}\nold\n{end}\nafter\n")
    text = page.markdown([Result("loop", "of a round", 60, "ns", target="at most 1000 ns", met=True)], "Measured here.")
    page.write(text, by, document)
    page.write(text, by, document)
    before, between, after = document.read_text().replace(end, begin).split(begin)
    assert (before, after) == (f"before\n{other}\n", "\nafter\n")
    assert "| loop | of a round | 60 ns | at most 1000 ns | met |" in between
    assert "Measured here." in between
    assert "old" not in between


def test_a_part_that_has_no_table_yet_gets_one_below_the_others(tmp_path: Path) -> None:
    one, two = (page.marks(page.part(items)) for items in (("loop",), ("models", "wall")))
    document = tmp_path / "performance.md"
    document.write_text("\n".join(["before", *page.marks(page.WHOLE), *one, "", "## After", ""]))
    page.write("table", page.part(("models", "wall")), document)
    below = "\n\n".join([two[0], "table", two[1]])
    assert document.read_text() == "\n".join(["before", *page.marks(page.WHOLE), *one, "", below, "", "## After", ""])


def test_a_busy_machine_is_called_one() -> None:
    assert page.BUSY in page.where(99.0)
    assert page.BUSY not in page.where(0.0)
    assert "load average before it began: 0.00" in page.where(0.0)


def test_the_speed_of_a_core_is_said_since_targets_in_milliseconds_hang_on_it() -> None:
    said = re.search(r"a core takes the checksum of 4 KiB ([\d,]+) times in a millisecond", page.where(0.0))
    assert said
    assert int(said.group(1).replace(",", "")) > 100


def test_a_document_without_marks_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("words")
    with pytest.raises(ValueError, match="lacks the marks"):
        page.write("table", document=document)
    assert document.read_text() == "words"


@pytest.mark.parametrize("by", [page.WHOLE, PART])
def test_the_documents_own_marks_are_there(by: str) -> None:
    text = page.DOCUMENT.read_text()
    begin, end = page.marks(by)
    assert text.index(begin) < text.index(end)


@pytest.mark.parametrize("asked", [("--write",), ("--write", "--only", "loop", "--quick")])
def test_only_a_part_that_is_measured_in_full_is_written_on_demand(asked: tuple[str, ...]) -> None:
    refused = CliRunner().invoke(program.main, asked)
    assert refused.exit_code == 2
    assert "--write goes with --only and without --quick" in refused.output


def test_the_loop_is_found_to_cost_something(tmp_path: Path) -> None:
    inside, whole = loop.measure(Effort(tmp_path, quick=True))
    assert 0 < inside.value < whole.value


def test_a_page_is_found_to_have_a_size_and_to_take_time(tmp_path: Path) -> None:
    whole, size, growth = report.measure(Effort(tmp_path, quick=True))
    assert whole.value > 0
    assert size.value > 0.1
    assert growth.value > 0


def test_the_command_is_found_to_take_longer_than_the_interpreter(tmp_path: Path) -> None:
    asked, listed = startup.measure(Effort(tmp_path, quick=True))
    assert listed.value > 0
    assert (asked.target, listed.target) == ("at most 60 ms", "at most 150 ms")


def test_the_program_prints_json_and_writes_nothing_when_quick() -> None:
    before = page.DOCUMENT.read_bytes()
    ended = CliRunner().invoke(program.main, ["--only", "loop", "--quick", "--json"])
    found = json.loads(ended.stdout)
    assert [r["item"] for r in found] == ["loop", "loop"]
    assert ended.exit_code == int(any(r["met"] is False for r in found))
    assert page.DOCUMENT.read_bytes() == before


def test_records_of_clocks_that_jumped_are_never_called_valid_and_a_wrong_verdict_is_counted() -> None:
    planted = validity.jumps(validity.RUNS)
    assert len(planted) == validity.RUNS
    found = validity.false_valid("after a jump", planted)
    assert (found.shown, found.target, found.verdict) == ("0 of 20", "0 of 20", "met")
    sound = disturbances.jumped(0, 1)
    wrong = validity.false_valid("with nothing", [sound, planted[0]])
    assert (wrong.shown, wrong.verdict) == ("1 of 2", "not met")


def test_what_is_called_invalid_with_nothing_planted_is_told_with_its_reasons_and_has_no_target() -> None:
    sound, spoilt = disturbances.jumped(0, 1), disturbances.jumped(10**9, 3)
    found = validity.false_invalid([sound, sound, spoilt])
    assert (found.shown, found.met) == ("1 of 3", None)
    assert "clock-jump 1" in found.figure
    assert validity.false_invalid([sound]).figure == "called invalid with nothing planted"


@pytest.mark.slow
def test_meters_and_sampler_are_at_work_in_one_of_two_blocks_that_are_compared(tmp_path: Path) -> None:
    more, step = meters.measure(Effort(tmp_path, quick=True))
    assert more.target == "at most 1 %"
    assert 0.1 < step.value < 100
