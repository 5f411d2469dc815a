"""Clinical signals and images: an electrocardiogram, segmentation in two and three dimensions, a running recording.

With ``processing`` on, a step begins with what the device gives and ends with what a doctor is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar

from harness import Model, Place
from harness.processing import VALUES, Staged
from harness.weights import load_module

from .signals import ELECTRODES, montage, resample

THRESHOLDS = (0.124, 0.07, 0.05, 0.278, 0.390, 0.174)
"""Above which an abnormality is reported: first-degree block, right and left bundle branch block, bradycardia ..."""


class _Clinical(Staged):
    family = "healthcare"
    requires = ("torch",)
    parameters = {"processing": VALUES}
    dtypes = ("float32", "bfloat16")
    runtimes: ClassVar[tuple[str, ...]] = ("torch-eager", "onnxruntime", "ncnn")
    network: ClassVar[tuple[str, str]]
    """The file beside this one and the class in it."""

    def _model(self, place: Place, raw: tuple[Any, ...], processing: str) -> Model:
        file, network = self.network
        make: Callable[[], Any] = getattr(import_module(f".{file}", __package__), network)
        return self.staged(load_module(make, f"healthcare-{self.name}", place), raw, place, processing)


class _Signal(_Clinical):
    quick = {"processing": "off"}

    def build(self, place: Place, processing: str) -> Model:
        """The network with seeded weights, and what a device gives."""
        import numpy

        return self._model(place, self.recording(numpy.random.default_rng(place.seed)), processing)

    def recording(self, chance: Any) -> tuple[Any, ...]:
        """What the device gives, made with a random generator of numpy."""
        raise NotImplementedError


class Ecg(_Signal):
    """Six abnormalities in ten seconds of a 12-lead electrocardiogram."""

    name = "ecg"
    network = ("ecg", "EcgNet")
    items_unit = "recordings"
    deadline_seconds = 10.0

    def recording(self, chance: Any) -> tuple[Any, ...]:
        """Ten seconds at 500 Hz, 16 bit, one step a microvolt: 12 x 5000."""
        return (chance.normal(0, 200, (12, 5000)).astype("int16"),)

    def prepare(self, samples: Any) -> tuple[Any]:
        """At 400 Hz, in units of 0.1 mV, with zeros to 4096 samples."""
        import numpy

        signal = resample(samples.astype("float32") / 100)
        return (numpy.pad(signal, ((0, 0), (0, 4096 - signal.shape[1])))[None],)

    def finish(self, probabilities: Any) -> Any:
        """Which abnormalities are reported: 1 x 6, zero or one."""
        import numpy

        return (probabilities > numpy.array(THRESHOLDS, "float32")).astype("uint8")


class UNet2d(_Clinical):
    """A grey image to a mask of two classes."""

    name = "unet-2d"
    network = ("unet", "UNet2d")
    parameters = {"size": (512, 256), "processing": VALUES}
    items_unit = "images"
    deadline_seconds = 1.0

    def build(self, place: Place, size: int, processing: str) -> Model:
        """The network and a grey image of 8 bit, ``size`` pixels each way."""
        return self._model(place, (_whole(place, size, size),), processing)

    def prepare(self, image: Any) -> tuple[Any]:
        """With mean 0 and deviation 1: 1 x 1 x height x width."""
        return (_normalised(image)[None, None],)

    def finish(self, logits: Any) -> Any:
        """The likelier class of each pixel."""
        return logits.argmax(1).astype("uint8")


class UNet3d(_Clinical):
    """A patch of a volume, three channels, to a mask of three classes of its middle."""

    name = "unet-3d"
    network = ("unet", "UNet3d")
    parameters = {"patch": ("116x132x132",), "processing": VALUES}
    items_unit = "patches"

    def build(self, place: Place, patch: str, processing: str) -> Model:
        """The network and a patch of so many voxels of 8 bit in three channels."""
        return self._model(place, (_whole(place, 3, *map(int, patch.split("x"))),), processing)

    def prepare(self, volume: Any) -> tuple[Any]:
        """With mean 0 and deviation 1: 1 x 3 x depth x height x width."""
        return (_normalised(volume)[None],)

    def finish(self, logits: Any) -> Any:
        """The likeliest class of each voxel."""
        return logits.argmax(1).astype("uint8")


class SeizureStream(_Signal):
    """One hop of a second in a running electroencephalogram of 20 channels: is there a seizure?"""

    name = "seizure-stream"
    network = ("eeg", "SeizureNet")
    runtimes = ("torch-eager", "onnxruntime")
    items_unit = "hops"
    deadline_seconds = 1.0

    def recording(self, chance: Any) -> tuple[Any, ...]:
        """The last four seconds of 19 electrodes at 250 Hz in quarters of a microvolt, and the network's state."""
        samples = chance.normal(0, 120, (len(ELECTRODES), 1000)).astype("int16")
        return samples, *(chance.normal(0, 0.5, (1, 256)).clip(-1, 1).astype("float32") for _ in range(4))

    def prepare(self, samples: Any, *state: Any) -> tuple[Any, ...]:
        """The montage at 200 Hz in microvolts (1 x 20 x 800); the state as it is."""
        return resample(montage(samples.astype("float32") / 4))[None], *state

    def finish(self, logits: Any, *state: Any) -> tuple[Any, ...]:
        """The probability of a seizure, and the state for the next hop."""
        import numpy

        odds = numpy.exp(logits - logits.max(1, keepdims=True))
        return odds[:, 1] / odds.sum(1), *state


def _whole(place: Place, *shape: int) -> Any:
    """Values of 8 bit, each as likely."""
    import numpy

    return numpy.random.default_rng(place.seed).integers(0, 256, shape, dtype="uint8")


def _normalised(image: Any) -> Any:
    """Mean 0, deviation 1, in float32."""
    values = image.astype("float32")
    return (values - values.mean()) / values.std()
