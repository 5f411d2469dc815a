"""From records to anchors, figures and errors in a profile."""

from __future__ import annotations

import tomllib

import pytest
from msgspec.structs import replace
from vendor.calibrated import MILLISECONDS, measured, run, timing

from harness import plan, profiles
from harness.errors import UserError
from harness.model.machine import Capabilities, RuntimeState
from harness.model.outcome import Failed
from harness.vendor import anchor_models, calibrate, gathering, profile_file, putting
from harness.vendor.calibrate import Asked

pytestmark = pytest.mark.slow

ASKED = Asked()


def groups(*records, threads=4, models=None):
    found = gathering.gather([run(*records)])
    models = models or {f"published/{name}": name for name in MILLISECONDS}
    return [group for _, group in gathering.anchors(found, models, threads, {"ncnn": "1.0.1"})]


def put(board, found=None):
    profile = profile_file.load(board)
    return putting.put(board.read_text(), found or measured(), profile, "cpu", board)


def test_the_value_is_the_median_of_the_samples_that_are_kept():
    (group,) = groups(timing("alexnet", 20.0), timing("alexnet", 21.0, 1), timing("resnet18", 30.0))
    assert group.values["alexnet"] == pytest.approx(20.55, abs=0.05)
    assert len(group.samples["alexnet"]) <= gathering.KEPT_SAMPLES
    assert set(group.samples["alexnet"]) <= {round(20 * (1 + 0.001 * i), 5) for i in range(5)} | {
        round(21 * (1 + 0.001 * i), 5) for i in range(5)
    }
    assert group.spread["alexnet"] == pytest.approx(0.0488, abs=0.001)
    assert (group.n, group.threads, group.version, group.by) == (90, 4, "1.0.1", "tierbench")


def test_a_runtime_that_compiles_for_minutes_is_calibrated_only_where_it_is_asked_for():
    states = tuple(RuntimeState(name, "cpu", None, "1") for name in ("ncnn", "python", "torch-compile"))
    caps = Capabilities(cores=2, memory_bytes=1, swap_bytes=0, runtimes=states)
    assert calibrate._versions(caps, ()) == {"ncnn": "1"}
    assert calibrate._versions(caps, ("torch-compile",)) == {"torch-compile": "1"}


def test_runtimes_and_data_types_have_groups_of_their_own():
    found = groups(
        timing("alexnet", 20.0),
        timing("alexnet", 25.0, runtime="onnxruntime"),
        timing("alexnet", 15.0, dtype="float16"),
    )
    assert {(g.runtime, g.dtype): g.values["alexnet"] // 1 for g in found} == {
        ("ncnn", "float32"): 20.0,
        ("onnxruntime", "float32"): 25.0,
        ("ncnn", "float16"): 15.0,
    }


def test_a_trial_that_is_not_valid_is_left_out_and_why_is_said():
    busy = timing("alexnet", 80.0, 1, waited=0.6)
    found = gathering.gather([run(timing("alexnet", 20.0), busy)])
    (times,) = found.times.values()
    assert times.median < 0.021
    assert found.notes[0].startswith(f"left out: {busy.trial_id}: a thread that was ready had to wait for a core")


def test_a_trial_that_failed_is_left_out_with_its_error():
    broken = replace(timing("alexnet", 20.0), outcome=Failed("no such file", "load"))
    found = gathering.gather([run(broken)])
    assert (found.times, found.notes[0]) == ({}, f"left out: {broken.trial_id}: no such file")


def test_how_hot_the_board_became_is_said_or_that_it_is_not_known():
    warm = [timing("alexnet", 20.0, i, celsius=t) for i, t in enumerate((45.0, 61.0, 58.0))]
    said = gathering.gather([run(*warm)]).notes[-1]
    assert said == "hottest thermal zone: 45 °C at first, 58 °C at last, 61 °C at most"
    assert "no thermal zone answers here" in gathering.gather([run(timing("alexnet", 20.0))]).notes[-1]


def test_a_profile_gains_anchors_figures_and_the_error_of_projections(board):
    text, said = put(board)
    profile_file.write(text, board)
    profile = profiles.load(board)
    cpu = profile.target[0]
    assert {(g.runtime, g.threads): len(g.values) for g in cpu.anchors} == {
        ("ncnn", 1): 5, ("ncnn", 4): 5, ("onnxruntime", 1): 5, ("onnxruntime", 4): 5,
    }  # fmt: skip
    assert profile.memory.bandwidth_copy_1t.base == pytest.approx(2**27 / 0.12, rel=0.01)
    assert profile.memory.bandwidth_copy.base == pytest.approx(2**27 / 0.04, rel=0.01)
    assert (cpu.thread_speedup.value, cpu.thread_speedup.kind) == (pytest.approx(3.0), "computed")
    assert {(a.threads, a.cases, a.method) for a in cpu.accuracy} == {
        (1, 5, "leave-one-anchor-out"), (4, 5, "leave-one-anchor-out"),
    }  # fmt: skip
    assert all(0 < a.median_error <= a.worst_error for a in cpu.accuracy)
    assert "no error: the library has no times of onnxruntime" in " ".join(said)


