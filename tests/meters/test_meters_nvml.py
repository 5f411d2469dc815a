import pytest

from harness.meters.nvml import Nvml, NvmlError, RealDevice
from harness.meters.power import PowerTrace


class ReplayDevice:
    """A GPU at constant power; ``counter`` None is one without a total-energy counter."""

    def __init__(self, counter, watts=250.0, mig=False, power=True):
        self.counter, self.watts, self.split, self.power = counter, watts, mig, power

    def energy_millijoules(self):
        if self.counter is None:
            raise NvmlError("nvmlDeviceGetTotalEnergyConsumption: Not Supported")
        return self.counter()

    def power_watts(self):
        if not self.power:
            raise NvmlError("nvmlDeviceGetPowerUsage: Not Supported")
        return "POWER_INSTANT", self.watts

    def mig(self):
        return self.split


class ReplaySampler:
    """Readings at even times, made when the window ends: what the thread would have taken."""

    def __init__(self, read, fake_time, hole=(0.0, 0.0)):
        self.read, self.time, self.hole = read, fake_time, hole

    def start(self):
        self.began = self.time.seconds

    def stop(self):
        times = [self.began + 0.05 * k for k in range(1, int((self.time.seconds - self.began) / 0.05))]
        kept = [t for t in times if not self.hole[0] <= t - self.began < self.hole[1]]
        field, watts = self.read()
        return PowerTrace(field, tuple((t, watts) for t in kept))


@pytest.fixture
def measure(fake_time):
    def run(device, seconds=6.0, hole=(0.0, 0.0)):
        meter = Nvml(lambda: device, fake_time.clock(), lambda read: ReplaySampler(read, fake_time, hole))
        meter.begin()
        fake_time.sleep(seconds)
        return {m.metric.id: m for m in meter.end("timed")}

    return run


def test_the_counter_gives_energy_and_power(measure, fake_time, stepped):
    found = measure(ReplayDevice(stepped(fake_time, 250.0, 0.1, 1e-3)))
    assert found["gpu_energy"].values[0] == pytest.approx(1500.0, abs=26)
    assert found["gpu_power"].values[0] == pytest.approx(250.0, rel=0.02)
    assert found["gpu_energy_step"].values[0] == pytest.approx(0.1 / 6, rel=0.05)
    assert found["gpu_power_sampled"].values[0] == pytest.approx(250.0)
    assert "POWER_INSTANT" in found["gpu_power_sampled"].metric.how
    assert all(m.provenance == "measured" and m.missing is None for m in found.values())


def test_the_readings_disagree_with_a_counter_that_is_off(measure, fake_time, stepped):
    found = measure(ReplayDevice(stepped(fake_time, 250.0, 0.1, 1e-3), watts=200.0))
    assert found["gpu_power"].values[0] / found["gpu_power_sampled"].values[0] == pytest.approx(1.25, rel=0.02)


def test_without_a_counter_the_power_is_integrated_and_labelled(measure):
    found = measure(ReplayDevice(None, watts=120.0))
    assert found["gpu_energy"].values[0] == pytest.approx(720.0, rel=1e-3)
    assert "integral of NVML's POWER_INSTANT" in found["gpu_energy"].metric.how
    assert found["gpu_idle_power"].values[0] == pytest.approx(120.0)
    assert found["gpu_net_energy"].values[0] == pytest.approx(0.0, abs=1e-6)
    assert found["gpu_energy_step"].values[0] == pytest.approx(0.05 / 6, rel=0.05)


def test_without_a_counter_a_short_window_or_a_gap_is_missing(measure):
    assert "at least 5 s" in measure(ReplayDevice(None), seconds=3.0)["gpu_energy"].missing
    assert "gap of 2.0" in measure(ReplayDevice(None), hole=(2.0, 4.0))["gpu_energy"].missing


def test_a_gap_in_the_readings_leaves_the_counter_alone(measure, fake_time, stepped):
    found = measure(ReplayDevice(stepped(fake_time, 250.0, 0.02, 1e-3)), hole=(1.0, 3.0))
    assert found["gpu_energy"].values
    assert "gap" in found["gpu_power_sampled"].missing


def test_a_stuck_counter_is_missing(measure, fake_time, stepped):
    found = measure(ReplayDevice(stepped(fake_time, 250.0, 0.02, 1e-3, stuck_at=0.0)))
    assert "did not move" in found["gpu_energy"].missing
    assert found["gpu_power_sampled"].values


def test_reasons_for_not_being_available():
    assert "MIG" in Nvml(lambda: ReplayDevice(None, mig=True)).available()
    assert "Not Supported" in Nvml(lambda: ReplayDevice(None, power=False)).available()
    assert Nvml(lambda: ReplayDevice(None)).available() is None


def test_without_a_gpu_everything_is_missing_with_the_reason():
    def lost():
        raise NvmlError("nvmlInit: NVML Shared Library Not Found")

    meter = Nvml(lost)
    assert meter.available() == "nvmlInit: NVML Shared Library Not Found"
    meter.begin()
    found = meter.end("timed")
    assert [m.metric for m in found] == list(Nvml.metrics)
    assert all("Not Found" in m.missing and m.values == () for m in found)


def test_this_machine_gets_a_reason_or_a_device():
    reason = Nvml().available()
    if reason is None:
        assert RealDevice().power_watts()[1] > 0
    else:
        with pytest.raises(NvmlError):
            RealDevice()
