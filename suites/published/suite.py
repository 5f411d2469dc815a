"""Networks that others have published times of for many boards, each under the name that it has in their tables.

A step classifies one image. Operations by class and bytes of weights are those of the nets that were published.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar

from harness import Marks, Model, Place, Workload
from harness.weights import load, load_module


def _image(place: Place, side: int) -> tuple[Any, ...]:
    """A normalised image: mean 0, deviation 1."""
    import torch

    noise = torch.randn((1, 3, side, side), generator=torch.Generator().manual_seed(place.seed))
    return (noise.to(device=place.device, dtype=getattr(torch, place.dtype)),)


class _Network(Workload):
    family = "published"
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    dtypes: ClassVar[tuple[str, ...]] = ("float32", "float16")
    runtimes = ("torch-eager", "torch-compile", "onnxruntime", "openvino", "executorch", "ncnn", "any")
    items_unit = "images"
    file: ClassVar[str]
    """Beside this one, with a function of the workload's name."""
    side: ClassVar[int] = 224

    def build(self, place: Place) -> Model:
        """The network with seeded weights, and an image."""
        make = getattr(import_module(f".{self.file}", __package__), self.name)
        return Model(load_module(make, f"published-{self.name}", place), _image(place, self.side))


class AlexNet(_Network):
    """Two groups, local response norms; images of 227 x 227."""

    name = "alexnet"
    quick = {}
    dtypes = ("float32",)  # PyTorch has no local response norm in half precision on the CPU
    file = "classic"
    side = 227


class Vgg16(_Network):
    """Thirteen convolutions, three linear layers."""

    name = "vgg16"
    file = "classic"


class SqueezeNet(_Network):
    """Version 1.1; images of 227 x 227."""

    name = "squeezenet"
    file = "classic"
    side = 227


class GoogLeNet(_Network):
    """Inception version 1 without batch norms."""

    name = "googlenet"
    quick = {}
    dtypes = ("float32",)  # PyTorch has no local response norm in half precision on the CPU
    file = "classic"


class ResNet18(_Network):
    """With a projection in each stage."""

    name = "resnet18"
    quick = {}
    file = "residual"


class ResNet50(_Network):
    """Version 1, which halves the map in a block's first convolution."""

    name = "resnet50"
    file = "residual"


class RegNetY400M(_Network):
    """RegNetY-400MF."""

    name = "regnety_400m"
    file = "residual"


class MobileNet(_Network):
    """Version 1."""

    name = "mobilenet"
    file = "mobile"


class MobileNetV2(_Network):
    """Version 2."""

    name = "mobilenet_v2"
    quick = {}
    file = "mobile"


class MobileNetV3(_Network):
    """Version 3, large, as first published."""

    name = "mobilenet_v3"
    file = "mobile"


class MnasNet(_Network):
    """MnasNet-B1."""

    name = "mnasnet"
    file = "mobile"


class ProxylessNasNet(_Network):
    """ProxylessNAS for mobile processors."""

    name = "proxylessnasnet"
    file = "mobile"


class EfficientNetB0(_Network):
    """EfficientNet-B0."""

    name = "efficientnet_b0"
    file = "mobile"


class ShuffleNet(_Network):
    """Version 1, three groups."""

    name = "shufflenet"
    file = "shuffle"


class ShuffleNetV2(_Network):
    """Version 2."""

    name = "shufflenet_v2"
    quick = {}
    file = "shuffle"


class VisionTransformer(_Network):
    """ViT-B/32 at 384 x 384."""

    name = "vision_transformer"
    requires = ("torch", "transformers.models.vit.modeling_vit")
    side = 384

    def build(self, place: Place) -> Model:
        """The classifier of transformers, and an image."""
        from transformers.models.vit.configuration_vit import ViTConfig
        from transformers.models.vit.modeling_vit import ViTForImageClassification

        config = ViTConfig(image_size=self.side, patch_size=32, num_labels=1000)
        return Model(load(ViTForImageClassification, config, place), _image(place, self.side))

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:
        """Classify the image; returns the logits."""
        return call(*inputs)[0]
