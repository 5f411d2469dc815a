"""A suite that needs nothing, and the command line as a user meets it: a process with output and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LIGHT = '''"""Workloads that need no framework."""

from harness import Model, Workload


class Nap(Workload):
    """Waits for some milliseconds."""

    name = "nap"
    runtimes = ("python",)
    parameters = {"ms": (1, 2, 3)}
    quick = {"ms": 1}

    def build(self, place, ms):
        import time

        return Model(lambda: time.sleep(ms / 1000))
'''

ECHO = '''"""A workload whose payload is known."""

from harness import Model, Workload


class Echo(Workload):
    """Is given 200 bytes and returns two copies."""

    name = "echo"
    runtimes = ("python",)

    def build(self, place):
        return Model(lambda given: {"twice": [given, given]}, (b"x" * 200,))
'''
Cli = Callable[..., "subprocess.CompletedProcess[str]"]


def content(folder: Path, **suites: str) -> Path:
    """A directory to give to -I, with a file for each suite."""
    (folder / "content" / "suites").mkdir(parents=True)
    for name, text in suites.items():
        (folder / "content" / "suites" / f"{name}.py").write_text(text)
    return folder / "content"


@pytest.fixture
def light(tmp_path) -> Path:
    """A directory to give to -I; tests put more files beside ``light.py``."""
    return content(tmp_path, light=LIGHT)


@pytest.fixture(scope="session")
def naps(tmp_path_factory) -> Path:
    """The same for runs that tests share; not to be written to."""
    return content(tmp_path_factory.mktemp("naps"), light=LIGHT)


@pytest.fixture(scope="session")
def echo(tmp_path_factory) -> Path:
    """A directory to give to -I with a workload whose payload is known; not to be written to."""
    return content(tmp_path_factory.mktemp("echo"), echo=ECHO)


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory) -> Path:
    """One cache for all tests of a process, as a user has one: what a work needs is prepared once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def environment(session_cache) -> dict[str, str]:
    """The environment of every call."""
    return surroundings(session_cache)


def surroundings(cache: Path) -> dict[str, str]:
    """This environment with a cache in it."""
    return {**os.environ, "TIERBENCH_CACHE": str(cache)}


@pytest.fixture
def tierbench(tmp_path, environment) -> Cli:
    """Call the command line in an empty directory."""
    return calling(tmp_path, environment)


@pytest.fixture(scope="module")
def tierbench_once(tmp_path_factory, session_cache) -> Cli:
    """The same for what the tests of a module share."""
    return calling(tmp_path_factory.mktemp("shared"), surroundings(session_cache))


def calling(place: Path, environment: dict[str, str]) -> Cli:
    """The command line, called in an empty directory of ``place``."""
    folder = place / "empty"
    folder.mkdir()

    def call(*args: object, **more: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "harness", *map(str, args)]
        env = {**environment, **more.pop("env", {})}
        options = {"capture_output": True, "text": True, "check": False, "cwd": folder, "env": env, **more}
        return subprocess.run(command, **options)

    return call
