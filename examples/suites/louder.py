"""Which of eight sounds it is, from raw samples or from prepared ones."""

from typing import Any

from harness import Model, Place
from harness.processing import VALUES, Staged


class Louder(Staged):
    """A layer over 16,000 samples."""

    name = "louder"
    requires = ("torch",)
    parameters = {"processing": VALUES}
    quick = {"processing": "on"}

    def build(self, place: Place, processing: str) -> Model:
        import numpy
        import torch

        torch.manual_seed(place.seed)
        samples = numpy.random.default_rng(place.seed).integers(-9000, 9000, 16_000, dtype="int16")
        layer = torch.nn.Linear(16_000, 8).to(getattr(torch, place.dtype))
        return self.staged(layer, (samples,), place, processing)

    def prepare(self, samples: Any) -> tuple[Any, ...]:
        return ((samples / 32768).astype("float32"),)

    def finish(self, scores: Any) -> Any:
        return (-scores).argsort()
