"""Silero's voice activity detector in plain torch with the trained weights that its package carries, and a voice."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor, nn

from harness import Place
from harness.runtimes import NotSupported
from harness.weights import BITS, keep, load_module_weight_only, read

from .frontend import RATE

HOP, CONTEXT = 512, 64
"""Samples that are new in each call, and those kept from before."""
FREQUENCIES = 129
CELL = 128
VOWELS = (((700, 130), (1220, 70), (2600, 160)), ((300, 60), (2200, 100), (3000, 150)))
"""Centre and width in Hz of the first three formants, of an "a" and an "i"."""
SYLLABLE, PAUSE, SYLLABLES = 3000, 600, 4
SPOKEN = ((SYLLABLES - 1) * (SYLLABLE + PAUSE) + SYLLABLE // 2) // HOP
"""A hop in the midst of the last syllable."""
VOICE = 1
"""Raise it when the voice changes: what was computed from it is kept."""
COMPUTED = "bfloat16"
"""What weights in few bits are computed with."""


class SileroVad(nn.Module):
    """Spectrum, four convolutions and an LSTM cell: sound to the probability of speech."""

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 2 * FREQUENCIES, 256, stride=128, bias=False)
        self.conv1 = nn.Conv1d(FREQUENCIES, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
        self.gates_of_input, self.gates_of_hidden = nn.Linear(128, 4 * CELL), nn.Linear(CELL, 4 * CELL)
        self.final_conv = nn.Conv1d(CELL, 1, 1)

    def forward(self, samples: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``samples`` (batch x CONTEXT + HOP) from -1 to 1, ``state`` 2 x batch x CELL; batch x 1, and a state."""
        wave = nn.functional.pad(samples.unsqueeze(1), (0, CONTEXT), mode="reflect")
        spectrum = self.stft_conv(wave)
        x = (spectrum[:, :FREQUENCIES] ** 2 + spectrum[:, FREQUENCIES:] ** 2).sqrt()
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = convolution(x).relu()
        state = self._remembered(x.squeeze(-1), state)
        speech = self.final_conv(state[0].unsqueeze(-1).relu()).sigmoid()
        return speech.squeeze(1).mean(1, keepdim=True), state

    def _remembered(self, x: Tensor, state: Tensor) -> Tensor:
        """What an LSTM cell makes of its state, hidden and cell."""
        gates = self.gates_of_input(x) + self.gates_of_hidden(state[0])
        enter, forget, new, leave = gates.chunk(4, 1)
        cell = forget.sigmoid() * state[1] + enter.sigmoid() * new.tanh()
        return torch.stack((leave.sigmoid() * cell.tanh(), cell))


def named_as_here(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those of the package, where the gates belong to an ``nn.LSTMCell``, under this module's names."""
    cell = {"lstm_cell.{}_ih": "gates_of_input.{}", "lstm_cell.{}_hh": "gates_of_hidden.{}"}
    here = {theirs.format(kind): ours.format(kind) for theirs, ours in cell.items() for kind in ("weight", "bias")}
    return {here.get(name, name): tensor for name, tensor in tensors.items()}


def loaded(place: Place) -> tuple[Any, dict[str, str]]:
    """The trained network in ``place.dtype``, and what is known of it. Raises NotSupported without the package."""
    if place.dtype in BITS:
        return load_module_weight_only(SileroVad, trained, _entry(), place, COMPUTED, _heard)
    return trained().to(place.device, getattr(torch, place.dtype)), {}


def inputs(place: Place) -> tuple[Tensor, Tensor]:
    """A hop in the midst of a syllable, and the state that the hops before it left: computed once, and kept."""
    dtype = getattr(torch, COMPUTED if place.dtype in BITS else place.dtype)
    sound = hops(speech(SYLLABLES))
    state = keep(f"{_entry()}-state", place, lambda: {"state": listen(trained(), sound[:SPOKEN])[1]})["state"]
    return sound[SPOKEN : SPOKEN + 1].to(place.device, dtype), state.to(place.device, dtype)


def _heard(model: Any) -> Tensor:
    """What few bits are compared by: the probability of speech in each hop of all syllables."""
    return listen(model, hops(speech(SYLLABLES)))[0]


def _entry() -> str:
    """In the cache: of these weights and this voice."""
    _package()
    return f"silero-vad-{version('silero-vad')}-{VOICE}"


def trained() -> SileroVad:
    """In float32, with the weights of the installed package. Raises NotSupported where it is not installed."""
    tensors = read(_package() / "data" / "silero_vad_16k.safetensors")
    with torch.device("meta"):
        model = SileroVad()
    model.load_state_dict(named_as_here(tensors), assign=True)
    return model.eval()


def _package() -> Path:
    found = find_spec("silero_vad")
    if found is None or found.origin is None:
        raise NotSupported("its trained weights come with the package silero-vad: pip install 'tierbench[trained]'")
    return Path(found.origin).parent


def speech(syllables: int) -> Any:
    """That many syllables with pauses between, from -1 to 1 at RATE: the harmonics of a falling voice, by formants."""
    envelope, pause = numpy.hanning(SYLLABLE), numpy.zeros(PAUSE)
    said = [(_vowel(130.0 - 5 * n, VOWELS[n % 2]) * envelope, pause) for n in range(syllables)]
    return numpy.concatenate([part for syllable in said for part in syllable]).astype("float32")


def _vowel(pitch: float, formants: tuple[tuple[int, int], ...]) -> Any:
    time = numpy.arange(SYLLABLE) / RATE
    number = numpy.arange(1, int(RATE / 2 / pitch))[:, None]
    loudness = 1 / number
    for centre, width in formants:
        off = number * pitch / centre
        loudness = loudness / numpy.abs(1 - off**2 + 1j * off * width / centre)
    wave = (loudness * numpy.sin(2 * numpy.pi * number * pitch * time)).sum(0)
    return 0.3 * wave / numpy.abs(wave).max()


def hops(samples: Any) -> Tensor:
    """Calls' inputs, one after the other: count x (CONTEXT + HOP), a last hop that is not whole left out."""
    padded = numpy.concatenate([numpy.zeros(CONTEXT, samples.dtype), samples])
    return torch.from_numpy(padded).unfold(0, CONTEXT + HOP, HOP).clone()


def listen(model: Any, heard: Tensor) -> tuple[Tensor, Tensor]:
    """The probability of speech in each hop (count x 1), and the state that the last one left, in the model's type."""
    dtype = model.final_conv.weight.dtype
    state, found = torch.zeros(2, 1, CELL, dtype=dtype), []
    with torch.inference_mode():
        for hop in heard.to(dtype)[:, None]:
            probability, state = model(hop, state)
            found.append(probability)
    return torch.cat(found), state.clone()
