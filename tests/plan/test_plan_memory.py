"""Memory that repeats, and what it is made of: when their trials are planned."""

from __future__ import annotations

from builders import capabilities, ref

from harness import plan, profiles
from harness.content import search_path

CAPS = capabilities()
BOARDS = profiles.load_all(search_path())


def roles(settings, runtime="torch-eager", tiers=None):
    chosen = [plan.Selected(ref("a"), (runtime,), ("float32",), (runtime,), ("float32",))]
    made = plan.make(chosen, tiers or [profiles.host_profile(CAPS)], CAPS, settings)
    return [t.role for t in made.trials]


def test_gate_trials_only_when_asked_and_never_fewer_than_three():
    assert "gate" not in roles(plan.Settings())
    assert roles(plan.Settings(processes=1, gate=True)).count("gate") == plan.GATE_PROCESSES
    assert roles(plan.Settings(processes=5, gate=True)).count("gate") == 5


def test_one_composition_a_work_of_pytorch_on_this_host():
    assert roles(plan.Settings(processes=3)).count("composition") == 1
    assert "composition" not in roles(plan.Settings(), runtime="onnxruntime")
    assert "composition" not in roles(plan.Settings(), tiers=list(BOARDS))
    assert "composition" not in roles(plan.QUICK)
