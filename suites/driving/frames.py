"""Camera frames as a network gets them, and its outputs as a driver gets them: numpy on the host, in fixed amounts."""

from __future__ import annotations

from typing import Any

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation by channel, of values from 0 to 1."""
AS_IT_IS = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))

Size = tuple[int, int]
"""Height and width in pixels."""


def frame(size: Size, seed: int) -> Any:
    """What a camera gives, as noise: bytes (height, width, 3)."""
    import numpy

    return numpy.random.default_rng(seed).integers(0, 256, (*size, 3), dtype="uint8")


def normalised(image: Any, size: Size, norm: tuple[tuple[float, ...], tuple[float, ...]]) -> Any:
    """A frame in another size, each channel normalised: float32 (1, 3, height, width)."""
    import numpy

    mean, deviation = (numpy.asarray(values, "float32") for values in norm)
    scaled = resized(image, size) * (1 / (255 * deviation)) - mean / deviation
    return numpy.ascontiguousarray(scaled.transpose(2, 0, 1)[None], "float32")


def resized(image: Any, size: Size) -> Any:
    """In another size, float32 (height, width, channels): bilinear, centres of pixels at halves, not smoothed."""
    top, bottom, down = _neighbours(image.shape[0], size[0])
    left, right, across = _neighbours(image.shape[1], size[1])
    upper = image[top].astype("float32")
    rows = upper + (image[bottom] - upper) * down[:, None, None]
    start = rows[:, left]
    return start + (rows[:, right] - start) * across[None, :, None]


def _neighbours(given: int, wanted: int) -> tuple[Any, Any, Any]:
    """For each place on an axis: the two pixels it lies between, and its distance from the first."""
    import numpy

    at = ((numpy.arange(wanted, dtype="float32") + 0.5) * (given / wanted) - 0.5).clip(0, given - 1)
    first = at.astype("int64")
    return first, numpy.minimum(first + 1, given - 1), at - first


def boxes(scores: Any, classes: Any, places: Any, size: Size) -> Any:
    """Boxes, the surest first: float32 (boxes, 6) of left, top, right, bottom in pixels, score and class.

    ``places`` are centre, width and height relative to the frame. None is left out, however unsure.
    """
    import numpy

    order = numpy.argsort(-scores, kind="stable")
    centre, half = places[order, :2], places[order, 2:] / 2
    scale = numpy.asarray((size[1], size[0]), "float32")
    found = (centre - half) * scale, (centre + half) * scale, scores[order, None], classes[order, None]
    return numpy.concatenate(found, axis=1, dtype="float32")


def softmax(logits: Any) -> Any:
    """Over the last axis."""
    import numpy

    raised = numpy.exp(logits - logits.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def class_map(logits: Any, size: Size) -> Any:
    """The likeliest class of each pixel, bytes (height, width), from logits (classes, fewer rows, fewer columns)."""
    import numpy

    likeliest = logits.argmax(0).astype("uint8")
    rows, columns = (numpy.arange(n) * have // n for n, have in zip(size, likeliest.shape, strict=True))
    return likeliest[rows][:, columns]


def depth_map(depth: Any, size: Size) -> Any:
    """Relative depth (rows, columns) in the frame's size as bytes, the smallest as 0 and the largest as 255."""
    spread = resized(depth[:, :, None], size)[:, :, 0]
    least = spread.min()
    return ((spread - least) * (255 / max(float(spread.max() - least), 1e-6))).astype("uint8")