def test_calibrating_anew_takes_the_place_of_the_old_and_leaves_other_sources(board):
    first, _ = put(board)
    imported = first.replace('source = "tierbench profile calibrate"\n', 'source = "our lab"\n', 1)
    board.write_text(imported)
    second, said = put(board)
    board.write_text(second)
    found = profiles.load(board).target[0]
    assert sum(group.source == "our lab" for group in found.anchors) == 1
    assert sum(group.source == gathering.SOURCE for group in found.anchors) == 3
    assert sum("kept as it stands, from our lab" in line for line in said) == 5
    assert len(found.accuracy) == 2
    third, _ = put(board)
    assert tomllib.loads(third) == tomllib.loads(second)


def test_what_a_profile_states_from_elsewhere_stays(board):
    stated = 'bandwidth_copy = { value = 9, unit = "GB/s", source = "tinymembench", date = "2024", kind = "measured" }'
    board.write_text(board.read_text().replace("[[target]]", f"{stated}\n\n[[target]]", 1))
    text, _ = put(board)
    data = tomllib.loads(text)
    assert data["memory"]["bandwidth_copy"]["source"] == "tinymembench"
    assert data["target"][0]["clusters"][0]["flop_per_cycle_fp32"]["source"] == "manual"


def test_operations_per_cycle_come_from_products_where_nothing_states_them(board):
    lines = [line for line in board.read_text().splitlines() if not line.startswith("flop_per_cycle")]
    board.write_text("\n".join(lines) + "\n")
    text, _ = put(board)
    figure = tomllib.loads(text)["target"][0]["clusters"][0]["flop_per_cycle_fp32"]
    assert figure["value"] == pytest.approx(2.0 * 2**30 / 0.09 / 2.4e9, rel=0.01)
    assert figure["kind"] == "computed"


def test_a_target_that_is_no_cpu_is_refused(board):
    with pytest.raises(UserError, match="no CPU target called 'gpu'"):
        putting.target_of(profile_file.load(board), "gpu", board)


def test_models_are_found_by_their_names_in_any_suite():
    chosen = anchor_models.choose()
    assert {"mobilenet_v2", "resnet50"} <= set(chosen.models)
    assert all(ref.parameters.get("batch", 1) == 1 for ref in chosen.models.values())
    assert {ref.name for ref in chosen.primitives} == {"copy", "gemm"}
    assert set(anchor_models.choose(["resnet50"]).models) == {"resnet50"}
    with pytest.raises(UserError, match="no suite here has a model to calibrate with"):
        anchor_models.choose(["no-such-model"])


@pytest.mark.parametrize(("trials", "minutes", "processes"), [(20, 10.0, 3), (50, 10.0, 2), (200, 10.0, 1)])
def test_the_pace_keeps_to_the_minutes(trials, minutes, processes):
    made = anchor_models.pace(trials, minutes, plan.Settings())
    assert made.processes == processes
    each = made.timing.budget_seconds + made.timing.warmup_seconds
    assert each >= anchor_models.LEAST_SECONDS
    if processes > 1:
        assert trials * processes * (each + anchor_models.START_SECONDS) == pytest.approx(minutes * 60)


def test_a_runtime_that_is_not_there_is_refused():
    with pytest.raises(UserError, match="no runtime is called 'cuda-magic'"):
        calibrate.measure(Asked(runtimes=("cuda-magic",)), (), lambda _event: None, None)


def test_another_board_is_refused_before_anything_is_measured(board):
    board.write_text(board.read_text().replace("value = 4, unit", "value = 4096, unit"))
    with pytest.raises(UserError, match="the target cpu has 4096 cores, and here there are"):
        calibrate.calibrate(ASKED, board, lambda _event: None, None)


def test_only_the_runtimes_that_the_profile_names_are_tried(board):
    target = replace(profile_file.load(board).target[0], runtimes=("ncnn",))
    said = []
    asked = calibrate._where_they_work(Asked(runtimes=("ncnn", "onnxruntime")), target, said.append)
    assert asked.runtimes == ("ncnn",)
    assert said[0].text == "onnxruntime is left out: the profile's runtimes of cpu do not name it"
    with pytest.raises(UserError, match="none of the runtimes of cpu works here"):
        calibrate._where_they_work(Asked(runtimes=("onnxruntime",)), target, said.append)


def test_half_precision_is_tried_in_ncnn_alone_and_primitives_in_every_runtime():
    chosen = anchor_models.choose(["resnet50"])
    single, half, primitives = chosen.selections(("ncnn", "onnxruntime"), ("ncnn", "onnxruntime", "torch-eager"), True)
    assert (single.runtimes, single.dtypes) == (("ncnn", "onnxruntime"), ("float32",))
    assert (half.runtimes, half.dtypes) == (("ncnn",), ("float16",))
    assert (primitives.runtimes, primitives.dtypes) == (("ncnn", "onnxruntime", "torch-eager"), ("float32",))
    assert len(chosen.selections(("onnxruntime",), ("onnxruntime",), True)) == 2
