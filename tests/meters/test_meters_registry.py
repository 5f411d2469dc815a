import subprocess
import sys

import pytest

from harness import meters
from harness.errors import UnknownName
from harness.meters.torch_cuda import TorchCuda


def test_built_in_meters_keep_the_protocol():
    for meter_id in meters.known():
        meter = meters.get(meter_id)
        assert meter.id == meter_id
        assert meter.roles
        assert meter.devices <= {"cpu", "gpu"}
        assert len({m.id for m in meter.metrics}) == len(meter.metrics)
    ids = [m.id for meter_id in meters.known() for m in meters.get(meter_id).metrics]
    assert len(set(ids)) == len(ids), "two meters would be taken for one"


def test_known_names_all_and_an_unknown_one_is_an_error():
    assert {"nvml", "rapl", "torch-cuda"} <= set(meters.known())
    with pytest.raises(UnknownName, match="did you mean nvml"):
        meters.get("nvmll")


def test_energy_meters_see_their_own_device():
    assert [m.id for m in meters.for_role("energy", "cpu")] == ["rapl", "ina3221", "battery", "hwmon", "pmic"]
    assert [m.id for m in meters.for_role("energy", "gpu")] == ["nvml", "rapl", "ina3221", "battery", "hwmon"]
    assert "torch-cuda" in [m.id for m in meters.for_role("need", "gpu")]
    assert "torch-cuda" not in [m.id for m in meters.for_role("need", "cpu")]


def test_every_state_is_usable_or_has_a_reason():
    states = {s.id: s for s in meters.states()}
    assert set(meters.known()) | {"process-memory"} == set(states)
    assert all(s.reason is None or len(s.reason) > 10 for s in states.values())


def test_states_load_nothing_heavy():
    code = (
        "import sys; from harness import meters; meters.states();"
        "print(*sorted({'numpy', 'scipy', 'torch', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_an_energy_meter_without_its_device_says_why_for_every_metric():
    for meter in (*meters.for_role("energy", "gpu"), *meters.for_role("need", "gpu")):
        if meter.available() is not None:
            meter.begin()
            found = meter.end("timed")
            assert [m.metric.id for m in found] == [m.id for m in meter.metrics]
            assert all(m.missing and not m.values for m in found)


def test_torch_memory_without_a_context_is_missing():
    meter = TorchCuda()
    meter.begin()
    assert {m.missing for m in meter.end("load")} == {"torch had no CUDA context by then"}
