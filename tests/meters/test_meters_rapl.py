import math
import os

import pytest

from harness.meters.rapl import POWERCAP, Rapl, packages


class Zones:
    """A powercap tree whose ``energy_uj`` files are computed from the time; the tree itself is real."""

    def __init__(self, root, fake_time, watts, span, step=0.001):
        self.root, self.time, self.watts, self.span, self.step = root, fake_time, watts, span, step
        self.refuse: type[OSError] | None = None
        names = ["package-0", "package-1"][: len(watts)]
        for k, name in enumerate(names):
            self._zone(f"intel-rapl:{k}", name)
            self._zone(f"intel-rapl:{k}:0", "core")
        self._zone(f"intel-rapl:{len(watts)}", "psys")

    def _zone(self, folder, name):
        zone = self.root / folder
        zone.mkdir(parents=True)
        (zone / "name").write_text(name + "\n")
        (zone / "max_energy_range_uj").write_text(f"{self.span}\n")
        (zone / "energy_uj").write_text("0\n")

    def read(self, path):
        if path.name != "energy_uj":
            return path.read_text()
        if self.refuse:
            raise self.refuse(13, os.strerror(13))
        shown = math.floor(self.time.seconds / self.step) * self.step
        watts = self.watts[int(path.parent.name.split(":")[1])]
        return f"{math.floor(shown * watts * 1e6) % self.span}\n"

    def meter(self):
        return Rapl(self.root, self.read, self.time.clock())


@pytest.fixture
def zones(tmp_path, fake_time):
    def make(watts=(35.0,), span=262_143_328_850):
        return Zones(tmp_path / "powercap", fake_time, watts, span)

    return make


def measure(meter, fake_time, seconds=6.0):
    assert meter.available() is None
    meter.begin()
    fake_time.sleep(seconds)
    return {m.metric.id: m for m in meter.end("timed")}


@pytest.mark.parametrize("watts", [(35.0,), (35.0, 90.0)])
def test_energy_and_power_of_all_packages(zones, fake_time, watts):
    found = measure(zones(watts).meter(), fake_time)
    assert found["package_energy"].values[0] == pytest.approx(sum(watts) * 6.0, rel=0.002)
    assert found["package_power"].values[0] == pytest.approx(sum(watts), rel=0.002)
    assert found["package_idle_power"].values[0] == pytest.approx(sum(watts), rel=0.01)
    assert found["package_energy_step"].values[0] < 0.001
    assert {m.metric.scope for m in found.values()} == {"package"}


def test_a_wrap_in_the_window_is_seen(zones, fake_time):
    now = fake_time.seconds * 35e6
    span = int(now + 35e6 * 4)  # wraps 4 s from now, within the window
    found = measure(zones((35.0,), span).meter(), fake_time)
    assert found["package_energy"].values[0] == pytest.approx(35.0 * 6.0, rel=0.002)


def test_a_window_that_may_hide_a_wrap_is_missing(zones, fake_time):
    found = measure(zones((35.0,), 65_532_610_987).meter(), fake_time, 70.0)
    assert "wrapped more than once" in found["package_energy"].missing


def test_only_whole_packages_count(zones):
    made = zones((35.0, 90.0))
    assert [p.name for p in packages(made.root, made.read)] == ["intel-rapl:0", "intel-rapl:1"]


def test_no_permission_says_how_to_allow_it(zones, fake_time):
    made = zones()
    made.refuse = PermissionError
    meter = made.meter()
    assert "sudo chmod a+r" in meter.available()
    meter.begin()
    assert all("Permission denied" in m.missing for m in meter.end("timed"))


def test_counters_that_fail_in_the_window(zones, fake_time):
    made = zones()
    meter = made.meter()
    meter.begin()
    fake_time.sleep(6.0)
    made.refuse = OSError
    energy = meter.end("timed")[0]
    assert energy.values == ()
    assert "could not be read" in energy.missing


def test_no_powercap_directory(tmp_path):
    meter = Rapl(tmp_path / "nowhere")
    assert "shows no RAPL counters" in meter.available()
    meter.begin()
    assert all("shows no RAPL counters" in m.missing and m.values == () for m in meter.end("timed"))


def test_no_package_among_the_zones(tmp_path):
    assert "no CPU package" in Rapl(tmp_path).available()


def test_this_machine_gets_a_reason_or_an_energy():
    reason = Rapl().available()
    if reason is None:
        assert packages()
    else:
        assert not POWERCAP.is_dir() or "RAPL" in reason or "no CPU package" in reason


@pytest.mark.parametrize("start", [200_000_000_000, 300_000_000])
def test_a_counter_that_starts_again_in_the_window_is_no_energy(zones, fake_time, start):
    package = zones(watts=(20.0,))
    plain, begun = package.read, fake_time.seconds

    def read(path):
        if path.name != "energy_uj":
            return plain(path)
        ran = fake_time.seconds - begun
        return str(int(start + 20e6 * ran) if ran < 10 else int(20e6 * (ran - 10)))

    found = measure(Rapl(package.root, read, fake_time.clock()), fake_time, 20.0)
    assert found["package_energy"].values == ()
    assert "started again" in found["package_energy"].missing


def test_a_range_that_cannot_be_read_is_named(zones, fake_time):
    package = zones(watts=(20.0,))
    plain = package.read

    def read(path):
        if path.name == "max_energy_range_uj":
            raise PermissionError(13, "Permission denied")
        return plain(path)

    meter = Rapl(package.root, read, fake_time.clock())
    assert "max_energy_range_uj cannot be read" in meter.available()
    meter.begin()
    assert all("max_energy_range_uj" in m.missing for m in meter.end("timed"))
