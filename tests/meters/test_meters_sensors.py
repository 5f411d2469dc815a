"""The meters of power sensors, over real trees of files; only the time, and what a file says at it, are replayed."""

import pytest

from harness.meters import pmic
from harness.meters.battery import Battery
from harness.meters.counter import CounterError
from harness.meters.hwmon import Hwmon
from harness.meters.ina3221 import Ina3221
from harness.meters.pmic import Pmic
from harness.meters.power import PowerTrace, disagreement
from harness.model.measure import Measurement, Metric

PMIC = """ 3V7_WL_SW_A current(0)=0.10000000A
  3V3_SYS_A current(1)=0.50000000A
 VDD_CORE_A current(7)=2.00000000A
  3V7_WL_SW_V volt(8)=3.70000000V
  3V3_SYS_V volt(9)=3.30000000V
 VDD_CORE_V volt(15)=0.90000000V
   EXT5V_V volt(24)=5.10000000V
"""
PMIC_WATTS = 0.1 * 3.7 + 0.5 * 3.3 + 2.0 * 0.9


class EvenSampler:
    """What the thread would have read, every 50 ms of replayed time, at the power of that time."""

    def __init__(self, read, fake_time):
        self.read, self.time = read, fake_time

    def start(self):
        self.began = self.time.seconds

    def stop(self):
        end, points, field = self.time.seconds, [], "power"
        try:
            for k in range(1, int((end - self.began) / 0.05) + 1):
                self.time.seconds = self.began + 0.05 * k
                field, watts = self.read()
                points.append((self.time.seconds, watts))
        except CounterError as error:
            return PowerTrace(field, tuple(points), str(error))
        finally:
            self.time.seconds = end
        return PowerTrace(field, tuple(points))


@pytest.fixture
def tree(tmp_path):
    """Write files under a folder of their own."""

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        return tmp_path

    return write


@pytest.fixture
def measure(fake_time):
    def run(make, seconds=6.0):
        meter = make(clock=fake_time.clock(), sampler=lambda read: EvenSampler(read, fake_time))
        assert meter.available() is None
        meter.begin()
        fake_time.sleep(seconds)
        return {m.metric.id: m for m in meter.end("timed")}

    return run


def jetson(label="VDD_IN"):
    return {
        "hwmon0/name": "tmp451",
        "hwmon1/name": "ina3221",
        "hwmon1/in1_label": label,
        "hwmon1/in1_input": "5000",
        "hwmon1/curr1_input": "1400",
        "hwmon1/in2_label": "VDD_CPU_GPU_CV",
        "hwmon1/in2_input": "5000",
        "hwmon1/curr2_input": "300",
        "hwmon1/in7_label": "sum of shunt voltages",
    }


@pytest.mark.parametrize("label", ["VDD_IN", "POM_5V_IN"])
def test_a_jetsons_module_by_its_total_rail(tree, measure, label):
    root = tree(jetson(label))
    found = measure(lambda **more: Ina3221(root, **more))
    assert found["module_energy"].values[0] == pytest.approx(7.0 * 6.0, rel=1e-4)
    assert found["module_power"].values[0] == pytest.approx(7.0)
    assert found["module_idle_power"].values[0] == pytest.approx(7.0)
    assert found["module_net_energy"].values[0] == pytest.approx(0.0, abs=1e-3)
    assert {m.metric.scope for m in found.values()} == {"module"}


def test_work_above_idle_is_the_net_energy(tree, measure, fake_time):
    root, start = tree(jetson()), fake_time.seconds
    work = start + 1.01

    def read(path):
        busy = path.name == "curr1_input" and fake_time.seconds > work
        return "3000" if busy else path.read_text()

    found = measure(lambda **more: Ina3221(root, read, **more))
    assert found["module_idle_power"].values[0] == pytest.approx(7.0, abs=8.0 * 0.05)
    assert found["module_energy"].values[0] == pytest.approx(15.0 * 6.0, abs=15.0 * 0.05)
    assert found["module_net_energy"].values[0] == pytest.approx(8.0 * 6.0, abs=15.0 * 0.05)


def test_a_jetson_without_a_total_names_its_rails(tree):
    assert "VDD_CPU_GPU_CV, VDD_GPU_SOC" in Ina3221(tree(jetson("VDD_GPU_SOC"))).available()


def test_the_rails_of_a_raspberry_pi_5_add_up(measure):
    assert pmic.watts(PMIC) == pytest.approx(PMIC_WATTS)
    found = measure(lambda **more: Pmic(lambda: PMIC, **more))
    assert found["pmic_energy"].values[0] == pytest.approx(PMIC_WATTS * 6.0, rel=1e-4)


@pytest.mark.parametrize("said", ['error=1 error_msg="Command not registered"', "", "EXT5V_V volt(24)=5.1V"])
def test_an_older_board_has_no_rails(said):
    assert "shows no power of its rails" in Pmic(lambda: said).available()


BATTERY = {"BAT0/type": "Battery", "BAT0/status": "Discharging", "AC/type": "Mains", "mouse/type": "Battery"}


