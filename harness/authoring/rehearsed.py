"""A suite tried in a child of its own, before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness import asking, atomic, collect, content
from harness.collect import SuiteFile
from harness.errors import UnknownName, UserError
from harness.model.inquiry import SuiteAnswer, SuiteQuestion
from harness.model.text import shortened

IN_TIME = "-k TEXT tries only workloads whose name contains TEXT"


def suite_file(name: str, include: Sequence[Path] = ()) -> SuiteFile:
    """The suite of that name on the search path, or in that file or folder. Raises UserError."""
    path = atomic.expanded(Path(name))
    inside = path / "suite.py" if "/" in name and atomic.is_directory(path) else path
    if inside.suffix == ".py":
        if not atomic.is_file(inside):
            raise UserError("no such file", where=shortened(str(inside)), hint="give a suite's name, file or folder")
        inside = inside.absolute()
        return SuiteFile(inside.parent.name if inside.name == "suite.py" else inside.stem, inside, "given")
    known = {file.name: file for file in collect.discover(content.search_path(include))}
    if name not in known:
        raise UnknownName("suite", name, sorted(known))
    return known[name]


def check_suite(file: SuiteFile, cache: Path, matching: Sequence[str] = ()) -> SuiteAnswer:
    """Everything that is wrong with a suite, found by building and stepping its workloads in a child.

    ``matching``: only those whose names contain one of these texts are built; what all declare is checked. Raises
    UserError where there is no such workload, or the child is not done in time.
    """
    question = SuiteQuestion(file.name, str(file.path), str(cache), tuple(matching))
    answer = asking.ask("rehearsal", question, SuiteAnswer, about=str(file.path), in_time=IN_TIME)
    if matching and not answer.tried and not answer.faults:
        raise UserError(f"no workload has {' or '.join(map(repr, matching))} in its name", where=str(file.path))
    return answer
