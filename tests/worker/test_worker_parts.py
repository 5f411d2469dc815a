"""The child's parts: marks, finite outputs, what an exception means."""

from __future__ import annotations

import math
import re

import pytest
from builders import trial

from harness.errors import ContentError
from harness.model.case import Limits
from harness.model.outcome import DoesNotFit, Failed, Unsupported
from harness.runtimes import NotSupported, WrongOutput
from harness.worker import prepare
from harness.worker.failures import outcome_of
from harness.worker.finite import first_not_finite
from harness.worker.timing import mark_samples


def test_marks_become_times_from_the_step_and_gaps_within_it():
    rounds = [(0, 100), (200, 300)]
    taken = [("first", 10), ("token", 10), ("token", 30), ("token", 60), ("first", 220), ("token", 220), ("token", 260)]
    found = {(metric.id, name): values for metric, name, values in mark_samples(rounds, taken)}
    assert found["mark_time", "first"] == [10e-9, 20e-9]
    assert found["interval_time", "token"] == [20e-9, 30e-9, 40e-9]
    assert ("interval_time", "first") not in found


def test_marks_outside_the_rounds_do_not_count():
    assert next(mark_samples([(100, 200)], [("token", 50)]))[2] == []


STAGED = [("preprocessed", 10), ("token", 15), ("token", 20), ("inferred", 40), ("postprocessed", 45)]


def stages(rounds, taken):
    return {name: v for metric, name, v in mark_samples(rounds, taken) if metric.id == "processing_time"}


def test_a_stage_is_the_time_since_the_stage_before_whatever_is_marked_within_it():
    taken = [*STAGED, *((name, at + 100) for name, at in STAGED)]
    found = stages([(0, 50), (98, 150)], taken)
    expected = {"preprocessed": [10e-9, 12e-9], "inferred": [30e-9] * 2, "postprocessed": [5e-9] * 2}
    assert found == {name: pytest.approx(times) for name, times in expected.items()}


def test_a_step_may_lack_a_stage_but_not_mark_one_twice_or_only_at_times():
    assert list(stages([(0, 50)], STAGED[3:])) == ["inferred", "postprocessed"]
    assert stages([(0, 50)], [("inferred", 10), ("inferred", 20)]) == {}
    assert stages([(0, 50), (50, 100)], [("inferred", 10)]) == {}
    assert stages([(0, 50)], [("token", 10)]) == {}


@pytest.mark.parametrize(
    ("output", "place"),
    [
        (1.0, None),
        ({"logits": [1.0, math.inf]}, "output['logits'][1]"),
        ([1, (2.0, math.nan)], "output[1][1]"),
        (None, None),
        ("text", None),
    ],
)
def test_where_an_output_is_not_finite(output, place):
    assert first_not_finite(output) == place


def test_arrays_and_tensors_are_looked_into():
    numpy, torch = pytest.importorskip("numpy"), pytest.importorskip("torch")
    assert first_not_finite(numpy.ones(3)) is None
    assert first_not_finite({"a": numpy.array([1.0, numpy.nan])}) == "output['a']"
    assert first_not_finite((torch.ones(2), torch.tensor([math.inf]))) == "output[1]"


