"""A hundred SIGKILLs at random moments, of the harness or of a child: nothing finished is lost, nothing is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness import limits, store
from harness.errors import Exit

CAMPAIGNS = 4
KILLS = 25
LONGEST_SECONDS = 0.8


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """With a cache of its own, so that preparing is killed too, and processes can be told by it."""
    return {**os.environ, "TIERBENCH_CACHE": str(tmp_path / "cache")}


def start(environment, *args: object) -> subprocess.Popen:
    command = [sys.executable, "-P", "-m", "harness", *map(str, args)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ours(cache: str) -> list[psutil.Process]:
    """Every process that was started with this test's cache in its environment, this one left out."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("TIERBENCH_CACHE") == cache:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def kill_someone(process: subprocess.Popen, chance: random.Random) -> None:
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        children = []
    victim = chance.choice(children).pid if children and chance.random() < 0.4 else process.pid
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        return
    if victim == process.pid:
        process.wait()


def whole_records(path: Path) -> list[str]:
    return [r.trial_id for r in store.read(path).records] if (path / store.MANIFEST).exists() else []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("campaign", range(CAMPAIGNS))
def test_a_hundred_kills_in_all(campaign, light, tmp_path, environment):
    chance = random.Random(20261123 + campaign)
    kills, number = 0, 0
    while kills < KILLS:
        number += 1
        path = tmp_path / f"run-{number}"
        kills += _until_complete(path, light, environment, chance, KILLS - kills)
        run = store.read(path)
        ids = [r.trial_id for r in run.records]
        assert len(set(ids)) == len(ids)
        assert set(ids) == {t.id for t in run.manifest.plan.trials}
    assert ours(environment["TIERBENCH_CACHE"]) == []
    assert limits.sweep() == []


def _until_complete(path: Path, light: Path, environment, chance: random.Random, most: int) -> int:
    """Run and resume ``path`` under fire until it is complete; the number of kills."""
    kills, seen = 0, []
    fresh = (
        "run",
        "light",
        "-I",
        light,
        "-p",
        "host",
        "-p",
        "rpi5",
        "--processes",
        1,
        "--budget",
        0.05,
        "--no-report",
        "--out",
        path,
    )
    while True:
        again = ("run", "--resume", path, "--no-report")
        process = start(environment, *(again if (path / store.MANIFEST).exists() else fresh))
        if kills < most:
            _wait(process, chance.uniform(0.05, LONGEST_SECONDS))
            if process.poll() is None:
                kill_someone(process, chance)
                kills += 1
        code = process.wait()
        now = whole_records(path)
        assert now[: len(seen)] == seen, "a finished record was lost"
        seen = now
        if code in (Exit.OK, Exit.FAILED) and store.read(path).complete:
            return kills


def _wait(process: subprocess.Popen, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
