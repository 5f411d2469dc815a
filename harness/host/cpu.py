"""The CPU: its name, its cores, and what decides its clock."""

from __future__ import annotations

import os

from harness.host.files import Files

_ARM_PARTS = {
    ("0x41", "0xd03"): "Arm Cortex-A53",
    ("0x41", "0xd04"): "Arm Cortex-A35",
    ("0x41", "0xd05"): "Arm Cortex-A55",
    ("0x41", "0xd07"): "Arm Cortex-A57",
    ("0x41", "0xd08"): "Arm Cortex-A72",
    ("0x41", "0xd0b"): "Arm Cortex-A76",
    ("0x41", "0xd0c"): "Arm Neoverse N1",
    ("0x41", "0xd40"): "Arm Neoverse V1",
    ("0x41", "0xd42"): "Arm Cortex-A78AE",
    ("0x41", "0xd49"): "Arm Neoverse N2",
    ("0x41", "0xd4f"): "Arm Neoverse V2",
}
"""(implementer, part) as ``/proc/cpuinfo`` gives them on Arm, where it has no model name."""

_POLICY = "sys/devices/system/cpu/cpu[0-9]*/cpufreq"


def name(files: Files) -> str:
    """The CPU's name, with the board's where the machine knows it: ``Arm Cortex-A76 (Raspberry Pi 5 Model B)``."""
    fields = files.fields("proc/cpuinfo")
    part = _ARM_PARTS.get((fields.get("CPU implementer", ""), fields.get("CPU part", "")))
    core = fields.get("model name") or part or f"{os.uname().machine} CPU"
    board = files.text("proc/device-tree/model")
    return f"{core} ({board})" if board else core


def cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0))


def online(files: Files) -> int | None:
    """The cores that the machine has switched on."""
    ranges = files.text("sys/devices/system/cpu/online")
    if not ranges:
        return None
    ends = [part.split("-") for part in ranges.split(",")]
    return sum(int(end[-1]) - int(end[0]) + 1 for end in ends)


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
    return None if given == "max" or not period else int(given) / int(period)