@pytest.mark.parametrize(
    "figures",
    [{"BAT0/power_now": "8500000"}, {"BAT0/current_now": "-1000000", "BAT0/voltage_now": "8500000"}],
)
def test_a_battery_that_discharges(tree, measure, figures):
    root = tree({**BATTERY, "mouse/scope": "Device", "mouse/status": "Charging", **figures})
    found = measure(lambda **more: Battery(root, **more), 31.0)
    assert found["battery_power"].values[0] == pytest.approx(8.5)
    short = measure(lambda **more: Battery(root, **more), 6.0)
    assert "at least 30 s" in short["battery_energy"].missing


def test_a_battery_that_charges_says_nothing_of_the_load(tree):
    root = tree({"BAT0/type": "Battery", "BAT0/status": "Charging", "BAT0/power_now": "8500000"})
    meter = Battery(root)
    assert "unplug the charger" in meter.available()
    assert Battery(root / "none").available() == "this machine has no battery"


def test_a_charger_that_is_plugged_in_meanwhile(tree, measure, fake_time):
    root, start = tree({**BATTERY, "BAT0/power_now": "8500000"}), fake_time.seconds
    (root / "mouse/type").write_text("UPS\n")

    def read(path):
        return "Charging" if path.name == "status" and fake_time.seconds > start + 9 else path.read_text()

    found = measure(lambda **more: Battery(root, read, **more), 31.0)
    assert "unplug the charger" in found["battery_energy"].missing


@pytest.mark.parametrize("state", ["Full", "Not charging", "Unknown", "Charging", ""])
@pytest.mark.parametrize("microwatts", ["0", "8500000"])
def test_a_battery_that_does_not_discharge_measures_nothing(tree, state, microwatts):
    root = tree({**BATTERY, "BAT0/status": state, "BAT0/power_now": microwatts, "mouse/scope": "Device"})
    assert "the machine runs on its mains" in Battery(root).available()


def test_a_discharging_battery_whose_driver_says_0_measures_nothing(tree, measure, fake_time):
    root = tree({**BATTERY, "BAT0/power_now": "0", "mouse/scope": "Device"})
    assert "says 0 W" in Battery(root).available()
    (root / "BAT0/power_now").write_text("8500000")

    def read(path):
        return path.read_text() if path.name != "power_now" or fake_time.seconds == start else "0"

    start = fake_time.seconds
    found = measure(lambda **more: Battery(root, read, **more), 31.0)
    assert all(m.values == () for m in found.values() if m.metric.unit in {"J", "W"})
    assert "does not measure" in found["battery_energy"].missing


@pytest.mark.parametrize("idle", ["Unknown", "Full", "Not charging"])
def test_a_battery_at_rest_beside_one_that_discharges_counts_as_0(tree, measure, idle):
    other = {"BAT1/type": "Battery", "BAT1/status": idle, "BAT1/power_now": "0", "mouse/scope": "Device"}
    root = tree({**BATTERY, "BAT0/power_now": "8500000", **other})
    found = measure(lambda **more: Battery(root, **more), 31.0)
    assert found["battery_power"].values[0] == pytest.approx(8.5)


def test_a_sensor_that_says_0_while_the_machine_runs_is_not_measuring(tree):
    files = {**hwmon("Total System Power"), "hwmon3/power1_input": "0"}
    assert "does not measure" in Hwmon(tree(files)).available()


def hwmon(*labels):
    files = {"hwmon3/name": "chip"}
    for k, label in enumerate(labels, 1):
        files |= {f"hwmon3/power{k}_label": label, f"hwmon3/power{k}_input": f"{k}2000000"}
    return files


def test_a_sensor_labelled_as_the_machines_total(tree, measure):
    root = tree(hwmon("PPT", "Total System Power"))
    found = measure(lambda **more: Hwmon(root, **more))
    assert found["hwmon_power"].values[0] == pytest.approx(22.0)
    assert found["hwmon_power"].metric.scope == "board"


@pytest.mark.parametrize(
    ("labels", "said"),
    [((), "no labelled power sensor"), (("PPT", "VRM"), "PPT, VRM"), (("Total 1", "Total 2"), "more than one")],
)
def test_sensors_of_parts_are_left_alone(tree, labels, said):
    assert said in Hwmon(tree(hwmon(*labels))).available()


def test_a_sensor_that_fails_in_the_window_is_missing_with_the_reason(tree, measure, fake_time):
    root, start = tree(jetson()), fake_time.seconds

    def read(path):
        if path.name == "curr1_input" and fake_time.seconds > start + 3:
            raise OSError(5, "Input/output error")
        return path.read_text()

    found = measure(lambda **more: Ina3221(root, read, **more))
    assert "Input/output error" in found["module_energy"].missing
    assert found["module_energy"].values == ()


@pytest.mark.parametrize(("sampled", "flagged"), [(104.0, False), (106.0, True), (96.0, False), (94.0, True)])
def test_readings_more_than_5_percent_off_the_counter_are_flagged(sampled, flagged):
    def power(name, watts):
        return Measurement(Metric(name, "W", "lower", "device", "read"), "timed", "measured", (watts,))

    found = disagreement((power("gpu_idle_power", 9.0), power("gpu_power", 100.0), power("gpu_power_sampled", sampled)))
    assert (found is not None) == flagged
    if found:
        assert found.code == "power-disagrees"
        assert "100 W" in found.message
