"""The detector of speech with trained weights: equal to the published one, and what few bits cost it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from harness.collect.loading import SuiteFile, load_suite
from harness.model.workload import Place
from harness.runtimes import NotSupported

pytestmark = pytest.mark.slow

SUITE = load_suite(SuiteFile("translation", Path(__file__).parents[2] / "suites/translation/suite.py"))
KIND = next(kind for kind in SUITE.workloads if kind.name == "silero-vad")
THEIRS = {
    "stft.forward_basis_buffer": "stft_conv.weight",
    **{f"encoder.{n}.reparam_conv.{kind}": f"conv{n + 1}.{kind}" for n in range(4) for kind in ("weight", "bias")},
    **{f"decoder.rnn.{kind}_{of}": f"lstm_cell.{kind}_{of}" for kind in ("weight", "bias") for of in ("ih", "hh")},
    **{f"decoder.decoder.2.{kind}": f"final_conv.{kind}" for kind in ("weight", "bias")},
}
"""Names of the package's own module, and those of its file of tensors."""


@pytest.fixture(scope="module")
def voice() -> Any:
    return import_module(".voice", KIND.build.__globals__["__package__"])


@pytest.fixture(scope="module")
def sound(voice: Any) -> torch.Tensor:
    return voice.hops(voice.speech(voice.SYLLABLES))


def built(tmp_path: Path, dtype: str = "float32") -> Any:
    return KIND().build(Place("cpu", dtype, 0, tmp_path))


@pytest.mark.filterwarnings("ignore:`torch.jit.load` is deprecated:DeprecationWarning")
def test_with_the_weights_of_the_published_module_it_says_what_that_says(voice: Any, sound: torch.Tensor) -> None:
    origin = find_spec("silero_vad").origin
    theirs = torch.jit.load(Path(origin).parent / "data" / "silero_vad.jit")._model
    ours = voice.SileroVad().eval()
    tensors = {THEIRS[name]: tensor for name, tensor in theirs.state_dict().items()}
    ours.load_state_dict(voice.named_as_here(tensors))
    (said, state), (expected, their_state) = voice.listen(ours, sound), _listen(theirs, sound)
    torch.testing.assert_close(said, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(state, their_state, rtol=1e-4, atol=1e-4)
    assert sum(parameter.numel() for parameter in ours.parameters()) == 309_633


def _listen(model: Any, sound: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    found, state = [], torch.zeros(2, 1, 128)
    with torch.inference_mode():
        for hop in sound[:, None]:
            probability, state = model(hop, state)
            found.append(probability)
    return torch.cat(found), state


def test_it_was_trained_it_hears_a_voice_and_neither_noise_nor_silence(voice: Any, sound: torch.Tensor) -> None:
    model = voice.trained()
    noise = 0.1 * numpy.random.default_rng(0).normal(size=len(sound) * voice.HOP).astype("float32")
    heard, in_noise, in_silence = (voice.listen(model, given)[0] for given in (sound, voice.hops(noise), 0 * sound))
    assert heard[2:].median() > 0.9
    assert max(in_noise.max(), in_silence.max()) < 0.1


def test_a_step_hears_a_syllable_with_what_came_before_and_must_keep_up(voice: Any, tmp_path: Path) -> None:
    model = built(tmp_path)
    with torch.inference_mode():
        probability, state = model.module(*model.inputs)
    assert probability.shape == (1, 1)
    assert probability.item() > 0.9
    assert state.shape == model.inputs[1].shape
    assert voice.HOP / voice.RATE == KIND.deadline_seconds == KIND().items()


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_once_it_is_prepared_a_build_does_not_run_the_network_so_that_the_first_step_is_a_cold_one(
    voice: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    first = built(tmp_path, dtype).inputs
    monkeypatch.setattr(voice.SileroVad, "forward", None)
    again = built(tmp_path, dtype).inputs
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_few_bits_cost_a_trained_network_what_the_record_says(voice: Any, tmp_path: Path) -> None:
    price = {bits: float(built(tmp_path, bits).facts["relative_difference"]) for bits in ("int8", "int4")}
    assert 0 < price["int8"] < price["int4"] < 0.3
    model = built(tmp_path, "int8")
    with torch.inference_mode():
        assert model.module(*model.inputs)[0].item() > 0.9


def test_without_the_package_it_is_not_supported_and_says_how_to_get_it(
    voice: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice, "find_spec", lambda _name: None)
    with pytest.raises(NotSupported, match=r"pip install 'tierbench\[trained\]'"):
        built(tmp_path)
