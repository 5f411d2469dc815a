"""The sampler's probes against the GPU itself."""

import pytest

from harness import sampler
from harness.model.sensors import GPU_CLOCK, GPU_MEMORY_CLOCK, GPU_POWER_LIMIT, GPU_TEMPERATURE, GPU_THROTTLE

pytestmark = pytest.mark.gpu


def test_each_probe_gives_a_figure_of_its_kind(tmp_path):
    probes = sampler.probes(tmp_path, [], gpu=True)
    for probe in probes:
        probe.look()
    assert {p.metric.id: p.problem for p in probes if p.problem} == {}
    found = {p.metric: p.values[0] for p in probes}
    assert set(found) == {GPU_CLOCK, GPU_MEMORY_CLOCK, GPU_TEMPERATURE, GPU_THROTTLE, GPU_POWER_LIMIT}
    assert 1e8 < found[GPU_CLOCK] < 5e9
    assert 1e8 < found[GPU_MEMORY_CLOCK] < 5e10
    assert 10 < found[GPU_TEMPERATURE] < 110
    assert 5 < found[GPU_POWER_LIMIT] < 5000
    assert found[GPU_THROTTLE] >= 0
