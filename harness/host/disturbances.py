"""What disturbs measuring on this machine, and how to mend it. A function a disturbance."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

from harness.host import calls, cpu, gpu, memory
from harness.host.files import Files
from harness.model.machine import Capabilities, Environment
from harness.model.measure import Finding
from harness.model.units import show_bytes, show_percent

BUSY_SHARE = 0.2
"""A load of more than this share of the cores is other work that competes."""
STOLEN_SHARE = 0.01
SCARCE_SHARE = 0.25
USED_GPU_BYTES = 1 << 30
_WHOLE_OR_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_SLOW_CLOCKS = ("hpet", "acpi_pm", "jiffies", "pit")

Check = Callable[[Files, Capabilities, Environment], Iterator[Finding]]


def enforcement(_files: Files, caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Limits that cannot be enforced by a control group, and why not."""
    best = caps.best_means()
    if not caps.means or best not in {None, "rlimit"}:
        return
    reasons = "; ".join(f"{m.id}: {m.reason}" for m in caps.means if m.reason)
    if best is None:
        text = f"no limit can be enforced here, so no ceiling trial can be run ({reasons})"
    else:
        text = f"memory limits are approximate: only a resource limit can be set ({reasons})"
    hint = "run as root, or in a systemd user session, or in a container with its own writable cgroup"
    yield Finding("warning", "no-cgroup", text, hint)


