"""Suites loaded by path: what they declare, and what is said where they are broken."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import collect, content
from harness.collect import SuiteFile
from harness.errors import ContentError, UnknownName

Write = Callable[..., SuiteFile]
ROOT = Path(__file__).parents[2]

SOUND = """
    from harness import Model, Workload

    class Small(Workload):
        name = "small"
        parameters = {"batch": (1, 8)}
        quick = {"batch": 1}

        def build(self, place, batch):
            return Model(lambda: batch)
"""


def _with_import(text: str, line: str) -> str:
    return text.replace("    class", f"    {line}\n\n    class")


def test_a_suite_is_loaded_with_its_workloads_in_order(write: Write) -> None:
    other = """
    class Other(Small):
        name = "another"
    """
    suite = collect.load_suite(write(SOUND + other))
    assert [w.name for w in suite.workloads] == ["small", "another"]
    assert suite.findings == ()
    assert suite.path.is_absolute()


def test_discovery_runs_nothing(write: Write, tmp_path: Path) -> None:
    write("raise SystemExit('was run')", "bad")
    write(SOUND, "folder/suite.py")
    path = content.SearchPath((content.Place(tmp_path, "project"),))
    assert [(f.name, f.origin) for f in collect.discover(path)] == [("bad", "project"), ("folder", "project")]


def test_siblings_are_imported_relatively_in_a_file_and_in_a_folder(write: Write) -> None:
    for name in ("demo", "folder/suite.py"):
        text = SOUND.replace('"batch": (1, 8)', '"batch": SIZES').replace(
            "from harness", "from ._sizes import SIZES\n    from harness"
        )
        suite = collect.load_suite(write(text, name, _sizes="SIZES = (1, 4)"))
        assert len(collect.references(suite)) == 2


def test_a_workload_of_a_sibling_counts_and_an_imported_one_of_another_suite_does_not(write: Write) -> None:
    text = (
        "from .parts import Small\nfrom harness.model.workload import Workload\nfrom collections import OrderedDict\n"
    )
    suite = collect.load_suite(write(text, "folder/suite.py", parts=SOUND))
    assert [w.name for w in suite.workloads] == ["small"]


def test_a_base_class_begins_with_an_underscore(write: Write) -> None:
    text = (
        SOUND.replace("class Small", "class _Base")
        + """
    class One(_Base):
        name = "one"
    """
    )
    assert [w.name for w in collect.load_suite(write(text)).workloads] == ["one"]


def test_a_changed_file_is_read_again(write: Write) -> None:
    assert collect.load_suite(write(SOUND)).workloads[0].version == 1
    text = SOUND.replace('name = "small"', 'name = "small"; version = N').replace(
        "    class", "    from ._n import N\n    class"
    )
    assert collect.load_suite(write(text, _n="N = 2")).workloads[0].version == 2
    assert collect.load_suite(write(text, _n="N = 30")).workloads[0].version == 30


def test_two_suites_with_helpers_of_one_name_do_not_mix(write: Write) -> None:
    text = _with_import(SOUND.replace('"small"', "NAME"), "from .parts import NAME")
    first = collect.load_suite(write(text, "a/suite.py", parts="NAME = 'one'"))
    second = collect.load_suite(write(text, "b/suite.py", parts="NAME = 'two'"))
    assert [s.workloads[0].name for s in (first, second)] == ["one", "two"]


def test_what_a_suite_prints_on_import_stays_off_the_output(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    collect.load_suite(write(SOUND + '\n    print("hello")'))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "hello\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("import nothing_of_this_name", 1, "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("x = 1\n\ny = x / 0\n", 3, "ZeroDivisionError: division by zero"),
        ("def f():\n    raise ValueError('a\\nb')\n\nf()\n", 2, "ValueError: a b"),
        ("class A:\n    x =\n", 2, "SyntaxError: invalid syntax"),
        ("if True:\nx = 1\n", 2, "IndentationError: expected an indented block"),
        ("raise SystemExit(3)", 1, "SystemExit: 3"),
        ("import json\n\njson.loads('{')\n", 3, "JSONDecodeError: Expecting property name"),
        ("\nfrom ._missing import x\n", 2, "ModuleNotFoundError"),
        ("\nassert False\n", 2, "AssertionError"),
        ("def f():\n    f()\nf()\n", 2, "RecursionError"),
    ],
)
def test_a_suite_that_raises_at_import_names_its_own_line(write: Write, text: str, line: int, said: str) -> None:
    file = write(text)
    before = _suites_loaded()
    with pytest.raises(ContentError) as caught:
        collect.load_suite(file)
    assert caught.value.where == f"{file.path}:{line}"
    assert f"cannot be imported: {said}" in caught.value.line
    assert "\n" not in caught.value.line
    assert _suites_loaded() == before


def _suites_loaded() -> set[str]:
    return {name for name in sys.modules if name.startswith("harness.model.suite_files.")}


def test_a_broken_sibling_names_the_sibling(write: Write) -> None:
    file = write("from . import parts\n", "folder/suite.py", parts="x = 1\ny = [\n")
    with pytest.raises(ContentError) as caught:
        collect.load_suite(file)
    assert caught.value.where == f"{file.path.parent / 'parts.py'}:2"


@pytest.mark.parametrize("data", [b"\x00\x01", b"x = '\xff'\n", "x = 'é'".encode("utf-16")])
def test_what_is_no_text_is_told_too(write: Write, data: bytes) -> None:
    file = write("")
    file.path.write_bytes(data)
    with pytest.raises(ContentError) as caught:
        collect.load_suite(file)
    assert caught.value.where.startswith(str(file.path))


def test_a_file_that_is_gone_is_told(write: Write) -> None:
    file = write("")
    file.path.unlink()
    with pytest.raises(ContentError, match="cannot be imported: FileNotFoundError"):
        collect.load_suite(file)


def test_a_file_without_a_workload_says_how_to_be_a_helper(write: Write) -> None:
    with pytest.raises(ContentError, match="declares no workload") as caught:
        collect.load_suite(write("x = 1\n"))
    assert "'_'" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "small"', 'name = "Not Good"', "name is 'Not Good'"),
        ('name = "small"', "", "name is None"),
        ("def build(self, place, batch)", "def make(self, place, batch)", "build is not defined"),
        (
            "place, batch)",
            "place, size)",
            "build does not take the parameters batch: missing a required argument: 'size'",
        ),
        (
            "place, batch)",
            "place)",
            "build does not take the parameters batch: got an unexpected keyword argument 'batch'",
        ),
        (
            "    def build",
            "    items = 3\n        def build",
            "items does not take the parameters batch: 3 is not a callable",
        ),
        ("(1, 8)", "()", "parameters['batch'] has no values"),
        ("(1, 8)", "(1, 1.0, 1)", "parameters['batch'] has 1 twice"),
        ("(1, 8)", "5", "parameters['batch'] must be a tuple"),
        ("(1, 8)", "(1, [2])", "a value must be a number, a string or a truth value"),
        ("(1, 8)", "(1, float('nan'))", "a number must be finite"),
        ("(1, 8)", "(1, 'a,b=c')", "text must be without spaces"),
        ('"batch": (1, 8)', '"two words": (1,)', "a keyword"),
        ('parameters = {"batch": (1, 8)}', "parameters = [1, 8]", "parameters must be a dictionary"),
        ('quick = {"batch": 1}', 'quick = {"batch": 2}', "which is not among parameters['batch']"),
        ('quick = {"batch": 1}', "quick = {}", "quick and parameters differ in batch"),
        ('quick = {"batch": 1}', "quick = True", "quick must be a dictionary"),
        ('quick = {"batch": 1}', 'quick = {"batch": 1}; dtypes = ()', "dtypes is empty"),
        ('quick = {"batch": 1}', 'quick = {"batch": 1}; runtimes = ()', "runtimes must begin with the one that is"),
        (
            'quick = {"batch": 1}',
            'quick = {"batch": 1}; runtimes = ("any",)',
            "runtimes must begin with the one that is",
        ),
        ('quick = {"batch": 1}', 'quick = {"batch": 1}; dtypes = "float32"', "dtypes must be a tuple of strings"),
        ('quick = {"batch": 1}', 'quick = {"batch": 1}; requires = (1,)', "requires must be a tuple of strings"),
        ('quick = {"batch": 1}', 'quick = {"batch": 1}; version = "2"', "version is '2'"),
        ('quick = {"batch": 1}', 'quick = {"batch": 1}; deadline_seconds = -1', "deadline_seconds is -1"),
    ],
)
def test_a_declaration_that_is_wrong_names_the_class_and_its_line(write: Write, old: str, new: str, said: str) -> None:
    assert old in SOUND
    file = write(SOUND.replace(old, new))
    with pytest.raises(ContentError) as caught:
        collect.load_suite(file)
    assert caught.value.where == f"{file.path}:4"
    assert caught.value.what.startswith("Small: ")
    assert said in caught.value.what


def test_two_workloads_of_one_name_are_an_error_that_names_both(write: Write) -> None:
    file = write(SOUND + "\n    class Twin(Small):\n        pass\n")
    with pytest.raises(ContentError, match="'small' is declared twice") as caught:
        collect.load_suite(file)
    assert f"first at {file.path}:4" in caught.value.what
    assert caught.value.where == f"{file.path}:12"


def test_a_broken_suite_is_not_passed_over_when_all_are_loaded(write: Write, tmp_path: Path) -> None:
    write(SOUND, "good")
    file = write("1 / 0", "bad")
    with pytest.raises(ContentError, match=f"{file.path}:1"):
        collect.load_all(content.SearchPath((content.Place(tmp_path, "project"),)))


def test_a_suite_that_imports_something_heavy_is_warned_about(write: Write, tmp_path: Path) -> None:
    file = write(SOUND + "\n    import pandas\n")
    code = f"""
