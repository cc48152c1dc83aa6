"""Background subtraction by a mixture of Gaussians for each pixel, or by nearest neighbours."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from limner.checking import checked
from limner.errors import OptionError
from limner.frame import Frame
from limner.segment.scene.masks import Float32, Mask
from limner.segment.scene.subtractor import Cleaning, Subtractor, in_range


class MixtureSubtraction(Subtractor):
    """A mixture of Gaussians, or nearest neighbours, for each pixel: for scenes where leaves or screens move.

    OpenCV's MOG2 (Zivkovic 2004) and KNN (Zivkovic and van der Heijden 2006). Once learned, the model is shown every
    tenth frame with the person taken out, so that somebody who sits still does not dissolve into the background.

    Args:
        kind: "mog2" or "knn".
        distance: how far from what was learned a pixel must be, in squared standard deviations (mog2) or squared levels
            (knn); None is 36 or 600.
        shadows: find shadows, and leave them out of the person.
        blur: standard deviation of the blur before, in percent of the shorter side.
        adapt: how fast the model follows changes where nobody is, in [0, 1] for each frame it is shown; 0 never.
        exposure: take a change of exposure of the whole picture out first.
        cleaning: options of `Cleaning`.

    Raises:
        OptionError: a value out of range.
    """

    _EVERY = 10

    @checked
    def __init__(
        self,
        *,
        kind: str = "mog2",
        distance: float | None = None,
        shadows: bool = True,
        blur: float = 0.3,
        adapt: float = 0.05,
        exposure: bool = True,
        **cleaning: Any,
    ) -> None:
        super().__init__(Cleaning(**cleaning))
        if kind not in ("mog2", "knn"):
            raise OptionError(f"mixture {kind!r} is unknown: say mog2 or knn")
        distance = {"mog2": 36.0, "knn": 600.0}[kind] if distance is None else distance
        in_range("distance", distance, 1, 65_025)
        in_range("blur", blur, 0, 10)
        in_range("adapt", adapt, 0, 1)
        self._kind, self._distance, self._shadows = kind, distance, shadows
        self._blur, self._speed, self._exposure = blur, adapt, exposure
        self._forget()

    def _forget(self) -> None:
        history = self.cleaning.learn
        self._model: Any
        if self._kind == "mog2":
            self._model = cv2.createBackgroundSubtractorMOG2(history, self._distance, self._shadows)
        else:
            self._model = cv2.createBackgroundSubtractorKNN(history, self._distance, self._shadows)
        self._since = 0
        self._mean: Float32 | None = None
        """The learned scene, every fourth pixel: what the exposure is compared with."""

    def _prepare(self, small: Frame) -> Frame:
        sigma = self._blur / 100 * min(small.shape[:2])
        return cv2.GaussianBlur(small, (0, 0), sigma).astype(np.uint8) if sigma >= 0.3 else small

    def _learn(self, small: Frame) -> None:
        picture = self._prepare(small)
        self._model.apply(picture, learningRate=1.0 / (self.learned + 1))
        thin = picture[::4, ::4].astype(np.float32)
        self._mean = (
            thin if self._mean is None else self._mean + (thin - self._mean) * np.float32(1 / (self.learned + 1))
        )

    def _raw(self, small: Frame) -> tuple[Mask, Frame]:
        picture = self._prepare(small)
        if self._exposure and self._mean is not None:
            gain = float(np.median((self._mean + 2.0) / (picture[::4, ::4].astype(np.float32) + 2.0)))
            if abs(gain - 1.0) > 0.02:
                picture = cv2.convertScaleAbs(picture, alpha=gain).astype(np.uint8, copy=False)
        found = self._model.apply(picture, learningRate=0.0)
        return (found == 255).astype(np.uint8), picture  # 127 is a shadow

    def _adapt(self, seen: Frame, mask: Mask) -> None:
        self._since += 1
        if self._since < self._EVERY or self._speed <= 0:
            return
        self._since = 0
        near = cv2.dilate(mask, np.ones((9, 9), np.uint8))
        without = cv2.copyTo(self._model.getBackgroundImage(), near, seen.copy())
        self._model.apply(without, learningRate=self._speed)
