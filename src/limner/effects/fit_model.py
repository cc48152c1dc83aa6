"""The net that fits a person to a background, on whatever runtime its file wants: small pictures in, numbers out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.adjustment import COUNT, Adjustment
from limner.effects.compose import halve, quantize
from limner.errors import ModelError
from limner.frame import Frame
from limner.models.card import HARMONIZE, ModelCard
from limner.models.catalogue import find_model
from limner.runtimes.base import Array
from limner.runtimes.loading import load_runtime

Floats = NDArray[np.float32]


class FitModel:
    """A model of the task "harmonize".

    Args:
        model: a shipped model's name, or a .onnx or .tflite file with its card.
        threads: threads one call uses.

    Raises:
        ModelError: the model or its card cannot be used, or it is for another task.
    """

    def __init__(self, model: str | Path = "harmonize", *, threads: int = 1) -> None:
        found = find_model(model, task=HARMONIZE)
        self.card: ModelCard = found.card
        spec = found.card.input
        if (spec.channels, spec.layout, spec.color_order) != (4, "NCHW", "RGB"):
            raise ModelError(f"card of {found.card.name!r}: input: for harmonize it must be NCHW, RGB, 4 channels")
        self._scale = np.float32(spec.scale) / np.array(spec.std, np.float32)
        self._shift = np.array(spec.mean, np.float32) / np.array(spec.std, np.float32)
        self._runtime = load_runtime(found.path, threads=threads, example=lambda _: self._example())

    def small(self, person: Frame, background: Frame, alpha: Floats) -> tuple[Floats, Floats]:
        """The composite of frames of one size as the net sees it.

        Args:
            person, background: RGB uint8 (H, W, 3).
            alpha: float32 (H, W) in [0, 1].

        Returns:
            composite float32 (h, w, 3) in [0, 255] and alpha float32 (h, w), at the net's size.
        """
        height, width = self.card.input.size
        matte = _shrink(quantize(alpha), width, height)[..., None] * np.float32(1 / 255)
        front, back = _shrink(person, width, height), _shrink(background, width, height)
        return back + (front - back) * matte, matte[..., 0]

    def read(self, composite: Floats, alpha: Floats) -> Adjustment:
        """What the net says of ``small``'s pictures.

        Raises:
            ModelError: the net's output is not what its card says.
        """
        said = self._runtime.run(self._feeds(composite, alpha)).get(self.card.output.name)
        if said is None or said.size != COUNT:
            raise ModelError(
                f"card of {self.card.name!r}: the model gives no {COUNT} numbers {self.card.output.name!r}"
            )
        return Adjustment.from_vector(said)

    def _feeds(self, composite: Floats, alpha: Floats) -> dict[str, Array]:
        spec = self.card.input
        planes = np.empty((1, 4, *spec.size), np.float32)
        planes[0, :3] = (composite * self._scale - self._shift).transpose(2, 0, 1)
        planes[0, 3] = alpha
        return {spec.name: planes}

    def _example(self) -> dict[str, Array]:
        """The sample portrait with half of it masked: what the net is fed where it is only measured."""
        from limner.media.images import read_image
        from limner.samples import PORTRAIT

        height, width = self.card.input.size
        alpha = np.zeros((height, width), np.float32)
        alpha[:, width // 4 : -(width // 4)] = 1
        return self._feeds(_shrink(read_image(PORTRAIT).pixels, width, height), alpha)


def _shrink(pixels: NDArray[np.uint8], width: int, height: int) -> Floats:
    """Area means; most of the way by halving, which OpenCV does much faster."""
    while pixels.shape[0] >= 2 * height and pixels.shape[1] >= 2 * width:
        pixels = halve(pixels, 1)
    shrinks = pixels.shape[0] > height or pixels.shape[1] > width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(pixels, (width, height), interpolation=how).astype(np.float32)
