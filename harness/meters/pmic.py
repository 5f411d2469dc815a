"""Power of a Raspberry Pi 5 by its power-management chip, as ``vcgencmd pmic_read_adc`` shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable

from harness.meters.counter import Clock, CounterError, family
from harness.meters.power import MakeSampler, ReadPower, ThreadSampler
from harness.meters.sensor import PowerSensor

COMMAND = ("vcgencmd", "pmic_read_adc")
_LINE = re.compile(
    r"^\s*(?P<rail>\S+)_[AV]\s+(?P<kind>current|volt)\(\d+\)=(?P<value>[\d.eE+-]+)[AV]\s*$", re.MULTILINE
)


class Pmic(PowerSensor):
    """The rails behind the chip: processor, memory and board. Not what the chip loses, nor what hangs on USB."""

    id = "pmic"
    devices = frozenset({"cpu"})
    family = family(
        "pmic", "board", "integral of current times voltage of the PMIC's rails", "one reading, every 50 to 100 ms"
    )
    metrics = family

    def __init__(
        self,
        run: Callable[[], str] | None = None,
        clock: Clock | None = None,
        sampler: MakeSampler = ThreadSampler,
    ) -> None:
        super().__init__(clock, sampler)
        self._run = run or ask

    def find(self) -> ReadPower:
        """The sum over rails; each reading asks the chip anew."""
        return lambda: ("pmic_read_adc", watts(self._run()))


def ask() -> str:
    """What the firmware says of the chip's converters. Raises CounterError."""
    if shutil.which(COMMAND[0]) is None:
        raise CounterError("no vcgencmd here: this is no Raspberry Pi, or its tools are not installed")
    try:
        asked = subprocess.run(COMMAND, capture_output=True, text=True, timeout=2, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CounterError(f"vcgencmd: {error}") from None
    return asked.stdout + asked.stderr


def watts(said: str) -> float:
    """The sum of current times voltage over the rails that have both. Raises CounterError where there is none."""
    found: dict[str, dict[str, float]] = {}
    for line in _LINE.finditer(said):
        found.setdefault(line["rail"], {})[line["kind"]] = float(line["value"])
    whole = [rail for rail in found.values() if len(rail) == 2]
    if not whole:
        raise CounterError(f"this board's firmware shows no power of its rails ({' '.join(said.split())[:80]})")
    return sum(rail["current"] * rail["volt"] for rail in whole)
