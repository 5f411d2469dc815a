"""Putting together what this machine can do and what it is."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

from harness import __version__
from harness.host import cpu, gpu, memory, software
from harness.host.files import Files
from harness.model.machine import Capabilities, Environment, Gpu, MeansState, MeterState, RuntimeState
from harness.model.units import MIB

_GRAIN_BYTES = 128 * MIB
"""A kernel's update moves its total memory by less; another machine's differs by more."""


def capabilities(
    means: tuple[MeansState, ...] = (),
    meters: tuple[MeterState, ...] = (),
    runtimes: tuple[RuntimeState, ...] = (),
    files: Files | None = None,
) -> Capabilities:
    """What can be measured and enforced here; what higher rooms know of it is handed in."""
    files = files or Files()
    total = memory.total_bytes(files)
    return Capabilities(
        cores=cpu.cores(),
        memory_bytes=total,
        swap_bytes=memory.swap_bytes(files),
        gpus=gpu.gpus(total),
        means=means,
        meters=meters,
        runtimes=runtimes,
    )


def environment(directory: Path | None = None, files: Files | None = None) -> Environment:
    """This machine and its software; the commit is that of ``directory``, by default the working directory."""
    files = files or Files()
    total, system = memory.total_bytes(files), os.uname()
    gpus, core = gpu.gpus(total), cpu.name(files)
    commit, dirty = software.commit(directory or Path.cwd())
    return Environment(
        hostname=system.nodename,
        system=software.system(files),
        kernel=system.release,
        machine=system.machine,
        cpu=core,
        cores=cpu.cores(),
        memory_bytes=total,
        python=platform.python_version(),
        tierbench=__version__,
        packages=software.packages(),
        governor=cpu.governor(files),
        gpus=gpus,
        virtualisation=software.virtualisation(files),
        git_commit=commit,
        git_dirty=dirty,
        fingerprint=fingerprint(core, cpu.cores(), total, gpus),
    )


def fingerprint(cpu_name: str, cores: int, memory_bytes: int, gpus: tuple[Gpu, ...]) -> str:
    """16 hex digits that are the same for as long as CPU, cores, memory (to 128 MiB), GPUs and driver are."""
    parts = [cpu_name, str(cores), str(round(memory_bytes / _GRAIN_BYTES))]
    parts += [f"{g.name}/{g.memory_bytes}/{g.driver}/{g.mig}" for g in gpus]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