class OutOfMemoryError(RuntimeError):
    """As torch calls it."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OutOfMemoryError("CUDA out of memory"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"
        ),
        RuntimeError("std::bad_alloc"),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_every_shape_of_running_out_of_memory_is_known(error):
    limited = trial(role="ceiling", limits=Limits(memory_bytes=123))
    outcome = outcome_of(error, limited, "load")
    assert isinstance(outcome, DoesNotFit)
    assert outcome.limit_bytes == 123
    assert outcome.reached_bytes > 0


def chained(error, cause=None, context=None):
    error.__cause__, error.__context__ = cause, context
    return error


PORT = RuntimeError("unable to allocate a free TCP port")
LOCKED = OSError(12, "Cannot allocate memory")
"""What mlock says beyond its own limit."""
OVERCOME = chained(KeyError("no entry"), context=MemoryError())
TORCHS = "DefaultCPUAllocator: can't allocate memory: you tried to allocate {} bytes. Error code 12"


def board(error, limit=64 << 30, stage="load"):
    return outcome_of(error, trial(role="ceiling", limits=Limits(memory_bytes=limit)), stage)


@pytest.mark.parametrize(
    "error",
    [MemoryError(), chained(ValueError("could not load"), MemoryError()), RuntimeError(TORCHS.format(1 << 45))],
)
def test_an_allocation_error_under_a_limit_says_how_much_was_held(error):
    outcome = board(error)
    assert isinstance(outcome, DoesNotFit)
    assert re.fullmatch(r"allocation failed in load: .*; it held [\d.]+ [MG]iB of 64 GiB", outcome.how)


@pytest.mark.parametrize(
    "error",
    [PORT, LOCKED, OVERCOME, RuntimeError(TORCHS.format(8)), RuntimeError("std::bad_alloc"), ValueError("MemoryError")],
)
def test_a_text_alone_far_from_the_limit_is_a_failure(error):
    assert isinstance(board(error), Failed)


@pytest.mark.parametrize("error", [PORT, ValueError("MemoryError")])
def test_some_texts_mean_nothing_even_near_the_limit(error):
    assert isinstance(board(error, limit=123), Failed)


@pytest.mark.parametrize("error", [MemoryError("8 GiB"), RuntimeError(TORCHS.format(1 << 50))])
def test_running_out_without_a_limit_is_a_failure_of_this_machine(error):
    outcome = outcome_of(error, trial(), "load")
    assert isinstance(outcome, Failed)
    assert re.fullmatch(r"ran out of memory: .*; it held [\d.]+ [MG]iB of this machine's [\d.]+ GiB", outcome.error)


LIBRARY = "_fblas.cpython-311-x86_64-linux-gnu.so: failed to map segment from shared object"


def test_no_room_for_a_library_is_running_out_under_a_limit_only():
    limited = trial(role="ceiling", limits=Limits(memory_bytes=123))
    assert isinstance(outcome_of(ImportError(LIBRARY), limited, "import"), DoesNotFit)
    assert isinstance(outcome_of(ImportError(f"{LIBRARY}: Operation not permitted"), limited, "import"), Failed)
    assert isinstance(outcome_of(ImportError(LIBRARY), trial(), "import"), Failed)


def test_any_other_exception_is_a_failure_with_one_line_and_its_traceback():
    with pytest.raises(ValueError, match="two") as caught:
        raise ValueError("two\nlines")
    outcome = outcome_of(caught.value, trial(), "warm-up")
    assert outcome == Failed("ValueError: two lines", "warm-up", outcome.detail)
    assert "test_worker_parts" in outcome.detail


def test_what_a_runtime_cannot_run_is_unsupported_unless_it_was_memory_that_lacked():
    error = NotSupported("ncnn cannot run it:\nno layer for fft")
    assert outcome_of(error, trial(), "import") == Unsupported("ncnn cannot run it: no layer for fft")
    error.__cause__ = MemoryError()
    assert isinstance(outcome_of(error, trial(), "import"), Failed)


def test_a_wrong_output_fails_with_its_own_line():
    outcome = outcome_of(WrongOutput("the output of mine differs", hint="nothing of it was timed"), trial(), "import")
    assert isinstance(outcome, Failed)
    assert outcome.error == "the output of mine differs (nothing of it was timed)"


def test_a_broken_suite_keeps_its_place():
    error = ContentError("cannot be imported", where="suite.py:3")
    assert outcome_of(error, trial(), "import").error == "suite.py:3: cannot be imported"


def test_files_that_are_mapped_are_kept_but_not_those_that_processes_write_to_together():
    maps = """\
7f00-7f01 r-xp 00000000 fe:00 1 /usr/lib/libc.so.6
7f01-7f02 rw-p 00000000 fe:00 2 /usr/lib/a name.so
7f02-7f03 r--s 00000000 fe:00 3 /cache/model.safetensors
7f03-7f04 rw-s 00000000 fe:00 4 /home/me/.cache/telemetry.db-shm
7f04-7f05 rw-p 00000000 00:00 0 [heap]
7f05-7f06 rw-p 00000000 00:00 0
"""
    assert prepare.mapped(maps) == {"/usr/lib/libc.so.6", "/usr/lib/a name.so", "/cache/model.safetensors"}
