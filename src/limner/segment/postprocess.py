"""Net output to a map of person probability, whatever the output is: logits, sigmoid, softmax, classes, packed bits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.errors import ModelError
from limner.models.card import PACKED, ModelCard
from limner.runtimes.base import Array
from limner.segment.packed import numbers_in_row, unpack_mask

Float32 = NDArray[np.float32]


_COARSEST = 64
"""The largest stride of a map: nets of 32 are usual."""
_MOST_UNLIKE = 1.25
"""How far a map's proportions may be from those of the input: strides round sizes up or down."""
_FEWEST_CELLS = 3
"""Rows, and columns."""


class Maps(NamedTuple):
    """How an output is to be read: its shape as maps, and which axis has the classes (None: one map, (h, w))."""

    shape: tuple[int, ...]
    class_axis: int | None


def read_shape(shape: Sequence[int], card: ModelCard) -> Maps:
    """Find height, width and classes in an output's shape.

    Takes (h, w) with any batch axis of 1, class maps with the classes first or last, and flattened maps
    (1, H·W, classes). Where both ends could be the classes, it is the one that leaves a map of the input's proportions.

    Raises:
        ModelError: the shape cannot be what the card says.
    """
    kind, number = card.output.kind, max(card.output.picked)
    if kind == PACKED:
        return Maps(_packed_shape(shape, card), None)
    maps, classes = _maps(shape, card)
    if classes == 1 and kind == "softmax":
        raise ModelError(
            f"card of {card.name!r}: output.kind is softmax, which needs two classes or more, but output "
            f"{card.output.name!r} has the shape {tuple(shape)}; sigmoid, logits or argmax have one channel"
        )
    if classes > 1 and kind == "argmax":
        raise ModelError(
            f"card of {card.name!r}: output.kind is argmax, which has one channel, but output "
            f"{card.output.name!r} has {classes}: its shape is {tuple(shape)}; softmax or logits have several"
        )
    if classes > 1 and number >= classes:
        raise ModelError(
            f"card of {card.name!r}: output.{_field(card)} is {number}, but output {card.output.name!r} has only "
            f"the classes 0 to {classes - 1}: its shape is {tuple(shape)}"
        )
    if classes > 1 and card.output.labels and len(card.output.labels) != classes:
        raise ModelError(
            f"card of {card.name!r}: output.labels are {len(card.output.labels)} names, but output "
            f"{card.output.name!r} has {classes} classes: its shape is {tuple(shape)}"
        )
    if classes == 1 and kind != "argmax" and card.output.person_class is None:
        raise ModelError(
            f"card of {card.name!r}: output.{_field(card)} needs two classes or more, but output "
            f"{card.output.name!r} has the shape {tuple(shape)}; give output.person_class for one channel"
        )
    return maps


