"""The kernel's own accounts of what disturbs a process, each as one figure; None where this system does not keep it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from harness.host.files import HERE, Files

_GROUP_ROOTS = ("", "unified", "cpu", "cpu,cpuacct")


def run_delays(proc: Path) -> dict[str, int] | None:
    """Nanoseconds that each thread of this process has waited for a core; None where the kernel does not say."""
    found = {}
    files = Files(proc)
    for task in files.matching("self/task/*/schedstat"):
        fields = (files.text(task) or "").split()
        if len(fields) >= 2 and fields[0] != "0" and fields[1].isdecimal():
            found[task.split("/")[2]] = int(fields[1])
    return found or None


def stolen_seconds(proc: Path, cores: Iterable[int]) -> float | None:
    """Seconds stolen so far from these cores, a core; None where /proc/stat does not show it."""
    lines = {line.split()[0]: line.split() for line in (_text(proc / "stat") or "").splitlines() if line.split()}
    rows = [fields for core in cores if (fields := lines.get(f"cpu{core}")) and len(fields) > 8]
    ticks = [int(fields[8]) for fields in rows if fields[8].isdecimal()]
    return sum(ticks) / len(ticks) / os.sysconf("SC_CLK_TCK") if ticks else None


def quota_throttled_seconds(proc: Path, system: Path) -> float | None:
    """Seconds so far in which a CPU quota of this process's group, or of one above it, stopped it."""
    folders = {
        folder.resolve()
        for group in _own_groups(_text(proc / "self/cgroup") or "")
        for root in _GROUP_ROOTS
        for folder in _upwards(system / "fs/cgroup" / root, group)
    }
    found = [s for folder in folders if (s := _throttled(_text(folder / "cpu.stat") or "")) is not None]
    return sum(found) if found else None


def _own_groups(text: str) -> list[str]:
    """Paths of this process's groups in the hierarchies that have a CPU controller."""
    lines = [line.split(":", 2) for line in text.splitlines() if line.count(":") >= 2 and "\0" not in line]
    return list(dict.fromkeys(path for _, names, path in lines if not names or "cpu" in names.split(",")))


def _upwards(root: Path, group: str) -> list[Path]:
    parts = [part for part in group.split("/") if part and part != ".."]
    return [root.joinpath(*parts[:count]) for count in range(len(parts), -1, -1)]


def _throttled(text: str) -> float | None:
    rows = [line.split()[:2] for line in text.splitlines()]
    fields = {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdecimal()}
    if "throttled_usec" in fields:
        return fields["throttled_usec"] / 1e6
    return fields["throttled_time"] / 1e9 if "throttled_time" in fields else None


def thermal_throttles(system: Path, cores: Iterable[int]) -> int | None:
    """Thermal throttle events of these cores so far, None where the processor does not count them."""
    texts = [_text(_cpu(system, core) / "thermal_throttle/core_throttle_count") for core in cores]
    counts = [int(text) for text in texts if text and text.isdecimal()]
    return sum(counts) if counts else None


def fastest_clock(proc: Path, system: Path, cores: Iterable[int]) -> float | None:
    """The clock of the fastest of these cores in Hz, None where it cannot be read."""
    texts = [_text(_cpu(system, core) / "cpufreq/scaling_cur_freq") for core in cores]
    found = [int(text) * 1e3 for text in texts if text and text.isdecimal()]
    return max(found) if found else _cpuinfo_clock(_text(proc / "cpuinfo") or "")


def _cpuinfo_clock(text: str) -> float | None:
    clocks = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("cpu MHz"))
    found = [float(clock) * 1e6 for clock in clocks if clock.replace(".", "", 1).isdecimal()]
    return max(found) if found else None


def _cpu(system: Path, core: int) -> Path:
    return system / f"devices/system/cpu/cpu{core}"


def _text(path: Path) -> str | None:
    return HERE.text(os.fspath(path))
