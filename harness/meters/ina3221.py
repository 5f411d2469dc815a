"""Power of a Jetson module by its INA3221 monitor, as Linux shows it under ``/sys/class/hwmon``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.host.files import below, sensor_text
from harness.meters.counter import Clock, CounterError, family
from harness.meters.power import MakeSampler, ReadPower, ThreadSampler
from harness.meters.sensor import PowerSensor, Read, number, text

HWMON = Path("/sys/class/hwmon")
TOTALS = ("VDD_IN", "POM_5V_IN")
"""The rail that feeds the whole module, by the label that the board's device tree gives it."""


class Ina3221(PowerSensor):
    """The whole module: processors, memory and regulators, without the carrier board and what hangs on it."""

    id = "ina3221"
    family = family("module", "module", "integral of the INA3221's current times voltage", "one reading, every 50 ms")
    metrics = family

    def __init__(
        self,
        root: Path = HWMON,
        read: Read = sensor_text,
        clock: Clock | None = None,
        sampler: MakeSampler = ThreadSampler,
    ) -> None:
        super().__init__(clock, sampler)
        self._root, self._read = root, read

    def find(self) -> ReadPower:
        """The total rail's millivolts times milliamperes."""
        found = dict(rails(self._root, self._read))
        if not found:
            raise CounterError(f"no INA3221 power monitor under {self._root}")
        name = next((total for total in TOTALS if total in found), None)
        if name is None:
            known = ", ".join(sorted(found))
            raise CounterError(f"none of this INA3221's rails is the module's whole supply (rails: {known})")
        volts, amperes = found[name]
        return lambda: (name, number(volts, self._read) * number(amperes, self._read) * 1e-6)


def rails(root: Path, read: Read) -> Iterator[tuple[str, tuple[Path, Path]]]:
    """Each labelled rail with the files of its voltage (mV) and current (mA)."""
    for chip in below(root, "hwmon*"):
        if text(chip / "name", read) != "ina3221":
            continue
        for label in below(chip, "in*_label"):
            channel = label.name.removeprefix("in").removesuffix("_label")
            volts, amperes = chip / f"in{channel}_input", chip / f"curr{channel}_input"
            if text(volts, read) and text(amperes, read):
                yield text(label, read), (volts, amperes)