def _maps(shape: Sequence[int], card: ModelCard) -> tuple[Maps, int]:
    """An output's shape as maps, and how many classes they have; errors as of ``read_shape``."""
    dims = list(shape)
    if len(dims) > 2 and dims[0] == 1:
        dims = dims[1:]
    height, width = card.input.size
    if 0 in dims:
        dims = []
    elif dims[:1] == [height * width] or (len(dims) == 2 and dims[0] == 1 and dims[1] == height * width):
        dims = [height, width, math.prod(dims) // (height * width)]
    maps, classes, size = None, 1, dims
    if len(dims) == 2:
        maps = Maps(tuple(dims), None)
    elif len(dims) == 3:
        axis = min((0, 2), key=lambda axis: _strangeness(dims, axis, card))
        classes, size = dims[axis], dims[1:] if axis == 0 else dims[:2]
        maps = Maps(tuple(dims), axis) if classes > 1 else Maps(tuple(size), None)
    if maps is None or not _shows(size, card.input.size):
        raise ModelError(
            f"card of {card.name!r}: output {card.output.name!r} has the shape {tuple(shape)}, which is no map of a "
            f"{height}×{width} input; name another output of the model (see `limner inspect`)"
        )
    return maps, classes


def _shows(size: Sequence[int], seen: tuple[int, int]) -> bool:
    """Whether a map of ``size`` can show an input of the size ``seen``: of its proportions and not absurdly coarse.

    The scores of a classifier, (1, 1000) or (1000, 1, 1), are no map.
    """
    if min(size) < min(_FEWEST_CELLS, *seen):
        return False
    strides = [of / has for of, has in zip(seen, size, strict=True)]
    alike = max(strides) <= _MOST_UNLIKE * min(strides) or abs(size[0] - seen[0] / strides[1]) <= 1
    return alike and max(strides) <= _COARSEST


def _field(card: ModelCard) -> str:
    """The field of the card that names classes."""
    if card.output.background_class is not None:
        return "background_class"
    return "person_classes" if card.output.person_classes else "person_class"


def _packed_shape(shape: Sequence[int], card: ModelCard) -> tuple[int, int]:
    """(rows, numbers in a row) of a packed output, wherever its axes of 1 are."""
    width, bits = card.output.width or 0, card.output.bits or 0
    row = numbers_in_row(width, bits)
    found = math.prod(shape) // row, row
    alike = [size for size in shape if size > 1] == [size for size in found if size > 1]
    if not alike or not _shows((found[0], width), card.input.size):
        raise ModelError(
            f"card of {card.name!r}: output.width {width} and output.bits {bits} make rows of {row} numbers, but "
            f"output {card.output.name!r} has the shape {tuple(shape)}"
        )
    return found


def _strangeness(dims: Sequence[int], axis: int, card: ModelCard) -> tuple[float, int, bool]:
    height, width = (dims[1], dims[2]) if axis == 0 else (dims[0], dims[1])
    proportions = abs(math.log(height / width) - math.log(card.input.size[0] / card.input.size[1]))
    return round(proportions, 2), dims[axis], (axis == 0) != (card.input.layout == "NCHW")


def person_probability(output: Array, card: ModelCard) -> Float32:
    """Probability of person, (h, w) float32 in [0, 1], C-contiguous, at the output's own size. NaN becomes 0.

    Raises:
        ModelError: the output's shape cannot be what the card says.
    """
    maps = read_shape(output.shape, card)
    values = output.reshape(maps.shape)
    kind, others = card.output.kind, card.output.background_class is not None
    numbers = list(card.output.picked)
    if card.output.width is not None and card.output.bits is not None:
        return unpack_mask(values, width=card.output.width, bits=card.output.bits).astype(np.float32)
    if kind == "argmax":
        equal = np.isin(np.rint(values), numbers)
        return (np.isfinite(values) & ~equal if others else equal).astype(np.float32)
    if kind == "logits":
        picked = _sigmoid(values) if maps.class_axis is None else _softmax(values, maps.class_axis, numbers)
    else:
        picked = values if maps.class_axis is None else _joined(values, maps.class_axis, numbers, kind)
        if np.issubdtype(values.dtype, np.integer):
            picked = picked.astype(np.float32) / np.iinfo(values.dtype).max
    return _clean(1 - picked if others else picked)


def _sigmoid(logits: Array) -> Array:
    return np.reciprocal(1.0 + np.exp(-np.clip(logits.astype(np.float32), -30, 30)))


def _softmax(logits: Array, axis: int, numbers: list[int]) -> Array:
    """Probability of some classes together, from the logits of all."""
    values = logits.astype(np.float32)
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    result: Array = _joined(powers, axis, numbers, "softmax") / powers.sum(axis=axis)
    return result


def _joined(values: Array, axis: int, numbers: list[int], kind: str) -> Array:
    """Of some classes together: of a sigmoid, whose classes may overlap, the largest; of a softmax the sum."""
    picked: Array = values.take(numbers[0] if len(numbers) == 1 else numbers, axis=axis)
    if len(numbers) > 1:
        picked = picked.max(axis=axis) if kind == "sigmoid" else picked.sum(axis=axis)
    return picked


def _clean(probability: Array) -> Float32:
    values = np.fmax(probability.astype(np.float32, copy=False), np.float32(0))  # fmax takes what is a number
    return np.ascontiguousarray(np.minimum(values, np.float32(1)))


def is_sound(output: Array) -> bool:
    """Whether all numbers of a net's output are finite. NaN means a fault, not that nobody is there."""
    return not np.issubdtype(output.dtype, np.floating) or bool(np.isfinite(output).all())


def recentre(probability: Float32, threshold: float) -> Float32:
    """Piecewise linear map of [0, 1] to itself that puts ``threshold``, strictly inside (0, 1), at 0.5."""
    low = probability * np.float32(0.5 / threshold)
    high = 1.0 - (1.0 - probability) * np.float32(0.5 / (1.0 - threshold))
    return np.where(probability < threshold, low, high).astype(np.float32)


_SUPPORT = 0.05
_LEAST_SUPPORT = 0.002
_LEVELS = np.linspace(0.0, 1.0, 256)
_ENTROPY = np.zeros(256)
_ENTROPY[1:-1] = -(_LEVELS[1:-1] * np.log2(_LEVELS[1:-1]) + (1 - _LEVELS[1:-1]) * np.log2(1 - _LEVELS[1:-1]))


def confidence(probability: Float32) -> float:
    """How decided a net is about its person, in [0, 1]: 1 minus the mean binary entropy (in bits) over the person.

    The mean is over pixels with a probability of at least 0.05 (or over 0.2 % of the map, if those are fewer), so a
    large sure background does not hide an unsure person. Sharp person: near 1. A grey ghost: near 0. Surely nobody: 1.
    """
    levels = (probability * 255.0 + 0.5).astype(np.uint8)
    counts = cv2.calcHist([levels], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    first = math.ceil(_SUPPORT * 255)
    support = max(float(counts[first:].sum()), _LEAST_SUPPORT * probability.size)
    return float(np.clip(1.0 - (counts[first:] * _ENTROPY[first:]).sum() / support, 0.0, 1.0))
