"""Power drawn from a battery, as Linux shows it under ``/sys/class/power_supply``; only while it discharges."""

from __future__ import annotations

from pathlib import Path

from harness.host.files import below, sensor_text
from harness.meters.counter import Clock, CounterError, family
from harness.meters.power import MakeSampler, ReadPower, ThreadSampler
from harness.meters.sensor import PowerSensor, Read, number, text

SUPPLIES = Path("/sys/class/power_supply")


class Battery(PowerSensor):
    """All that the machine draws, its screen and fans included. A battery that charges says nothing of the load."""

    id = "battery"
    family = family(
        "battery",
        "board",
        "integral of the battery's discharge power",
        "1 µW as shown; often renewed each second or slower",
    )
    metrics = family
    window_seconds = 30.0
    """Its figure is renewed every second or every few: a shorter window would hold too few."""

    def __init__(
        self,
        root: Path = SUPPLIES,
        read: Read = sensor_text,
        clock: Clock | None = None,
        sampler: MakeSampler = ThreadSampler,
    ) -> None:
        super().__init__(clock, sampler)
        self._root, self._read = root, read

    def find(self) -> ReadPower:
        """The power of all batteries that feed the machine together."""
        batteries = [supply for supply in below(self._root, "*") if self._feeds(supply)]
        if not batteries:
            raise CounterError("this machine has no battery")
        return lambda: ("power_now", self._together(batteries))

    def _feeds(self, supply: Path) -> bool:
        kind, scope = text(supply / "type", self._read), text(supply / "scope", self._read)
        return kind == "Battery" and scope != "Device"  # a mouse's battery feeds the mouse

    def _together(self, batteries: list[Path]) -> float:
        """The power in W that those give which discharge; one at rest beside them gives none.

        Raises CounterError where none discharges, or one charges: then the machine draws from its mains.
        """
        states = {battery: text(battery / "status", self._read) for battery in batteries}
        discharging = [battery for battery, state in states.items() if state == "Discharging"]
        others = sorted({state.lower() or "in an unknown state" for state in states.values()} - {"discharging"})
        if not discharging or "charging" in others:
            raise CounterError(
                f"the machine runs on its mains (battery {' and '.join(others)}): unplug the charger to measure"
            )
        return sum(self._watts(battery) for battery in discharging)

    def _watts(self, battery: Path) -> float:
        if text(battery / "power_now", self._read):
            return abs(number(battery / "power_now", self._read)) * 1e-6
        amperes = number(battery / "current_now", self._read) * 1e-6
        return abs(amperes) * number(battery / "voltage_now", self._read) * 1e-6
