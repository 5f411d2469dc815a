"""Power of a whole machine by a sensor that Linux shows under ``/sys/class/hwmon`` and labels as its total."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.host.files import below, sensor_text
from harness.meters.counter import Clock, CounterError, family
from harness.meters.power import MakeSampler, ReadPower, ThreadSampler
from harness.meters.sensor import PowerSensor, Read, number, text

HWMON = Path("/sys/class/hwmon")
_TOTAL = re.compile(r"total|system|input|wall|board|vin", re.IGNORECASE)


class Hwmon(PowerSensor):
    """The whole board. Sensors without a label, or with that of a part, are left alone: their scope is not known."""

    id = "hwmon"
    family = family("hwmon", "board", "integral of a labelled hwmon power sensor", "one reading, every 50 ms")
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
        """The microwatts of the one sensor whose label names a whole machine."""
        found = dict(labelled(self._root, self._read))
        totals = [name for name in found if _TOTAL.search(name)]
        if not found:
            raise CounterError(f"no labelled power sensor under {self._root}")
        if len(totals) != 1:
            known = ", ".join(sorted(found))
            which = "more than one of the power sensors" if totals else "none of the power sensors"
            raise CounterError(f"{which} under {self._root} is labelled as the machine's total (labels: {known})")
        return lambda: (totals[0], number(found[totals[0]], self._read) * 1e-6)


def labelled(root: Path, read: Read) -> Iterator[tuple[str, Path]]:
    """Each labelled power sensor with the file of its microwatts."""
    for chip in below(root, "hwmon*"):
        for label in below(chip, "power*_label"):
            sensor = chip / label.name.replace("_label", "_input")
            if text(sensor, read):
                yield text(label, read), sensor