from pathlib import Path
from harness import collect
suite = collect.load_suite(collect.SuiteFile("demo", Path({str(file.path)!r})))
(finding,) = suite.findings
print(finding.level, finding.code, finding.message, finding.hint, sep="|")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ended.stdout.startswith("warning|heavy-suite|importing the suite demo loads pandas")
    assert "inside build" in ended.stdout


def test_the_suites_that_come_with_tierbench_import_nothing_heavy() -> None:
    code = """
import sys
from harness import collect, content
suites = collect.load_all(content.search_path())
assert suites and not [f for s in suites for f in s.findings]
print(*{"torch", "numpy", "transformers", "pandas"} & set(sys.modules))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ended.stdout.strip() == ""


def test_a_workload_is_found_by_its_full_name_and_by_its_own(write: Write) -> None:
    suites = [collect.load_suite(write(SOUND, name)) for name in ("a", "b")]
    suites.append(collect.load_suite(write(SOUND.replace('"small"', '"only"'), "c")))
    assert collect.find(suites, "b/small") is suites[1].workloads[0]
    assert collect.find(suites, "only") is suites[2].workloads[0]
    with pytest.raises(UnknownName, match="did you mean b/small or a/small"):
        collect.find(suites, "small")
    with pytest.raises(UnknownName, match="did you mean c/only"):
        collect.find(suites, "c/olny")


def test_the_child_gets_the_workload_behind_a_reference(write: Write) -> None:
    (ref, _) = collect.references(collect.load_suite(write(SOUND)))
    assert collect.workload(ref).name == "small"
