"""The library and its prior as they are shipped."""

from __future__ import annotations

import csv
import io

import numpy as np

from harness.projection import library
from harness.projection.kernel import EFFECTS
from harness.projection.work import TERMS, known_models
from tests.projection import published

PI5 = {
    "device": "Raspberry Pi 5 Broadcom BCM2712, Cortex-A76",
    "cpu": "ARMv8) (2.4GHz x 4",
    "threads": "4",
    "runtime": "ncnn-cpu",
    "model": "resnet18",
    "precision": "fp16-auto",
    "note": "powersave=0 loop=10",
    "latency_ms": "18.5",
    "source": "https://example.org/README.md#L12",
}


def test_every_row_is_of_a_known_model_and_has_a_line() -> None:
    assert len(library.rows()) > 1000
    assert {row.model for row in library.rows()} <= set(known_models())
    assert all(row.line > 0 and row.seconds > 0 for row in library.rows())


def test_only_hosts_have_no_peak() -> None:
    assert {row.arch for row in library.rows() if row.peak_gflops is None} == {"x86_64"}
    assert {row.arch for row in library.rows() if row.peak_gflops is not None} == {"arm64"}


def test_the_prior_has_a_cost_and_a_spread_for_everything() -> None:
    prior = library.prior()
    assert prior.costs.shape == (len(TERMS),)
    assert prior.spread.shape == (len(EFFECTS),)
    assert (prior.costs > 0).all()
    assert (prior.spread > 0).all()


def test_shares_add_up() -> None:
    for work in known_models().values():
        assert np.isclose(library.prior().shares(np.array(work)).sum(), 1.0)


def test_a_published_row_becomes_a_row_of_the_library() -> None:
    [row] = published.rows([PI5], {"resnet18"})
    assert (row["core"], row["cores"], row["fp16"], row["line"]) == ("Cortex-A76", 4, 1, 12)
    assert row["peak_gflops"] == 4 * 2.4 * 16 * 2


def test_half_precision_on_a_core_without_it_is_single() -> None:
    row = {**PI5, "device": "RDK X3 Module", "cpu": "Cortex-A53 1.5GHz x 4"}
    [found] = published.rows([row], {"resnet18"})
    assert (found["fp16"], found["peak_gflops"]) == (0, 4 * 1.5 * 8)


def test_powersave_chooses_the_cluster() -> None:
    row = {**PI5, "device": "Rockchip RK3588", "cpu": "", "note": "powersave=1 loop=8"}
    [small] = published.rows([row], {"resnet18"})
    [big] = published.rows([{**row, "note": "powersave=2 loop=8"}], {"resnet18"})
    assert (small["core"], big["core"]) == ("Cortex-A55", "Cortex-A76")


def test_rows_of_gpus_unknown_boards_and_unknown_models_are_left_out() -> None:
    others = [{**PI5, "runtime": "ncnn-vulkan"}, {**PI5, "device": "A toaster", "cpu": ""}, {**PI5, "model": "other"}]
    assert list(published.rows(others, {"resnet18"})) == []


def test_what_is_shipped_is_what_the_extraction_writes_of_it() -> None:
    text = (published.DATA / "ncnn_cpu.csv").read_text()
    assert tuple(next(csv.reader(io.StringIO(text)))) == published.COLUMNS
