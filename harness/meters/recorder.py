"""Records what the sensors of this machine give: files, NVML calls and commands that the meters read."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from harness.host.files import Files, sensor_text
from harness.meters.counter import Clock, CounterError
from harness.meters.nvml_device import RealDevice
from harness.meters.pmic import ask
from harness.meters.replay import COMMAND, NVML
from harness.meters.trace import FORMAT, Entry, Head, Refused, Trace, Value

POLLED = (
    "sys/class/powercap/intel-rapl:*/energy_uj",
    "sys/class/hwmon/hwmon*/in*_input",
    "sys/class/hwmon/hwmon*/curr*_input",
    "sys/class/hwmon/hwmon*/power*_input",
    "sys/class/power_supply/*/status",
    "sys/class/power_supply/*/power_now",
    "sys/class/power_supply/*/current_now",
    "sys/class/power_supply/*/voltage_now",
    "sys/class/thermal/thermal_zone*/temp",
    "sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq",
)
FIXED = (
    "sys/class/powercap/intel-rapl:*/name",
    "sys/class/powercap/intel-rapl:*/max_energy_range_uj",
    "sys/class/hwmon/hwmon*/name",
    "sys/class/hwmon/hwmon*/*_label",
    "sys/class/power_supply/*/type",
    "sys/class/power_supply/*/scope",
    "sys/class/thermal/thermal_zone*/type",
)

Ask = Callable[[], Value]
"""Reads a source once; raises OSError or CounterError."""


def sources(root: Path = Path("/")) -> dict[str, Ask]:
    """What can be read here now, by name: files below ``root``; NVML and the firmware's command where they answer."""
    found = {name: _of_file(path) for name, path in _files(root, POLLED)}
    with suppress(CounterError):
        device = RealDevice()
        found |= {
            f"{NVML}energy_millijoules": device.energy_millijoules,
            f"{NVML}power_watts": device.power_watts,
            f"{NVML}mig": device.mig,
            f"{NVML}compute_capability": lambda: "{}.{}".format(*device.compute_capability()),
        }
    found[f"{COMMAND}pmic_read_adc"] = ask
    return {name: read for name, read in found.items() if not isinstance(attempt(read), Refused)}


def fixed(root: Path = Path("/")) -> dict[str, str]:
    """Files that say what the sensors are, with their text."""
    found = {}
    for name, path in _files(root, FIXED):
        with suppress(OSError):
            found[name] = sensor_text(path)
    return found


def record(
    found: dict[str, Ask], constant: dict[str, str], seconds: float, interval: float, clock: Clock | None = None
) -> Trace:
    """Read all sources each ``interval`` seconds for ``seconds``. A reading that fails is kept as such."""
    time_of = clock or Clock()
    about = f"{platform.system()} {platform.release()}, {platform.machine()}"
    head = Head(FORMAT, "recorded", about, tuple(found), constant)
    return Trace(head, tuple(_readings(list(found.values()), seconds, interval, time_of)))


def attempt(read: Ask) -> Value:
    """What a source gives, or why it gave nothing."""
    try:
        return read()
    except (OSError, CounterError) as error:
        return Refused(str(error))


def _readings(asks: list[Ask], seconds: float, interval: float, clock: Clock) -> Iterator[Entry]:
    began, turn = clock.now(), 0
    while clock.now() - began < seconds:
        for number, read in enumerate(asks):
            value = attempt(read)
            yield Entry(round((clock.now() - began) * 1e9), number, value)
        turn += 1
        clock.sleep(max(0.0, min(turn * interval, seconds) - (clock.now() - began)))


def _of_file(path: Path) -> Ask:
    return lambda: sensor_text(path).strip()


def _files(root: Path, patterns: Iterable[str]) -> Iterator[tuple[str, Path]]:
    for pattern in patterns:
        for name in Files(root).matching(pattern):
            yield f"/{name}", root / name
