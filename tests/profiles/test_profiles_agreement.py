"""What the check finds where figures of a profile do not agree, and what it notes of a sound one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from harness import profiles

Write = Callable[..., Path]

FIGURE = '{ value = %s, unit = "%s", source = "%s", date = "2024", kind = "datasheet"%s }'


@pytest.mark.parametrize(
    ("added", "field", "said"),
    [
        ("[memory.bandwidth_copy]\nvalue = 13\nunit = 'GB/s'", "memory.bandwidth_copy", "13 GB/s is above the peak"),
        ("[power.load]\nvalue = 1\nunit = 'W'\nscope = 'wall'", "power.idle", "1.5 W, above the load's 1 W"),
        ("[price]\nvalue = 60\nunit = 'B'", "price.unit", "unit is 'B', which is not a unit of price"),
        ("[price]\nvalue = 60\nunit = 'USd'", "price.unit", "no unit is called 'USd'"),
        ("[[network]]\nname = 'x'\n[network.round_trip]\nvalue = 0\nunit = 's'", "network[0].round_trip.value", "is 0"),
    ],
)  # fmt: skip
def test_figures_that_do_not_agree(write: Write, sound: str, added: str, field: str, said: str) -> None:
    (defect,) = profiles.check(write(f"{sound}\n{added}\nsource = 's'\ndate = '2024'\nkind = 'measured'\n"))
    assert defect.field == field
    assert said in defect.message


def test_power_of_different_scopes_is_not_compared(write: Write, sound: str) -> None:
    added = "\nload = " + FIGURE % (1, "W", "meter", ', scope = "module"')
    assert profiles.check(write(sound + added)) == []


@pytest.mark.parametrize(
    ("gpu", "said"),
    [
        (f'bandwidth_peak = {FIGURE % (300, "GB/s", "s", "")}\nbandwidth_copy = {FIGURE % (301, "GB/s", "s", "")}',
         "the measured bandwidth 301 GB/s is above the peak 300 GB/s"),
        ("peak_int8 = " + FIGURE % (40, "TOP/s", "data sheet, Sparse INT8", ""),
         "peak_int8 of a target is dense, and its source or note speaks of a sparse figure"),
    ],
)  # fmt: skip
def test_a_gpu_s_figures_are_held_against_each_other(write: Write, sound: str, gpu: str, said: str) -> None:
    (defect,) = profiles.check(write(f'{sound}\n[[target]]\nid = "gpu"\ndevice = "gpu"\nname = "GPU"\n{gpu}\n'))
    assert defect.message == said


def test_a_sparse_figure_of_an_npu_has_to_be_marked(write: Write, sound: str) -> None:
    npu = f'{sound}\n[[npu]]\nname = "N"\npeak_int8 = ' + FIGURE % (40, "TOP/s", "data sheet", ', note = "sparsity"')
    (defect,) = profiles.check(write(npu))
    assert (defect.field, defect.hint[:20]) == ("npu[0].peak_int8", "write sparse = true,")
    assert profiles.check(write(npu + "\nsparse = true\n")) == []
    assert profiles.check(write(npu.replace('"sparsity"', '"dense, half of the sparse 80"'))) == []


def test_a_generic_profile_has_limits_and_nothing_of_a_board(write: Write, sound: str) -> None:
    found = profiles.check(
        write(sound.replace('kind = "board"', 'kind = "generic"').replace("tier =", 'soc = "S"\ntier ='))
    )
    assert [d.field for d in found] == [
        "soc",
        "memory.bandwidth_peak",
        "memory.bandwidth_copy_1t",
        "target[0].peak_fp32",
        "target[0].clusters[0].clock",
        "target[0].clusters[0].flop_per_cycle_fp32",
        "power",
    ]
    assert {d.hint for d in found} == {'leave it out, or write kind = "board"'}


def test_an_int8_peak_well_over_twice_float16_is_noted_on_a_gpu(write: Write, sound: str) -> None:
    peaks = f"peak_fp16 = {FIGURE % (65, 'TFLOP/s', 's', '')}\npeak_int8 = {FIGURE % (260, 'TOP/s', 's', '')}"
    file = write(f'{sound}\n[[target]]\nid = "gpu"\ndevice = "gpu"\nname = "GPU"\n{peaks}\n')
    assert profiles.check(file) == []
    (note,) = profiles.notes(file)
    assert (note.field, note.message) == (
        "target[1].peak_int8",
        "peak_int8 is 4.0 times peak_fp16, about twice is dense: is it a sparse figure?",
    )
    assert profiles.notes(write(file.read_text().replace("value = 260", "value = 130"))) == []


def test_a_sparse_peak_of_an_npu_is_noted(write: Write, sound: str) -> None:
    npu = f'{sound}\n[[npu]]\nname = "N"\nsparse = true\npeak_int8 = ' + FIGURE % (40, "TOP/s", "s", "")
    (note,) = profiles.notes(write(npu))
    assert note.message == "peak_int8 counts on sparsity: the dense peak is about half"
    assert note.line == npu.count("\n") + 1


def test_a_figure_past_its_date_is_noted_and_no_error(write: Write, sound: str) -> None:
    price = '[price]\nvalue = 60\nunit = "EUR"\nsource = "shop"\ndate = "2024"\nkind = "datasheet"\nrecheck = "2025-06"'
    file = write(f"{sound}\n{price}\n")
    assert profiles.check(file) == []
    assert profiles.notes(file, date(2025, 6, 1)) == []
    (note,) = profiles.notes(file, date(2025, 6, 2))
    assert (note.field, note.message) == ("price.recheck", "price was to be looked up again by 2025-06")
    assert file.read_text().splitlines()[note.line - 1].startswith("recheck")


def test_a_date_after_today_is_a_note_and_stops_nothing(write: Write, sound: str) -> None:
    file = write(sound)
    assert profiles.notes(file, date(2024, 5, 20)) == []
    (note,) = profiles.notes(file, date(2024, 3, 1))
    assert (note.field, note.message) == (
        "memory.usable.date",
        "2 dates are in the future, up to 2024-05-17: this machine's clock says 2024-03-01, which may be behind",
    )
    assert profiles.check(write(sound.replace('date = "2024-05"', 'date = "2099-05"'))) == []
    assert profiles.load(file).id == "demo-board"


def test_every_bundled_profile_is_read_by_a_machine_whose_clock_is_behind() -> None:
    files = sorted((Path(__file__).parents[2] / "hardware_profiles").glob("*.toml"))
    for file in files:
        assert profiles.check(file) == []
        assert all("future" in n.message for n in profiles.notes(file, date(1970, 1, 1)) if n.field.endswith("date"))