def energy(_files: Files, caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Why there is no energy."""
    meters = [m for m in caps.meters if "energy" in m.roles]
    if meters and all(m.reason for m in meters):
        reasons = "; ".join(f"{m.id}: {m.reason}" for m in meters)
        yield Finding("info", "no-energy", f"energy and power will be missing ({reasons})")


def governor(_files: Files, _caps: Capabilities, environment: Environment) -> Iterator[Finding]:
    """A clock that follows the load."""
    if environment.governor in {None, "performance"}:
        return
    text = f"the frequency governor is {environment.governor}: the clock follows the load"
    yield Finding("warning", "governor", text, "sudo cpupower frequency-set -g performance")


def clock_range(files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Turbo, and cores that share their units."""
    if cpu.turbo(files):
        hint = "for steadier times: echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
        if not files.exists("sys/devices/system/cpu/intel_pstate/no_turbo"):
            hint = "for steadier times: echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"
        yield Finding("info", "turbo", "turbo is on: the clock depends on temperature and on how many cores work", hint)
    if cpu.smt(files):
        hint = "for steadier times: echo off | sudo tee /sys/devices/system/cpu/smt/control"
        text = "simultaneous multithreading is on: two threads may share one core's units"
        yield Finding("info", "smt", text, hint)


def load(files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Other programs that compete for the cores."""
    said = _WHOLE_OR_DECIMAL.match(files.text("proc/loadavg") or "")
    one_minute = float(said[0]) if said else 0.0
    present = cpu.online(files) or os.cpu_count() or 1
    if one_minute > BUSY_SHARE * present:
        text = f"the load of the last minute is {one_minute:g} on {present} cores: other programs compete for them"
        yield Finding("warning", "load", text, "stop them, or wait, before times are measured")


def stolen(files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Time that the hypervisor gave to others."""
    first = (files.text("proc/stat") or "").partition("\n")[0]
    fields = [int(value) for value in first.split()[1:9] if value.isdecimal()]
    share = fields[7] / max(1, sum(fields)) if len(fields) == 8 else 0.0
    if share > STOLEN_SHARE:
        text = f"{show_percent(share)} of the CPU time since boot was stolen by other virtual machines"
        yield Finding("warning", "steal", text, "use a machine or an instance with cores of its own")


def virtual(_files: Files, _caps: Capabilities, environment: Environment) -> Iterator[Finding]:
    """A virtual machine: its neighbours cannot be seen from inside."""
    where = environment.virtualisation or ""
    if "virtual machine" in where:
        text = f"this is a {where}: neighbours on the same hardware can slow it unseen"
        yield Finding("info", "virtual-machine", text, "compare only what was run close together in time")


def swap(files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Memory that has been moved to disk."""
    total, free = memory.meminfo(files, "SwapTotal"), memory.meminfo(files, "SwapFree")
    if total and free is not None and total > free:
        text = f"{show_bytes(total - free)} of swap is in use: memory has been short"
        yield Finding("warning", "swap", text, "free memory, then: sudo swapoff -a && sudo swapon -a")


def scarce(files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Little memory left for trials."""
    total, left = memory.meminfo(files, "MemTotal"), memory.meminfo(files, "MemAvailable")
    if total and left is not None and left < SCARCE_SHARE * total:
        text = f"only {show_bytes(left)} of {show_bytes(total)} of memory is available"
        yield Finding("warning", "memory", text, "stop what holds the rest, or large workloads will not fit")


def container(files: Files, caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Limits that somebody else has put on us."""
    limit, quota, present = memory.group_limit(files), cpu.quota(files), cpu.online(files)
    if limit is not None:
        text = f"this process may use {show_bytes(limit)} of memory: its control group is limited"
        yield Finding("info", "group-memory", text, "run outside the container, or raise its limit, to use all of it")
    if quota is not None:
        text = f"this process has a quota of {quota:g} cores' time: it is stopped for part of each period"
        yield Finding("warning", "group-quota", text, "give whole cores (cpuset) in place of a quota (cpus)")
    if present is not None and caps.cores < present:
        yield Finding("info", "affinity", f"this process may run on {caps.cores} of {present} cores")


def huge_pages(files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Pages of 2 MiB where 4 KiB were asked for."""
    if "[always]" in (files.text("sys/kernel/mm/transparent_hugepage/enabled") or ""):
        hint = "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"
        text = "transparent huge pages are always on: peaks can be larger, and vary by 2 MiB a mapping"
        yield Finding("info", "huge-pages", text, hint)


def reclaiming(files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """A kernel that drops what nobody touched for a while, though memory is not short (DAMON)."""
    text = "the kernel drops memory that nobody touched for a while: files read before come from disk again"
    for daemon in files.matching("sys/kernel/mm/damon/admin/kdamonds/[0-9]*"):
        actions = (files.text(path) for path in files.matching(f"{daemon}/contexts/*/schemes/*/action"))
        if files.text(f"{daemon}/state") == "on" and "pageout" in actions:
            yield Finding("info", "reclaiming", text, f"for steadier loads: echo off | sudo tee /{daemon}/state")
    if files.text("sys/module/damon_reclaim/parameters/enabled") == "Y":
        hint = "for steadier loads: echo N | sudo tee /sys/module/damon_reclaim/parameters/enabled"
        yield Finding("info", "reclaiming", text, hint)


def clock_source(files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """A clock that is slow to read."""
    source = files.text("sys/devices/system/clocksource/clocksource0/current_clocksource")
    if source in _SLOW_CLOCKS:
        text = f"the clock is {source}, which takes a microsecond and more to read"
        yield Finding("warning", "clock-source", text, "boot with clocksource=tsc if the CPU's own clock is stable")


def battery(files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """A laptop without its mains."""
    supplies = [s for s in files.matching("sys/class/power_supply/*") if files.text(f"{s}/type") == "Mains"]
    if supplies and not any(files.number(f"{s}/online") for s in supplies):
        yield Finding(
            "warning", "battery", "this machine runs on its battery: its clock may be held down", "plug it in"
        )


def gpu_tenants(_files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Other work on a GPU, and a driver that unloads between trials."""
    for found in gpu.tenants():
        yield from gpu_findings(found)


def gpu_findings(found: gpu.Tenants) -> Iterator[Finding]:
    """What is said of one GPU."""
    subject = f"gpu {found.index}"
    if found.processes or (found.used_bytes or 0) > USED_GPU_BYTES:
        used = "an unknown amount" if found.used_bytes is None else show_bytes(found.used_bytes)
        text = f"{subject} is in use: {found.processes or 'no visible'} processes, {used} of its memory"
        hint = "see nvidia-smi; time, memory and energy of the whole device include theirs"
        yield Finding("warning", "gpu-tenants", text, hint, subject)
    if found.persistent is False:
        text = f"{subject} has persistence mode off: its driver unloads between trials, and first calls take seconds"
        yield Finding("info", "gpu-persistence", text, "sudo nvidia-smi -pm 1", subject)


def core_kinds(files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """Cores of which some are faster than others."""
    found = cpu.kinds(cpu.usable(files), files)
    if len(found) > 1:
        listed = "; ".join(f"{len(k.cpus)} with {k.told_by} (CPU {cpu.show_list(k.cpus)})" for k in found)
        text = f"cores of different kinds: {listed}; a trial that is held to fewer cores gets the fastest"
        hint = "for steadier times give a run cores of one kind: taskset -c " + cpu.show_list(found[0].cpus)
        yield Finding("info", "core-kinds", text, hint)


def system_calls(_files: Files, _caps: Capabilities, _environment: Environment) -> Iterator[Finding]:
    """What an old kernel or a sandbox does not offer, and what is done without it."""
    for lacking in calls.missing():
        text = f"{lacking.call} fails here ({lacking.said}): {lacking.follows}"
        yield Finding("info", "system-call", text, "a newer kernel or a sandbox that allows it")


CHECKS: tuple[Check, ...] = (
    enforcement,
    energy,
    governor,
    clock_range,
    core_kinds,
    load,
    stolen,
    virtual,
    swap,
    scarce,
    container,
    huge_pages,
    reclaiming,
    clock_source,
    battery,
    gpu_tenants,
    system_calls,
)


def doctor(
    caps: Capabilities,
    environment: Environment,
    files: Files | None = None,
    checks: tuple[Check, ...] = CHECKS,
) -> list[Finding]:
    """What was found, the gravest first; each finding says how to mend it."""
    files = files or Files()
    found = [finding for check in checks for finding in check(files, caps, environment)]
    return sorted(found, key=lambda finding: ("error", "warning", "info").index(finding.level))
