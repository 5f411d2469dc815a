"""The profile of the board that this runs on, as far as its system tells: what it does not tell is left out."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from msgspec import Struct

from harness.host import board, cpu, gpu, memory, software
from harness.host.files import Files
from harness.model.machine import Gpu
from harness.model.profile import Cluster, Figure, HardwareProfile, Memory, Target
from harness.model.units import KIB
from harness.vendor.profile_text import document


class Probed(Struct, frozen=True):
    """A profile, and what was seen that no field holds: for people."""

    profile: HardwareProfile
    seen: tuple[str, ...]


def probe(profile_id: str, files: Files | None = None, nvml: object = None) -> Probed:
    """What the system below the root of ``files`` tells, as of today."""
    files = files or Files()
    clusters = board.clusters(files)
    total = memory.meminfo(files, "MemTotal") or 0
    gpus = gpu.gpus(total, nvml)
    profile = HardwareProfile(
        format=1,
        id=profile_id,
        name=board.product(files) or _named(clusters),
        kind="board",
        tier="sbc" if files.exists("proc/device-tree/model") else "machine",
        memory=_memory(files, total),
        target=(_cpu(files, clusters), *_gpus(gpus, total)),
        soc=board.soc(files) or "",
        power_mode=_power_mode(files),
        summary=software.system(files) + _kernel(files),
        firmware=board.firmware(files) or "",
        driver=f"NVIDIA {gpus[0].driver}" if gpus and gpus[0].driver else "",
    )
    return Probed(profile, tuple(_seen(files)))


def _figure(value: float, unit: str, where: str, note: str = "") -> Figure:
    today = datetime.now(tz=UTC).date().isoformat()
    return Figure(value, unit, f"probed: {where}", today, "measured", note, by="tierbench")


def _named(clusters: tuple[board.Cores, ...]) -> str:
    return " + ".join(f"{c.count}x {c.name}" for c in clusters) or "A board that does not say its name"


def _memory(files: Files, total: int) -> Memory:
    usable = _figure(total / KIB, "KiB", "MemTotal in /proc/meminfo")
    fitted = board.fitted_bytes(files)
    if fitted is not None and fitted >= total:
        nominal = _figure(fitted / KIB, "KiB", "memory blocks in /sys/devices/system/memory")
    else:
        note = "as usable: the system does not say what is fitted; write what the board is sold with"
        nominal = _figure(total / KIB, "KiB", "MemTotal in /proc/meminfo", note)
    left = memory.meminfo(files, "MemAvailable")
    used = max(total - left, 0) if left is not None else 0
    note = "what was in use while it was probed: probe again at rest"
    reserve = _figure(used / KIB, "KiB", "MemTotal less MemAvailable in /proc/meminfo", note)
    swap = _figure(memory.swap_bytes(files) / KIB, "KiB", "SwapTotal in /proc/meminfo")
    return Memory(nominal, usable, reserve, swap)


def _cpu(files: Files, clusters: tuple[board.Cores, ...]) -> Target:
    return Target(
        id="cpu",
        device="cpu",
        name=_named(clusters) if clusters else "CPU",
        dtypes=board.dtypes(files),
        isa=board.instruction_sets(files),
        clusters=tuple(_cluster(cores) for cores in clusters),
    )


def _cluster(cores: board.Cores) -> Cluster:
    count = _figure(cores.count, "cores", "/proc/cpuinfo")
    if cores.clock_hz is None:
        return Cluster(cores.name, count)
    note = (
        "" if "cpufreq" in cores.clock_from else "as the processor is said to run: the system does not tell its highest"
    )
    return Cluster(cores.name, count, _figure(cores.clock_hz / 1e6, "MHz", cores.clock_from, note))


def _gpus(gpus: tuple[Gpu, ...], total: int) -> list[Target]:
    found = []
    for one in gpus:
        own = one.memory_bytes != total
        size = _figure(one.memory_bytes / KIB, "KiB", "NVML") if own else None
        name = "gpu" if len(gpus) == 1 else f"gpu{one.index}"
        found.append(Target(name, "gpu", one.name, memory=size))
    return found


def _power_mode(files: Files) -> str:
    """The frequency governor, and a Jetson's power mode."""
    governor, mode = cpu.governor(files), files.text("var/lib/nvpmodel/status")
    parts = [f"governor {governor}" if governor else "", f"nvpmodel {mode}" if mode else ""]
    return ", ".join(part for part in parts if part)


def _kernel(files: Files) -> str:
    release = files.text("proc/sys/kernel/osrelease")
    return f", kernel {release}" if release else ""


def _seen(files: Files) -> list[str]:
    zones = [f"{zone.name} {zone.celsius:.1f} °C" for zone in board.thermal_zones(files)]
    found = ["thermal zones: " + (", ".join(zones) if zones else "none that answers")]
    where = software.virtualisation(files)
    if where and where != "none":
        found.append(f"this is a {where}: what it tells is the machine as its host lets it be seen")
    limit = memory.group_limit(files)
    if limit is not None:
        found.append(f"the control group of this process may use {limit // (1 << 20)} MiB of the memory")
    return found


def as_toml(found: Probed) -> str:
    """The profile as a file, what was seen in comments at its head."""
    return document(found.profile, found.seen)


def default_id(files: Files | None = None) -> str:
    """A name for the profile: the product's, in the letters that an id may have."""
    name = board.product(files or Files()) or "this-board"
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-") or "this-board"
