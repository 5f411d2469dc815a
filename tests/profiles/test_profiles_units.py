"""A hint on a unit never names another quantity than the one that was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import profiles
from harness.model.units import FACTORS
from harness.profiles.figures import DIMENSIONS, units_of
from harness.profiles.unit_hints import unit_hint

BYTES, RATES, LINKS = units_of("B"), units_of("B/s"), units_of("bit/s")


@pytest.mark.parametrize(
    ("dimension", "wrong", "meant"),
    [
        *(("B", w, m) for w, m in [("gib", "GiB"), ("GIB", "GiB"), ("mib", "MiB"), ("bytes", "B"), ("GByte", "GB")]),
        *(("B", w, m) for w, m in [("gigabytes", "GB"), ("mebibytes", "MiB"), ("gb", None), ("Gb", None)]),
        *(("B", w, m) for w, m in [("mb", None), ("Mb", None), ("mB", None), ("TB", None), ("GiB/s", None)]),
        *(("B/s", w, m) for w, m in [("GBps", "GB/s"), ("GB/sec", "GB/s"), ("Gb/s", None), ("Gbps", None)]),
        *(("B/s", w, m) for w, m in [("MiB/s", None), ("KB/s", None), ("gb/s", None), ("TB/s", None)]),
        *(("bit/s", w, m) for w, m in [("Mbps", "Mbit/s"), ("Gb/s", "Gbit/s"), ("MB/s", None), ("kbit/s", None)]),
        *(("Hz", w, m) for w, m in [("ghz", "GHz"), ("GHZ", "GHz"), ("mhz", "MHz"), ("mHz", None), ("KHz", None)]),
        *(("s", w, m) for w, m in [("MS", "ms"), ("msec", "ms"), ("seconds", "s"), ("Ms", None), ("ks", None)]),
        *(("s", w, m) for w, m in [("milliseconds", "ms"), ("min", None), ("ps", None), ("usec", "us"), ("m", None)]),
        *(("W", w, m) for w, m in [("kW", None), ("kw", None), ("MW", None), ("mw", "mW"), ("w", "W"), ("watts", "W")]),
        *(("FLOP/s", w, m) for w, m in [("GFLOPS", "GFLOP/s"), ("TFLOPs", "TFLOP/s"), ("MFLOPS", None)]),
        *(("OP/s", w, m) for w, m in [("TOPS", "TOP/s"), ("GOPs", "GOP/s"), ("TFLOPS", None)]),
        *(("token/s", w, m) for w, m in [("tok/s", "token/s"), ("tokens/s", "token/s"), ("token/min", None)]),
    ],
)  # fmt: skip
def test_a_hint_means_what_was_written(dimension: str, wrong: str, meant: str | None) -> None:
    right = units_of(dimension)
    expected = f"did you mean {meant}?" if meant else "one of " + ", ".join(right)
    assert unit_hint(wrong, right) == expected


@pytest.mark.parametrize("wrong", ["kB", "kb", "Kb"])
def test_kilobytes_of_the_kernel_are_told_apart_from_a_thousand_bytes(wrong: str) -> None:
    hint = unit_hint(wrong, BYTES)
    assert hint.startswith("KiB, which /proc/meminfo calls kB: 1024 bytes; KB are 1000")
    assert "did you mean KB" not in hint


def test_the_units_themselves_are_never_mistaken_for_one_another() -> None:
    for dimension in {*DIMENSIONS.values(), "s", "token/s"} - {"money"}:
        right = units_of(dimension)
        for unit in FACTORS.keys() - {*right}:
            assert unit_hint(unit, right).startswith("one of"), (unit, dimension)


def test_a_profile_with_kilobytes_is_refused_with_the_right_hint(write: Callable[..., Path], sound: str) -> None:
    text = sound.replace('value = 1900, unit = "MiB"', 'value = 1945600, unit = "kB"')
    (defect,) = profiles.check(write(text))
    assert (defect.field, defect.message) == ("memory.usable.unit", "no unit is called 'kB'")
    assert "KiB, which /proc/meminfo calls kB: 1024 bytes" in defect.hint


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("float_16", "did you mean float16?"),
        ("int16", "one of float64"),
        ("Int8", "did you mean int8?"),
        ("fp", "one of"),
    ],
)
def test_a_hint_on_a_data_type_has_as_many_bits(write: Callable[..., Path], sound: str, wrong: str, hint: str) -> None:
    (defect,) = profiles.check(write(sound.replace('dtypes = ["float32"]', f'dtypes = ["{wrong}"]')))
    assert defect.hint.startswith(hint)
