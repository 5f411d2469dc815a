"""What a car's camera is asked for, a frame at a time: objects, the road's classes pixel by pixel, depth."""

from __future__ import annotations

from typing import Any, ClassVar

from harness import Model, Place
from harness.processing import VALUES, Staged
from harness.weights import load

from .frames import AS_IT_IS, IMAGENET, Size, boxes, class_map, depth_map, frame, normalised, softmax

FRAME_SECONDS = 0.033
"""A frame of 30 a second."""


class _Camera(Staged):
    family = "driving"
    dtypes = ("float32",)
    runtimes: ClassVar[tuple[str, ...]] = ("torch-eager", "onnxruntime", "ncnn")
    items_unit = "frames"
    deadline_seconds = FRAME_SECONDS
    camera: ClassVar[Size] = (720, 1280)

    def items(self, **_: Any) -> float:
        """One frame a step."""
        return 1.0

    def _model(self, module: Any, place: Place, processing: str) -> Model:
        return self.staged(module, (frame(self.camera, place.seed),), place, processing)


class YolosTiny(_Camera):
    """Objects by YOLOS-tiny: 100 boxes."""

    name = "yolos-tiny"
    requires = ("torch", "transformers.models.yolos.modeling_yolos")
    parameters = {"processing": VALUES}
    quick = {"processing": "on"}

    def build(self, place: Place, processing: str) -> Model:
        """The detector of ``hustvl/yolos-tiny`` and a frame."""
        from transformers.models.yolos.configuration_yolos import YolosConfig
        from transformers.models.yolos.modeling_yolos import YolosForObjectDetection

        from .heads import Chosen

        config = YolosConfig(
            hidden_size=192,
            intermediate_size=768,
            num_hidden_layers=12,
            num_attention_heads=3,
            image_size=[800, 1333],
            use_mid_position_embeddings=False,
            num_labels=91,
        )
        network = load(YolosForObjectDetection, config, place)
        return self._model(Chosen(network, "logits", "pred_boxes"), place, processing)

    def prepare(self, image: Any) -> tuple[Any, ...]:
        """Whole patches of 16, the short side 512."""
        return (normalised(image, (512, 896), IMAGENET),)

    def finish(self, logits: Any, places: Any) -> Any:
        """A box a query, of its likeliest class; the last class is that there is nothing."""
        likely = softmax(logits[0])[:, :-1]
        return boxes(likely.max(-1), likely.argmax(-1), places[0], self.camera)


class RtDetrR18(_Camera):
    """Objects by RT-DETR with a ResNet-18: 300 boxes."""

    name = "rt-detr-r18"
    requires = ("torch", "transformers.models.rt_detr.modeling_rt_detr")
    runtimes = ("torch-eager", "onnxruntime")  # ncnn has no layer that chooses queries (topk, gather)
    parameters = {"processing": VALUES}

    def build(self, place: Place, processing: str) -> Model:
        """The detector of ``PekingU/rtdetr_r18vd`` and a frame."""
        from transformers.models.rt_detr.configuration_rt_detr import RTDetrConfig
        from transformers.models.rt_detr.configuration_rt_detr_resnet import RTDetrResNetConfig
        from transformers.models.rt_detr.modeling_rt_detr import RTDetrForObjectDetection

        from .heads import Chosen

        backbone = RTDetrResNetConfig(
            hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic", out_indices=[2, 3, 4]
        )
        config = RTDetrConfig(
            backbone_config=backbone,
            encoder_in_channels=[128, 256, 512],
            hidden_expansion=0.5,
            decoder_layers=3,
            num_labels=80,
        )
        network = load(RTDetrForObjectDetection, config, place)
        return self._model(Chosen(network, "logits", "pred_boxes"), place, processing)

    def prepare(self, image: Any) -> tuple[Any, ...]:
        """640 x 640, values from 0 to 1."""
        return (normalised(image, (640, 640), AS_IT_IS),)

    def finish(self, logits: Any, places: Any) -> Any:
        """The 300 surest pairs of query and class."""
        import numpy

        likely = 1 / (1 + numpy.exp(-logits[0]))
        surest = numpy.argpartition(-likely, 299, axis=None)[:300]
        queries, classes = numpy.unravel_index(surest, likely.shape)
        return boxes(likely[queries, classes], classes, places[0][queries], self.camera)


class SegformerB0(_Camera):
    """Road, lane side, vehicles: the 19 classes of Cityscapes for each pixel by SegFormer-B0."""

    name = "segformer-b0"
    requires = ("torch", "transformers.models.segformer.modeling_segformer")
    parameters = {"height": (512, 1024), "processing": VALUES}
    quick = {"height": 512, "processing": "off"}
    camera = (1024, 2048)

    def build(self, place: Place, height: int, processing: str) -> Model:
        """The network of ``nvidia/segformer-b0-finetuned-cityscapes-1024-1024`` and a frame, twice as wide as high."""
        from transformers.models.segformer.configuration_segformer import SegformerConfig
        from transformers.models.segformer.modeling_segformer import SegformerForSemanticSegmentation

        from .heads import Chosen

        network = load(SegformerForSemanticSegmentation, SegformerConfig(num_labels=19), place)
        image = frame(self.camera, place.seed)
        return self.staged(Chosen(network, "logits"), (image, _size(height, 2 * height)), place, processing)

    def prepare(self, image: Any, size: Any) -> tuple[Any, ...]:
        """In the size asked for."""
        return (normalised(image, _pair(size), IMAGENET),)

    def finish(self, logits: Any) -> Any:
        """A class a pixel of the frame, the nearest of the network's quarter of a size."""
        return class_map(logits[0], self.camera)


class DepthAnythingSmall(_Camera):
    """Relative depth of each pixel by Depth Anything, small."""

    name = "depth-anything-small"
    requires = ("torch", "transformers.models.depth_anything.modeling_depth_anything")
    parameters = {"width": (518, 924), "processing": VALUES}

    def build(self, place: Place, width: int, processing: str) -> Model:
        """The network of ``LiheYoung/depth-anything-small-hf`` and a frame."""
        from transformers.models.depth_anything.configuration_depth_anything import DepthAnythingConfig
        from transformers.models.depth_anything.modeling_depth_anything import DepthAnythingForDepthEstimation
        from transformers.models.dinov2.configuration_dinov2 import Dinov2Config

        from .heads import Chosen

        backbone = Dinov2Config(
            hidden_size=384,
            num_attention_heads=6,
            image_size=518,
            patch_size=14,
            out_indices=[9, 10, 11, 12],
            apply_layernorm=True,
            reshape_hidden_states=False,
        )
        config = DepthAnythingConfig(
            backbone_config=backbone,
            reassemble_hidden_size=384,
            neck_hidden_sizes=[48, 96, 192, 384],
            fusion_hidden_size=64,
        )
        network = load(DepthAnythingForDepthEstimation, config, place)
        image = frame(self.camera, place.seed)
        return self.staged(Chosen(network, "predicted_depth"), (image, _size(518, width)), place, processing)

    def prepare(self, image: Any, size: Any) -> tuple[Any, ...]:
        """Whole patches of 14, 518 high."""
        return (normalised(image, _pair(size), IMAGENET),)

    def finish(self, depth: Any) -> Any:
        """A byte a pixel of the frame."""
        return depth_map(depth[0], self.camera)


def _size(height: int, width: int) -> Any:
    """Height and width beside a frame: raw input is arrays alone."""
    import numpy

    return numpy.asarray((height, width))


def _pair(size: Any) -> Size:
    return int(size[0]), int(size[1])
