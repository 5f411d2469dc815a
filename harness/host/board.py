"""What a board tells of itself beyond what trials need: clusters, clocks, sets of instructions, firmware, zones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from harness.host import cpu
from harness.host.files import Files

_CPU = "sys/devices/system/cpu/cpu{}"
_BLOCKS = "sys/devices/system/memory"
_X86 = {"avx2": "avx2", "avx512f": "avx512", "avx512_vnni": "avx512-vnni", "avx_vnni": "avx-vnni", "amx_tile": "amx"}
_ARM = {
    "asimd": "neon",
    "neon": "neon",
    "asimdhp": "fp16",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "bf16": "bf16",
    "sve": "sve",
}
_TYPES = {
    "float16": {"asimdhp", "avx512_fp16", "amx_fp16"},
    "bfloat16": {"bf16", "avx512_bf16", "amx_bf16"},
    "int8": {"asimddp", "i8mm", "avx512_vnni", "avx_vnni", "amx_int8"},
}
"""Data type -> flags of ``/proc/cpuinfo`` that say it is computed in; conversion alone (f16c) does not count."""


class Cores(Struct, frozen=True):
    """Cores of one kind. ``clock_hz`` None where the system does not say it."""

    name: str
    count: int
    clock_hz: float | None = None
    clock_from: str = ""
    """The file that says it."""


class Zone(Struct, frozen=True):
    """A thermal zone and its temperature now."""

    name: str
    celsius: float


def clusters(files: Files) -> tuple[Cores, ...]:
    """The cores by kind and highest clock, in the system's order; empty where it does not list them."""
    found: dict[tuple[str, float | None, str], int] = {}
    for number, fields in processors(files):
        clock, told_by = _clock(files, number, fields)
        key = (_core_name(fields), clock, told_by)
        found[key] = found.get(key, 0) + 1
    return tuple(Cores(name, count, clock, told_by) for (name, clock, told_by), count in found.items())


def processors(files: Files) -> Iterator[tuple[int, dict[str, str]]]:
    """Each processor of ``/proc/cpuinfo`` with its fields."""
    for block in (files.text("proc/cpuinfo") or "").split("\n\n"):
        pairs = [line.partition(":") for line in block.splitlines()]
        fields = {name.strip(): value.strip() for name, colon, value in pairs if colon}
        if fields.get("processor", "").isdecimal():
            yield int(fields["processor"]), fields


def _core_name(fields: Mapping[str, str]) -> str:
    part = cpu.arm_part(fields)
    if part or fields.get("model name"):
        return part or " ".join(fields["model name"].split())
    return f"part {fields.get('CPU implementer', '?')}:{fields.get('CPU part', '?')}"


def _clock(files: Files, number: int, fields: Mapping[str, str]) -> tuple[float | None, str]:
    """The highest clock (Hz) that cpufreq knows; else the one that the processor is said to have."""
    path = f"{_CPU.format(number)}/cpufreq/cpuinfo_max_freq"
    kilohertz = files.number(path)
    if kilohertz:
        return kilohertz * 1e3, "/sys/devices/system/cpu/*/cpufreq/cpuinfo_max_freq"
    try:
        return round(float(fields["cpu MHz"])) * 1e6, "cpu MHz in /proc/cpuinfo"
    except (KeyError, ValueError, OverflowError):
        return None, ""


def instruction_sets(files: Files) -> tuple[str, ...]:
    """Those that profiles name, that every processor has."""
    flags = _flags(files)
    base = ("x86-64",) if "lm" in flags else ("aarch64",) if "asimd" in flags else ()
    return (*base, *dict.fromkeys(name for flag, name in {**_X86, **_ARM}.items() if flag in flags))


def dtypes(files: Files) -> tuple[str, ...]:
    """Data types that every processor computes in; empty where the system does not say."""
    flags = _flags(files)
    if not flags:
        return ()
    return ("float32", "float64", *(name for name, any_of in _TYPES.items() if flags & any_of))


def features(files: Files) -> list[str]:
    """All flags of ``/proc/cpuinfo`` that every processor has, sorted: code compiled for some may not run on others."""
    return sorted(_flags(files))


def _flags(files: Files) -> set[str]:
    listed = [set((f.get("flags") or f.get("Features") or "").split()) for _, f in processors(files)]
    return set.intersection(*listed) if listed else set()


def fitted_bytes(files: Files) -> int | None:
    """Memory that is fitted, by the blocks that the kernel manages; None where it does not list them."""
    try:
        size = int(files.text(f"{_BLOCKS}/block_size_bytes") or "", 16)
    except ValueError:
        return None
    online = [b for b in files.matching(f"{_BLOCKS}/memory[0-9]*") if files.text(f"{b}/online") != "0"]
    return size * len(online) or None


def product(files: Files) -> str | None:
    """What the machine is called by its device tree or its firmware; None where neither says."""
    tree = files.text("proc/device-tree/model")
    vendor, name = files.text("sys/class/dmi/id/sys_vendor"), files.text("sys/class/dmi/id/product_name")
    return tree or " ".join(part for part in (vendor, name) if part) or None


def soc(files: Files) -> str | None:
    """The chip by the device tree, the most general name of which stands last; None where there is none."""
    names = [name for name in (files.text("proc/device-tree/compatible") or "").split("\0") if name]
    return names[-1].rpartition(",")[2] if names else None


def firmware(files: Files) -> str | None:
    """The version of the board's firmware; None where it is not found."""
    tegra = files.text("etc/nv_tegra_release")
    if tegra:
        return tegra.partition("\n")[0].strip("# ")
    bios = [files.text(f"sys/class/dmi/id/{name}") for name in ("bios_vendor", "bios_version")]
    return " ".join(part for part in bios if part) or None


def thermal_zones(files: Files) -> tuple[Zone, ...]:
    """Every zone that answers."""
    found = []
    for path in files.matching("sys/class/thermal/thermal_zone*"):
        millidegrees = files.number(f"{path}/temp")
        if millidegrees is not None:
            name = files.text(f"{path}/type") or path.rpartition("/")[2]
            found.append(Zone("".join(filter(str.isprintable, name)), millidegrees / 1e3))
    return tuple(found)
