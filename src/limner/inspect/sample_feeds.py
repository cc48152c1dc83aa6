"""What a model's inputs would be for a photo, for those who run models without a segmenter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from limner.errors import ModelError
from limner.inspect.report import Inspection
from limner.models.card import ModelCard
from limner.runtimes.base import Array, TensorInfo
from limner.segment.memory import MoreInputs
from limner.segment.preprocess import Preprocessor


def sample_feeds(card: ModelCard, inputs: Sequence[TensorInfo], photo: NDArray[np.uint8]) -> list[dict[str, Array]]:
    """Two feeds: with nobody in the previous mask, and with a person everywhere. Nets without one get a single feed.

    Args:
        inputs: of the model. The one that the card names is the image; those that it knows nothing of are masks.
        photo: RGB uint8 (H, W, 3).

    Raises:
        ModelError: the model has no input of the card's name.
    """
    image = next((tensor for tensor in inputs if tensor.name == card.input.name), None)
    if image is None:
        names = ", ".join(tensor.name for tensor in inputs)
        raise ModelError(
            f"card of {card.name!r}: input.name is {card.input.name!r}, but the model's inputs are: {names}"
        )
    more = MoreInputs(card, inputs).feeds(None)
    others = [tensor for tensor in inputs if tensor is not image and tensor.name not in more]
    preprocess = Preprocessor(card, image)
    feeds = []
    for level in (0.0, 1.0) if others or card.input.channels == 4 else (0.0,):
        mask = np.full(photo.shape[:2], level, np.float32)
        feed = {image.name: preprocess(photo, mask), **more}
        for tensor in others:
            feed[tensor.name] = np.full(_closed(tensor, card), level, tensor.dtype)
        feeds.append(feed)
    return feeds


def tensor_infos(report: Inspection) -> tuple[TensorInfo, ...]:
    """The inputs of an inspected file, as a runtime would describe them."""
    return tuple(TensorInfo(item.name, item.shape, np.dtype(item.dtype)) for item in report.inputs)


def _closed(tensor: TensorInfo, card: ModelCard) -> list[int]:
    """The tensor's shape, with open sizes as the card's."""
    axes = {"N": 1, "C": 1, "H": card.input.size[0], "W": card.input.size[1]}
    usual = [axes[axis] for axis in card.input.layout] if len(tensor.shape) == 4 else [1] * len(tensor.shape)
    return [size or usual[at] for at, size in enumerate(tensor.shape)]
