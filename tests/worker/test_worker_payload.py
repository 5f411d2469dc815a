"""What a request and its answer would carry: bytes of inputs and outputs, whatever they are nested in."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.model.measure import INPUT_BYTES, OUTPUT_BYTES
from harness.worker.payload import measurements, size_of


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (b"abc", 3),
        ("grün", 5),
        (1.5, 8),
        ([1, 2.0, "ab"], 18),
        ({"a": (b"12", [b"345"]), "b": None}, 5),
        (None, None),
        (True, None),
        ((), None),
        ([None, {}], None),
        (object(), None),
    ],
)
def test_plain_values(value, size):
    assert size_of(value) == size


def test_tensors_and_arrays_count_with_their_own_bytes():
    numpy, torch = pytest.importorskip("numpy"), pytest.importorskip("torch")
    image = torch.zeros(1, 3, 224, 224, dtype=torch.float16)
    assert size_of((image,)) == 3 * 224 * 224 * 2
    assert size_of({"logits": numpy.zeros((2, 1000), "float32"), "ids": torch.zeros(4, dtype=torch.int64)}) == 8032
    assert size_of(image[:, :, :10]) == 3 * 10 * 224 * 2, "a view counts with what it shows"


def test_a_models_output_counts_without_its_key_value_cache():
    modeling, torch = pytest.importorskip("transformers.modeling_outputs"), pytest.importorskip("torch")
    output = modeling.CausalLMOutputWithPast(logits=torch.zeros(1, 1, 100), past_key_values=SimpleNamespace(layers=[]))
    assert size_of(output) == 400


def test_what_contains_itself_ends():
    endless: list[object] = [b"a"]
    endless.append(endless)
    assert size_of(endless) is not None


class Awkward:
    @property
    def nbytes(self):
        raise RuntimeError("not now")


def test_missing_has_its_reason_and_what_cannot_be_counted_is_no_failure():
    sent, returned = measurements((), Awkward())
    assert (sent.metric, sent.values, sent.missing) == (
        INPUT_BYTES,
        (),
        "no tensor, array, text or number in the inputs",
    )
    assert (returned.metric, returned.values) == (OUTPUT_BYTES, ())
    assert returned.missing == "the output could not be counted: RuntimeError: not now"


def test_both_sizes_are_measured_bytes():
    sent, returned = measurements((b"1234",), b"12")
    assert (sent.values, returned.values) == ((4.0,), (2.0,))
    assert {sent.provenance, returned.provenance} == {"measured"}
    assert {sent.metric.unit, returned.metric.unit} == {"B"}
    assert {sent.metric.better, returned.metric.better} == {"neither"}
