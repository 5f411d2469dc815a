"""What is wrong with a suite, found by trying it: each fault planted in a sound one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rehearsal_suites import SOUND

from harness.model.inquiry import Fault, SuiteAnswer, SuiteQuestion
from harness.rehearsal import rehearse

Tried = Callable[[str], list[Fault]]


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_sound_suite_has_no_faults(tried: Tried) -> None:
    assert tried(SOUND) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("deadline_seconds = 0.1", "deadline_seconds = '100 ms'", "deadline_seconds is '100 ms': it must be a number"),
        ("deadline_seconds = 0.1", "deadline_seconds = float('inf')", "deadline_seconds is inf"),
        ('name = "small"', 'name = "Not Good"', "name is 'Not Good'"),
        ("(1, 8)", "()", "parameters['batch'] has no values"),
        ('("python",)', '("pyton",)', "no runtime is called 'pyton'"),
        (
            '("python",)',
            '("python",); requires = ("nothing_here",)',
            "the module 'nothing_here' of requires is not here",
        ),
        ("return batch", "return 0", "items gives 0 at {'batch': 1}"),
        ("return batch", "return float('inf')", "items gives inf"),
        ("return batch", "return 'many'", "items gives 'many'"),
        ("return batch", "return 8 - batch", "items gives 0 at {'batch': 8}"),
        ("return batch", "return 1 / (batch - 1)", "items raises ZeroDivisionError"),
        ("return Model(Net(), (float(batch),))", "raise ValueError('no layer')", "build raises ValueError: no layer"),
        ("return Model(Net(), (float(batch),))", "return Net()", "build returns Net"),
        ("return call(*inputs)", "return call(*inputs)[7]", "step raises IndexError"),
        ("return call(*inputs)", "return float('nan')", "a number is not finite at output"),
    ],
)
def test_a_fault_names_the_line_that_it_stands_in(tried: Tried, old: str, new: str, said: str) -> None:
    text = SOUND.replace(old, new)
    assert text != SOUND
    (fault,) = tried(text)
    assert fault.message.startswith("Small: ")
    assert said in fault.message
    subject = {"items": "def items", "build returns": "def build", "a number": "def step"}
    expected = next((mark for words, mark in subject.items() if said.startswith(words)), new)
    expected = new if "raises" in said else expected
    assert fault.line == line_of(text, expected)


def test_all_faults_of_a_declaration_are_told_at_once(tried: Tried) -> None:
    text = SOUND.replace("deadline_seconds = 0.1", "deadline_seconds = 'soon'").replace('"small"', '"Not Good"')
    assert [fault.line for fault in tried(text)] == [line_of(text, "name ="), line_of(text, "deadline_seconds")]


def test_faults_of_one_workload_leave_the_others_tried(tried: Tried) -> None:
    other = "\n\nclass Other(Small):\n    name = 'other'\n    def items(self, batch):\n        return -1\n"
    text = SOUND.replace("deadline_seconds = 0.1", "deadline_seconds = 'soon'") + other.replace(
        "name = 'other'", "name = 'other'; deadline_seconds = 1"
    )
    assert [f.message.partition(":")[0] for f in tried(text)] == ["Small", "Other"]


def test_only_workloads_that_match_are_built_and_what_all_declare_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "demo.py"
    raising = "\n\nclass Other(Small):\n    name = 'other'\n    def build(self, place, batch):\n        raise OSError\n"
    file.write_text(SOUND + raising)

    def answered(*matching: str) -> SuiteAnswer:
        return rehearse(SuiteQuestion("demo", str(file), str(tmp_path), matching))

    assert answered("sma") == SuiteAnswer((), ("small",))
    assert answered("none") == SuiteAnswer()
    assert answered("sma", "oth").tried == answered().tried == ("small", "other")
    file.write_text(SOUND + raising.replace("'other'", "'other'; deadline_seconds = 'soon'"))
    (fault,) = answered("sma").faults
    assert "deadline_seconds is 'soon'" in fault.message


def test_two_workloads_of_one_name_are_a_fault(tried: Tried) -> None:
    (fault,) = tried(SOUND + "\n\nclass Twin(Small):\n    pass\n")
    assert "'small' is declared twice" in fault.message


def test_a_build_that_draws_anew_each_time_is_found(tried: Tried) -> None:
    text = SOUND.replace("[1.0, 2.0]", "[__import__('random').random()]")
    (fault,) = tried(text)
    assert "a second build gives another output: output[0] differs by" in fault.message
    assert "seed" in fault.hint
    assert fault.line == line_of(text, "def build")


def test_a_step_that_changes_what_it_was_given_is_found(tried: Tried) -> None:
    text = SOUND.replace("return call(*inputs)", "call.weights[0] += 1; return call(*inputs)")
    (fault,) = tried(text)
    assert "a second step gives another output" in fault.message
    assert fault.line == line_of(text, "def step")


def test_a_step_that_learns_may_change_the_model_but_a_second_build_begins_anew(tried: Tried) -> None:
    learning = SOUND.replace("deadline_seconds = 0.1", "deadline_seconds = 0.1; learns = True")
    assert not tried(learning.replace("return call(*inputs)", "call.weights[0] += 1; return call(*inputs)"))
    (fault,) = tried(learning.replace("[1.0, 2.0]", "[__import__('random').random()]"))
    assert "a second build gives another output" in fault.message


@pytest.mark.parametrize("said", ["'yes'", "1"])
def test_whether_it_learns_is_true_or_false(tried: Tried, said: str) -> None:
    (fault,) = tried(SOUND.replace("deadline_seconds = 0.1", f"deadline_seconds = 0.1; learns = {said}"))
    assert f"learns is {said}: it must be True or False" in fault.message


def test_an_output_of_another_shape_is_found(tried: Tried) -> None:
    (fault,) = tried(SOUND.replace("return call(*inputs)", "call.weights.append(1.0); return call(*inputs)"))
    assert "2 and 3 arrays" in fault.message or "3 and 4 arrays" in fault.message


def test_a_model_that_a_global_keeps_is_found(tried: Tried) -> None:
    text = SOUND.replace("class Net:", "KEPT = []\n\n\nclass Net:").replace(
        "self.weights = [1.0, 2.0]", "self.weights = [1.0, 2.0]; KEPT.append(self)"
    )
    (fault,) = tried(text)
    assert "its Net is still there once nothing needs it" in fault.message
    assert fault.line == line_of(text, "def build")


def test_memory_that_each_build_leaves_behind_is_found(tried: Tried) -> None:
    text = SOUND.replace("class Net:", "KEPT = []\n\n\nclass Net:").replace(
        "return Model(Net()", "KEPT.append(b'x' * (64 << 20)); return Model(Net()"
    )
    (fault,) = tried(text)
    assert "each build leaves 64" in fault.message


def test_work_at_import_is_found(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.rehearsal.suite.IMPORT_SECONDS", 0.05)
    busy = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end:\n    pass\n"
    (fault,) = tried(busy + SOUND)
    assert "of processor time" in fault.message
    assert fault.hint == "do the work inside build"


def test_heavy_imports_in_build_are_to_be_named(tried: Tried) -> None:
    text = SOUND.replace("return Model(Net()", "import scipy.stats\n        return Model(Net()")
    (fault,) = tried(text)
    assert fault.message == "Small: build imports scipy"
    assert fault.line == line_of(text, "import scipy")
    assert tried(text.replace("deadline_seconds", 'requires = ("scipy.stats",)\n    deadline_seconds')) == []


@pytest.mark.parametrize("text", ["import nothing_of_this_name", "x = 1\n", "class A:\n    x =\n"])
def test_a_file_that_cannot_be_used_is_one_fault_with_its_line(tried: Tried, text: str) -> None:
    (fault,) = tried(text)
    assert fault.line > 0


RAW = SOUND.replace("import Model, Workload", "import Model, Raw, Workload").replace(
    "return Model(Net(), (float(batch),))", "return Model(Net(), (float(batch),), Raw((batch, 10)))"
)
PREPARES = """    def step(self, call, inputs, marks):
        batch, scale = inputs
        return call(batch / scale)
"""


def test_a_step_that_prepares_raw_input_is_tried_with_it(tried: Tried) -> None:
    step = "    def step(self, call, inputs, marks):\n        return call(*inputs)\n"
    assert step in RAW
    assert tried(RAW.replace(step, PREPARES)) == []
    (fault,) = tried(RAW.replace(step, PREPARES.replace("scale)", "(scale - 10))")))
    assert "step raises ZeroDivisionError" in fault.message


def test_any_runtime_may_be_named_beside_the_default(tried: Tried) -> None:
    assert tried(SOUND.replace('("python",)', '("python", "any")')) == []
