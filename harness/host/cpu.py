"""The CPU: its name, its cores, and what decides its clock."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from harness.host.files import HERE, Files

_ARM = "0x41"
_ARM_PARTS = {
    "0xc07": "Cortex-A7", "0xc08": "Cortex-A8", "0xc09": "Cortex-A9", "0xc0f": "Cortex-A15",
    "0xd03": "Cortex-A53", "0xd04": "Cortex-A35", "0xd05": "Cortex-A55", "0xd07": "Cortex-A57",
    "0xd08": "Cortex-A72", "0xd09": "Cortex-A73", "0xd0a": "Cortex-A75", "0xd0b": "Cortex-A76",
    "0xd0c": "Neoverse N1", "0xd0d": "Cortex-A77", "0xd40": "Neoverse V1", "0xd41": "Cortex-A78",
    "0xd42": "Cortex-A78AE", "0xd44": "Cortex-X1", "0xd46": "Cortex-A510", "0xd47": "Cortex-A710",
    "0xd48": "Cortex-X2", "0xd49": "Neoverse N2", "0xd4b": "Cortex-A78C", "0xd4d": "Cortex-A715",
    "0xd4e": "Cortex-X3", "0xd4f": "Neoverse V2", "0xd80": "Cortex-A520", "0xd81": "Cortex-A720",
    "0xd82": "Cortex-X4", "0xd84": "Neoverse V3", "0xd85": "Cortex-X925", "0xd87": "Cortex-A725",
    "0xd8e": "Neoverse N3",
}  # fmt: skip
"""Parts of the implementer Arm as ``/proc/cpuinfo`` gives them, where it has no model name; the numbers are those of
Linux's arch/arm64/include/asm/cputype.h and util-linux's sys-utils/lscpu-arm.c."""

_RANGE = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")
_POLICY = "sys/devices/system/cpu/cpu[0-9]*/cpufreq"


def name(files: Files) -> str:
    """The CPU's name, with the board's where the machine knows it: ``Arm Cortex-A76 (Raspberry Pi 5 Model B)``."""
    fields = files.fields("proc/cpuinfo")
    part = arm_part(fields)
    core = fields.get("model name") or (part and f"Arm {part}") or f"{os.uname().machine} CPU"
    board = files.text("proc/device-tree/model")
    return f"{core} ({board})" if board else core


def arm_part(fields: Mapping[str, str]) -> str | None:
    """``Cortex-A76`` from a processor's fields in ``/proc/cpuinfo``; None for a part that is not known."""
    return _ARM_PARTS.get(fields.get("CPU part", "")) if fields.get("CPU implementer") == _ARM else None


def usable(files: Files = HERE) -> set[int]:
    """The CPUs that this process may run on; where the kernel does not say, all there are."""
    with suppress(OSError, AttributeError):
        return os.sched_getaffinity(0)
    allowed = cpu_list(files.fields("proc/self/status").get("Cpus_allowed_list", ""))
    return set(allowed or range(os.cpu_count() or 1))


def cores() -> int:
    """As many as this process may run on."""
    return len(usable())


def threads(files: Files = HERE) -> int:
    """Threads that can compute at once: a core each, and no more than a quota of time allows, but one."""
    allowed = quota(files)
    return cores() if allowed is None else max(1, min(cores(), int(allowed)))


@dataclass(frozen=True)
class Kind:
    """Cores that are equally fast: their CPUs, and in words by what they are told from the others."""

    cpus: tuple[int, ...]
    speed: tuple[int, int, int]
    told_by: str


def kinds(cpus: Iterable[int], files: Files = HERE) -> list[Kind]:
    """The CPUs by how fast they are, the fastest first; one kind where the system tells no difference.

    By the kernel's capacity (big.LITTLE), by Intel's core type (P and E cores), and by the highest clock.
    """
    performance = set(cpu_list(files.text("sys/devices/cpu_core/cpus") or ""))
    found: dict[tuple[int, int, int], list[int]] = {}
    for number in sorted(cpus):
        folder = f"sys/devices/system/cpu/cpu{number}"
        capacity, clock = files.number(f"{folder}/cpu_capacity"), files.number(f"{folder}/cpufreq/cpuinfo_max_freq")
        found.setdefault((capacity or 0, int(number in performance), clock or 0), []).append(number)
    return [Kind(tuple(found[speed]), speed, _in_words(speed)) for speed in sorted(found, reverse=True)]


def _in_words(speed: tuple[int, int, int]) -> str:
    capacity, performance, kilohertz = speed
    parts = [f"capacity {capacity}"] * bool(capacity) + ["P cores"] * performance
    return ", ".join(parts + [f"up to {kilohertz / 1e6:g} GHz"] * bool(kilohertz)) or "the others"


def online(files: Files) -> int | None:
    """The cores that the machine has switched on."""
    return len(cpu_list(files.text("sys/devices/system/cpu/online") or "")) or None


def cpu_list(ranges: str) -> list[int]:
    """``0-1,8`` as [0, 1, 8]; empty for what is no such list."""
    parts = [_RANGE.fullmatch(part) for part in ranges.split(",")]
    ends = [(int(part[1]), int(part[2] or part[1])) for part in parts if part]
    return [cpu for low, high in ends for cpu in range(low, high + 1)] if all(parts) else []


def show_list(cpus: Sequence[int]) -> str:
    """[0, 1, 2, 8] as ``0-2,8``."""
    starts = [number for number in cpus if number - 1 not in cpus]
    ends = [number for number in cpus if number + 1 not in cpus]
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in zip(starts, ends, strict=True))


def governor(files: Files) -> str | None:
    """The frequency governor, ``a/b`` where cores differ; None where the kernel does not set the clock."""
    found = {files.text(f"{policy}/scaling_governor") for policy in files.matching(_POLICY)} - {None, ""}
    return "/".join(sorted(g for g in found if g)) or None


def turbo(files: Files) -> bool | None:
    """Whether the clock may rise above its nominal; None where the kernel does not say."""
    disabled = files.number("sys/devices/system/cpu/intel_pstate/no_turbo")
    if disabled is not None:
        return disabled == 0
    boost = files.number("sys/devices/system/cpu/cpufreq/boost")
    return None if boost is None else boost == 1


def smt(files: Files) -> bool | None:
    """Whether cores share their units with a sibling; None where the kernel does not say."""
    active = files.number("sys/devices/system/cpu/smt/active")
    return None if active is None else active == 1


def quota(files: Files) -> float | None:
    """The cores' worth of time that our control groups allow; None where there is no quota."""
    from harness.host.memory import group_files

    found = [_cores_of(files.text(path)) for path in group_files(files, {"": "cpu.max"})]
    for path in group_files(files, {"cpu": "cpu.cfs_quota_us"}):
        given, period = files.number(path), files.number(path.replace("cfs_quota", "cfs_period"))
        found.append(given / period if given and given > 0 and period else None)
    return min((q for q in found if q is not None), default=None)


def _cores_of(text: str | None) -> float | None:
    given, _, period = (text or "max").partition(" ")
    return int(given) / int(period) if given.isdecimal() and period.isdecimal() and int(period) else None
