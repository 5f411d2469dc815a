"""What the documentation shows works: marked blocks are run, commands and options exist, links lead somewhere.

Marks stand after the language of a fence: ``console test`` runs each ``$`` line, ``python test`` runs the block,
``file=PATH`` saves it. The blocks of a page share one folder, in their order.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from docs_pages import PAGES, ROOT, Block, blocks

from harness.cli import cli

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
BIN = Path(sys.executable).parent
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


def _marked(page: Path) -> bool:
    return any("test" in block.words for block in blocks(page))


def _run(command: list[str], folder: Path, said_by: str) -> None:
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(folder / ".cache")}
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240
    )
    assert ended.returncode == 0, f"{said_by}: exit code {ended.returncode}\n{ended.stdout}\n{ended.stderr}"


def _try(block: Block, page: Path, folder: Path) -> None:
    place = f"{page.name}:{block.line}"
    if block.file:
        target = folder / block.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.text)
    if "test" not in block.words:
        return
    if block.language == "python":
        _run([sys.executable, "-c", block.text], folder, place)
    for command in block.commands:
        _run(["bash", "-euo", "pipefail", "-c", command], folder, f"{place}: {command}")


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if _marked(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_marked_blocks_run(page: Path, tmp_path: Path) -> None:
    for block in blocks(page):
        _try(block, page, tmp_path)


def _typed(page: Path, program: str) -> list[list[str]]:
    """Every call of a program in the page's console blocks, as words."""
    lines = [line for block in blocks(page) if block.language == "console" for line in block.commands]
    calls = [re.split(r"\s(?:\||&&|;|>)\s", line)[0] for line in lines]
    return [shlex.split(call, comments=True) for call in calls if re.match(rf"(\S*/)?{program}\b", call)]


@cache
def _help(*verbs: str) -> str:
    asked = CliRunner().invoke(cli, [*verbs, "--help"], prog_name="tierbench")
    assert asked.exit_code == 0, f"tierbench {' '.join(verbs)} --help: {asked.output}"
    return asked.output


def _verbs(words: list[str]) -> list[str]:
    """The verbs at the beginning of a call: those that the help of what stands before them lists."""
    verbs: list[str] = []
    for word in words:
        if word.startswith("-") or not re.search(rf"^  {re.escape(word)}\b", _help(*verbs), re.MULTILINE):
            break
        verbs.append(word)
    return verbs


@every_page
def test_commands_and_options_exist(page: Path) -> None:
    for _program, *words in _typed(page, "tierbench"):
        verbs = _verbs(words)
        assert verbs or words[0].startswith("-"), f"{page.name}: tierbench has no verb {words[0]}"
        assert not verbs or "COMMAND [ARGS]" not in _help(*verbs), f"{page.name}: tierbench {' '.join(verbs)} of what?"
        options = {word.split("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
        known = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", _help(*verbs)))
        assert options <= known, f"{page.name}: tierbench {' '.join(verbs)} has no {options - known}"


@every_page
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for _program, *words in _typed(page, "make"):
        assert {word for word in words if "=" not in word} <= targets


@every_page
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    missing = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not missing
