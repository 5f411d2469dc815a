"""Image classification at 224 x 224: ResNet-50, MobileNetV2 and ViT-B/16, batch 1 and 8."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import Marks, Model, Place, Workload
from harness.weights import load

IMAGE = (3, 224, 224)


def _images(place: Place, batch: int) -> tuple[Any, ...]:
    """Images as a classifier gets them: normalised to mean 0 and deviation 1, in the dtype asked for."""
    import torch

    noise = torch.randn((batch, *IMAGE), generator=torch.Generator().manual_seed(place.seed))
    return (noise.to(device=place.device, dtype=getattr(torch, place.dtype)),)


class _Classifier(Workload):
    family = "vision"
    parameters = {"batch": (1, 8)}
    quick = {"batch": 1}
    dtypes = ("float32", "bfloat16", "float16")
    runtimes = ("torch-eager", "torch-compile", "onnxruntime", "openvino", "executorch", "ncnn", "any")
    items_unit = "images"

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:
        """Classify one batch; returns the logits."""
        return call(*inputs)[0]


class ResNet50(_Classifier):
    """ResNet-50 v1.5, 1000 classes."""

    name = "resnet50"
    requires = ("torch", "transformers.models.resnet.modeling_resnet")

    def build(self, place: Place, batch: int) -> Model:
        """The classifier of ``microsoft/resnet-50`` and ``batch`` images."""
        from transformers.models.resnet.configuration_resnet import ResNetConfig
        from transformers.models.resnet.modeling_resnet import ResNetForImageClassification

        model = load(ResNetForImageClassification, ResNetConfig(num_labels=1000), place)
        return Model(model, _images(place, batch))


class MobileNetV2(_Classifier):
    """MobileNetV2 at width 1.0, 1000 classes."""

    name = "mobilenetv2"
    requires = ("torch", "transformers.models.mobilenet_v2.modeling_mobilenet_v2")

    def build(self, place: Place, batch: int) -> Model:
        """The classifier of ``google/mobilenet_v2_1.0_224`` and ``batch`` images."""
        from transformers.models.mobilenet_v2.configuration_mobilenet_v2 import MobileNetV2Config
        from transformers.models.mobilenet_v2.modeling_mobilenet_v2 import MobileNetV2ForImageClassification

        model = load(MobileNetV2ForImageClassification, MobileNetV2Config(num_labels=1000), place)
        return Model(model, _images(place, batch))


class ViTB16(_Classifier):
    """Vision Transformer, base size, patches of 16, 1000 classes."""

    name = "vit-b-16"
    requires = ("torch", "transformers.models.vit.modeling_vit")

    def build(self, place: Place, batch: int) -> Model:
        """The classifier of ``google/vit-base-patch16-224`` and ``batch`` images."""
        from transformers.models.vit.configuration_vit import ViTConfig
        from transformers.models.vit.modeling_vit import ViTForImageClassification

        model = load(ViTForImageClassification, ViTConfig(num_labels=1000), place)
        return Model(model, _images(place, batch))
