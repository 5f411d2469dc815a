"""What tensors memory is made of, against models whose weights, gradients, states, caches and activations are known."""

from __future__ import annotations

import pytest

from harness.meters.composition import Account, modules_in
from harness.model.measure import GPU_ALLOCATED, PROCESS_BASELINE, PROCESS_PEAK, Measurement
from harness.worker.composition import measurements, not_followed

torch = pytest.importorskip("torch")

KIB = 1024
WIDTH = 512
SQUARE = WIDTH * WIDTH * 4
"""Bytes of one weight matrix, of 512 rows of activations."""


def two_layers():
    return torch.nn.Sequential(
        torch.nn.Linear(WIDTH, WIDTH, bias=False), torch.nn.ReLU(), torch.nn.Linear(WIDTH, WIDTH, bias=False)
    )


def account(subject, inputs, *steps):
    with Account("cpu") as found:
        found.begin_steps(subject, inputs)
        for step in steps:
            step()
        return found.peak()


def test_weights_and_the_activations_of_a_step_without_gradients():
    model, rows = two_layers(), torch.randn(WIDTH, WIDTH)

    def step():
        with torch.inference_mode():
            model(rows)

    found = account(model, (rows,), step)
    assert found["weights"] == 2 * SQUARE
    assert found["activations"] == pytest.approx(3 * SQUARE, rel=0.01)  # the input, a layer's input and its output
    assert found["gradients"] == found["optimizer_state"] == found["kv_cache"] == 0


def test_a_step_of_adam():
    model, rows = two_layers(), torch.randn(64, WIDTH)
    optimizer = torch.optim.Adam(model.parameters(), foreach=False)

    def step():
        model(rows).sum().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)

    found = account(model, (rows,), step, step)
    assert found["weights"] == found["gradients"] == 2 * SQUARE
    assert found["optimizer_state"] == pytest.approx(4 * SQUARE, rel=0.01)
    assert found["activations"] <= 3 * SQUARE + 2 * 64 * WIDTH * 4  # of Adam's own arithmetic; the input and its like


@pytest.mark.parametrize(
    ("optimizer", "state"),
    [
        (lambda p: torch.optim.SGD(p), 0),
        (lambda p: torch.optim.SGD(p, momentum=0.9), 2 * SQUARE),
        (lambda p: torch.optim.AdamW(p), 4 * SQUARE),
        (lambda p: torch.optim.Adafactor(p), 2 * 2 * WIDTH * 4),
    ],
    ids=["SGD", "momentum", "AdamW", "Adafactor"],
)
def test_the_state_of_known_optimizers(optimizer, state):
    """None, one number a weight, two, and a row and a column of them a matrix; Adam and Adafactor count their steps."""
    model, rows = two_layers(), torch.randn(8, WIDTH)
    made = optimizer(model.parameters())

    def step():
        model(rows).sum().backward()
        made.step()

    found = account(model, (rows,), step, step)
    assert state <= found["optimizer_state"] <= state + 2 * 4
    assert found["gradients"] == found["weights"] == 2 * SQUARE


def test_gradients_without_an_optimizer():
    model, rows = two_layers(), torch.randn(8, WIDTH)
    found = account(model, (rows,), lambda: model(rows).sum().backward())
    assert found["gradients"] == pytest.approx(2 * SQUARE, rel=0.01)


class PlainCache:
    """A key-value cache as libraries make them: its class is called so."""

    def __init__(self):
        self.layers = []


class Remembers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.project = torch.nn.Linear(WIDTH, WIDTH, bias=False)

    def forward(self, rows, past):
        past.layers.append({"keys": self.project(rows), "values": self.project(rows)})
        return rows, past


def test_what_a_cache_object_holds_is_the_key_value_cache():
    model, rows, past = Remembers(), torch.randn(WIDTH, WIDTH), PlainCache()

    def step():
        with torch.inference_mode():
            model(rows, past=past)

    found = account(model, (rows,), step, step, step)
    assert found["kv_cache"] == 6 * SQUARE
    assert found["weights"] == SQUARE
    assert found["activations"] == SQUARE


