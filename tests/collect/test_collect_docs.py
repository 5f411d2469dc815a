"""docs/writing-a-suite.md shows the example suites as they are, and they load; its tables and errors are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import collect, content
from harness.collect import SuiteFile
from harness.errors import ContentError
from harness.model.workload import Workload

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "writing-a-suite.md").read_text()
EXAMPLES = sorted((ROOT / "examples" / "suites").glob("*.py"))
SHOWN = dict(re.findall(r"^```python file=(\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.name)
def test_the_page_shows_the_example_as_it_is(file: Path) -> None:
    assert SHOWN[f"suites/{file.name}"] == file.read_text()


def test_the_page_shows_nothing_else() -> None:
    assert set(SHOWN) == {f"suites/{file.name}" for file in EXAMPLES}


def test_the_examples_load_when_their_directory_is_given() -> None:
    path = content.search_path([ROOT / "examples"])
    suites = {file.name: collect.load_suite(file) for file in collect.discover(path) if "examples" in str(file.path)}
    assert set(suites) == {file.stem for file in EXAMPLES}
    for suite in suites.values():
        assert suite.findings == ()
        assert collect.quick_references(suite)


def test_the_table_has_every_attribute_that_a_workload_may_set() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| .* \|$", PAGE, re.MULTILINE)
    assert set(rows) == set(Workload.__annotations__)


def test_the_errors_shown_are_what_is_said(tmp_path: Path) -> None:
    mlp = (ROOT / "examples" / "suites" / "mlp.py").read_text()
    broken = [
        ("mlp.py", mlp.replace("batch: int)", "batch: int, rows: int)")),
        ("mlp.py", mlp.replace("from harness", "from harnes")),
        ("helpers.py", "SIZE = 3\n"),
    ]
    said = []
    for name, text in broken:
        file = tmp_path / "suites" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        with pytest.raises(ContentError) as caught:
            collect.load_suite(SuiteFile(file.stem, file))
        said.append(caught.value.line.replace(str(tmp_path), "/home/me/project"))
    assert "```text\n" + "\n".join(said) + "\n```" in PAGE


def test_the_order_of_places_is_the_code_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    origins = [place.origin for place in content.search_path([ROOT / "examples"]).places]
    assert (origins[0], origins[1], origins[-1]) == (f"-I {ROOT / 'examples'}", "project", "tierbench")
