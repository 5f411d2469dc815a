from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.collect.loading import SuiteFile, load_suite
from harness.features import count, summed
from harness.model.features import Features
from harness.model.workload import Place, Workload, defects
from harness.runtimes import get

pytestmark = pytest.mark.slow

SUITE = load_suite(SuiteFile("primitives", Path(__file__).parents[2] / "suites/primitives/suite.py"))
KINDS: dict[str, type[Workload]] = {kind.name: kind for kind in SUITE.workloads}
CLASSES = {
    "gemm": "gemm",
    "gemv": "gemv",
    "conv1x1": "conv1x1",
    "conv3x3": "conv3x3",
    "conv-other": "conv_other",
    "conv-depthwise": "dwconv",
    "conv-grouped": "gconv",
    "attention": "attention",
}


def test_importing_it_loads_nothing_heavy() -> None:
    assert SUITE.findings == ()


def test_declarations_are_sound_and_the_quick_point_is_one_of_the_points() -> None:
    for kind in KINDS.values():
        assert defects(kind) == []
        assert all(value in kind.parameters[name] for name, value in (kind.quick or {}).items())


def features(name: str, point: dict[str, Any], place: Place, folder: Path, runtime: str = "torch-eager") -> Features:
    workload, subject = KINDS[name](), get(runtime)

    def build() -> Any:
        return workload.build(place, **point)

    subject.prepare(build, place, folder)
    loaded = subject.load(build, place, folder)
    return summed(count(runtime, loaded, lambda call: workload.step(call, loaded.inputs, print), 1), None)


def smallest(name: str) -> dict[str, Any]:
    """The point with the least work, so that this takes no time."""
    kind = KINDS[name]
    ((parameter, values),) = kind.parameters.items()
    return {parameter: min(values, key=lambda value: kind().items(**{parameter: value}))}


@pytest.mark.parametrize("name", CLASSES)
def test_it_is_of_its_class_and_its_items_are_its_flop_or_bytes(
    name: str, place_of: Callable[..., Place], tmp_path: Path
) -> None:
    point = smallest(name)
    found = features(name, point, place_of(), tmp_path)
    assert [work.kind for work in found.classes] == [CLASSES[name], "dispatch"]
    expected = found.weight_bytes if KINDS[name].items_unit == "B" else found.flop
    assert KINDS[name]().items(**point) == expected


@pytest.mark.parametrize(("name", "arrays"), [("copy", 2), ("triad", 3)])
def test_memory_loops_move_the_bytes_that_they_say(
    name: str, arrays: int, place_of: Callable[..., Place], tmp_path: Path
) -> None:
    found = features(name, {"mib": 1}, place_of(), tmp_path)
    assert found.activation_bytes == KINDS[name]().items(mib=1) == arrays * 2**20


def test_memory_loops_compute_what_they_are_called(place_of: Callable[..., Place]) -> None:
    for name, expected in (("copy", lambda b, _: b), ("triad", lambda b, c: b + 3 * c)):
        model = KINDS[name]().build(place_of(), mib=1)
        target, *others = model.inputs
        model.module(*model.inputs)
        assert torch.equal(target, expected(others[0], others[-1]))


def test_elementwise_moves_its_bytes_and_dispatch_makes_its_calls(
    place_of: Callable[..., Place], tmp_path: Path
) -> None:
    moved = features("elementwise", {"op": "relu"}, place_of(), tmp_path)
    assert moved.activation_bytes == KINDS["elementwise"]().items(op="relu")
    assert features("dispatch", {"calls": 256}, place_of(), tmp_path).find("dispatch").calls == 256


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if "ncnn" in kind.runtimes])
@pytest.mark.parametrize("runtime", ["onnxruntime", "ncnn"])
def test_converted_it_gives_eagers_output_and_does_the_same_work(
    runtime: str, name: str, place_of: Callable[..., Place], tmp_path: Path
) -> None:
    point = smallest(name)
    eager, found = (features(name, point, place_of(), tmp_path / r, r) for r in ("torch-eager", runtime))
    assert found.flop == eager.flop
    assert found.find("dispatch").calls >= eager.find("dispatch").calls - 1, "nothing was folded away"


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_products_run_in_half_precision(dtype: str, place_of: Callable[..., Place], tmp_path: Path) -> None:
    assert features("gemm", smallest("gemm"), place_of(dtype), tmp_path).find("gemm").calls == 1


def fake_caches(folder: Path, *caches: tuple[int, int, str, str]) -> Path:
    for cpu, level, shared, size in caches:
        cache = folder / f"cpu{cpu}" / "cache" / f"index{level}"
        cache.mkdir(parents=True)
        for name, text in (("level", level), ("shared_cpu_list", shared), ("size", size)):
            (cache / name).write_text(f"{text}\n")
    return folder


def beyond_cache(folder: Path) -> int:
    found: int = KINDS["copy"].build.__globals__["beyond_cache"](folder)
    return found


@pytest.mark.parametrize(
    ("caches", "mib"),
    [
        ((), 64),
        (((0, 2, "0-3", "512K"),), 64),
        (((0, 2, "0", "1024K"), (0, 3, "0-1", "32768K"), (1, 3, "0-1", "32768K")), 128),
        (((0, 3, "0-7", "32768K"), (8, 3, "8-15", "32768K")), 256),
        (((0, 3, "0-63", "262144K"), (64, 3, "64-127", "262144K")), 1024),
    ],
)
def test_arrays_are_larger_than_all_last_level_caches_together(
    caches: tuple[tuple[int, int, str, str], ...], mib: int, tmp_path: Path
) -> None:
    assert beyond_cache(fake_caches(tmp_path, *caches)) == mib


def test_the_size_that_was_found_stands_in_the_id() -> None:
    assert KINDS["copy"].parameters["mib"] == (beyond_cache(Path("/sys/devices/system/cpu")),)