def test_the_cache_of_a_language_model():
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 128, "intermediate_size": 2048, "num_hidden_layers": 3, "num_attention_heads": 4}
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(vocab_size=64, **sizes)).eval()
    prompt = torch.zeros(1, 256, dtype=torch.long)

    def step():
        with torch.inference_mode():
            out = model(prompt, use_cache=True, logits_to_keep=1)
            model(prompt[:, :1], past_key_values=out.past_key_values, use_cache=True)

    found = account(model, (prompt,), step)
    assert found["kv_cache"] == 3 * 256 * 2 * 128 * 4  # layers, tokens, keys and values, width, float32: while reading
    assert found["weights"] == pytest.approx(sum(p.numel() * 4 for p in model.parameters()), rel=0.01)


def test_tied_weights_and_views_count_once_and_buffers_of_a_cache_module_are_cache():
    class StaticCache(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("keys", torch.zeros(WIDTH, WIDTH))

    model = two_layers()
    model[2].weight = model[0].weight
    model.add_module("cache", StaticCache())
    found = account(model, (), lambda: model[0].weight.view(-1)[:10])
    assert found["weights"] == found["kv_cache"] == SQUARE


def test_a_burst_counts_and_what_ended_before_the_steps_does_not():
    with Account("cpu") as found:
        earlier = torch.zeros(16, WIDTH, WIDTH)
        del earlier
        found.begin_steps(torch.nn.Identity(), ())
        for rows in (1, 8, 2):
            burst = torch.zeros(rows, WIDTH, WIDTH)
            del burst
        assert found.peak()["activations"] == 8 * SQUARE


def test_other_devices_are_left_out():
    found = account(torch.nn.Linear(WIDTH, WIDTH, device="meta"), (), lambda: torch.ones(4, device="meta") + 1)
    assert set(found.values()) == {0}


def test_modules_are_found_in_closures_methods_and_attributes():
    module = two_layers()

    class Trainer:
        def __init__(self):
            self.network = module

        def step(self):
            return self.network

    def wrapped(of):
        return lambda: of

    assert list(modules_in(module)) == [module]
    assert list(modules_in(wrapped(module))) == [module]
    assert list(modules_in(Trainer().step)) == [module]
    assert list(modules_in(wrapped(Trainer()))) == [module]
    assert list(modules_in(len)) == []


PEAK = {"weights": 100, "gradients": 0, "optimizer_state": 0, "kv_cache": 10, "activations": 40}


def one(metric, stage, value):
    return Measurement(metric, stage, "measured", (float(value),))


def test_parts_add_up_to_the_peak_of_the_process():
    seen = [one(PROCESS_BASELINE, "load", 200), one(PROCESS_PEAK, "warm-up", 390), one(PROCESS_PEAK, "timed", 380)]
    found = {m.metric.id: m.values for m in measurements(PEAK, seen, "cpu")}
    assert found.pop("composition_peak") == (390.0,)
    assert found["composition_remainder"] == (40.0,)
    assert sum(v for (v,) in found.values()) == 390


def test_on_a_gpu_the_sum_is_that_of_torchs_allocator():
    found = {m.metric.id: m for m in measurements(PEAK, [one(GPU_ALLOCATED, "timed", 151)], "gpu")}
    assert found["composition_remainder"].values == (1.0,)
    assert "CUDA context" in found["composition_framework"].missing


def test_without_a_peak_there_is_no_remainder():
    found = {m.metric.id: m for m in measurements(PEAK, [], "cpu")}
    assert found["composition_remainder"].missing
    assert found["composition_weights"].values == (100.0,)


def test_what_cannot_be_followed_is_missing_with_the_reason():
    finding, missing = not_followed(NotImplementedError("no such operator"))
    assert (finding.level, finding.code) == ("warning", "composition-failed")
    assert {m.values for m in missing} == {()}
    assert all("NotImplementedError: no such operator" in m.missing for m in missing)
