"""The energy role of a trial as the child runs it; only the counter's file read and the time are replayed."""

import os

import pytest

from harness import meters
from harness.meters.rapl import Rapl
from harness.model import codec
from harness.model.case import Case, Pace, Trial, WorkloadRef
from harness.model.events import Measured
from harness.worker import energy
from harness.worker.channel import Channel

STEP_SECONDS = 0.01


@pytest.fixture
def run_energy(tmp_path, fake_time, stepped, monkeypatch):
    """Run the role at a given energy time (s) and give what the parent would read of each metric."""

    def run(step_seconds=STEP_SECONDS):
        zone = tmp_path / "intel-rapl:0"
        zone.mkdir()
        (zone / "name").write_text("package-0\n")
        (zone / "max_energy_range_uj").write_text("1000000000000000\n")
        counter = stepped(fake_time, 35.0, 0.001, 1e-6)

        def read(path):
            return str(counter()) if path.name == "energy_uj" else path.read_text()

        meter = Rapl(tmp_path, read, fake_time.clock())
        monkeypatch.setattr(meters, "for_role", lambda role, device: [meter] if role == "energy" else [])
        case = Case(WorkloadRef("s", "w", "s.py"), "host", "cpu", "cpu", "torch-eager", "float32")
        trial = Trial(case, "energy", pace=Pace(energy_seconds=0.05))
        receive, send = os.pipe()
        energy.run(lambda: fake_time.sleep(step_seconds), trial, Channel(send), 4.0)
        os.close(send)
        with os.fdopen(receive, "rb") as lines:
            events = [codec.decode_event(line) for line in lines]
        return {e.measurement.metric.id: e.measurement for e in events if isinstance(e, Measured)}

    return run


def test_energy_per_step_is_power_times_the_steps_time(run_energy):
    found = run_energy()
    assert found["step_energy"].values[0] == pytest.approx(35.0 * STEP_SECONDS, rel=0.01)
    assert found["step_energy"].metric.scope == "package"
    assert "RAPL" in found["step_energy"].metric.how
    assert found["package_power"].values[0] == pytest.approx(35.0, rel=0.01)
    assert found["power"].values == found["package_power"].values
    assert found["power"].metric.scope == "package"


def test_energy_per_item_and_net_of_the_idle_machine(run_energy):
    found = run_energy()
    assert found["item_energy"].values[0] == pytest.approx(35.0 * STEP_SECONDS / 4, rel=0.01)
    assert found["package_idle_power"].values[0] == pytest.approx(35.0, rel=0.01)
    assert found["net_step_energy"].values[0] == pytest.approx(0.0, abs=0.35 * STEP_SECONDS)


def test_a_missing_energy_is_missing_for_each_step_too(run_energy):
    found = run_energy(step_seconds=0.0)
    assert found["step_energy"].values == ()
    assert "at least 5 s" in found["step_energy"].missing
