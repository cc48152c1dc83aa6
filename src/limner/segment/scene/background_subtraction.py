"""Background subtraction: a segmenter without a net, for a camera that stands still before a known room."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from limner.checking import checked
from limner.errors import OptionError
from limner.frame import Frame
from limner.segment.scene.empty_scene import EmptyScene as EmptyScene
from limner.segment.scene.masks import Float32, Mask, match_exposure
from limner.segment.scene.mixture_subtraction import MixtureSubtraction as MixtureSubtraction
from limner.segment.scene.subtractor import Cleaning as Cleaning
from limner.segment.scene.subtractor import Subtractor as Subtractor
from limner.segment.scene.subtractor import in_range as in_range


class BackgroundSubtraction(Subtractor):
    """The difference between a frame and the learned empty scene.

    Grey and blurred, then a threshold; gaps closed, holes filled, the largest contour kept, the edge softened. The
    median over the learned frames does not see who only passes through them. What each pixel's noise is, is learned
    too, and differences must stand out from it.

    Args:
        threshold: grey levels (of 255) by which a pixel must differ.
        blur: standard deviation of the blur before, in percent of the shorter side.
        color: compare each colour and take the largest difference, instead of grey: finds clothes that are as bright
            as the wall.
        exposure: take a change of exposure of the whole picture out first.
        adapt: how fast the scene follows slow changes where nobody is, in [0, 1] for each frame; 0 never.
        average: "median" or "mean" of the learned frames.
        scene: the empty scene, RGB uint8 (H, W, 3), where there is a shot of it: nothing is learned.
        cleaning: options of `Cleaning`.

    Raises:
        OptionError: a value out of range.
    """

    @checked
    def __init__(
        self,
        *,
        threshold: float = 18.0,
        blur: float = 0.5,
        color: bool = False,
        exposure: bool = True,
        adapt: float = 0.02,
        average: str = "median",
        scene: Frame | None = None,
        **cleaning: Any,
    ) -> None:
        super().__init__(Cleaning(**cleaning))
        in_range("difference", threshold, 1, 255)
        in_range("blur", blur, 0, 10)
        in_range("adapt", adapt, 0, 1)
        if average not in ("median", "mean"):
            raise OptionError(f"average {average!r} is unknown: say median or mean")
        self._threshold, self._blur, self._color = threshold, blur, color
        self._exposure, self._speed, self._average = exposure, adapt, average
        self._given = scene
        self._forget()

    @property
    def learning(self) -> bool:
        """Whether the scene is still being learned."""
        return self._given is None and super().learning

    def _forget(self) -> None:
        self._frames: list[Frame] = []
        self._scene: Float32 | None = None
        self._noise: Float32 | float = 0.0

    def _prepare(self, small: Frame) -> Float32:
        """Blurred, grey or in colour, float32."""
        picture = small if self._color else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        sigma = self._blur / 100 * min(small.shape[:2])
        if sigma >= 0.3:
            picture = cv2.GaussianBlur(picture, (0, 0), sigma)
        return picture.astype(np.float32)

    def _learn(self, small: Frame) -> None:
        self._frames.append(self._prepare(small).astype(np.uint8))
        if len(self._frames) < self.cleaning.learn:
            return
        frames = np.stack(self._frames)
        self._frames = []
        middle = np.median(frames, axis=0) if self._average == "median" else frames.mean(axis=0)
        self._scene = middle.astype(np.float32)
        # The median of deviations, as somebody who passes is no noise; the factor makes it a standard deviation.
        spread = 1.48 * np.median(np.abs(frames - self._scene), axis=0)
        self._noise = (spread.max(axis=2) if self._color else spread).astype(np.float32)

    def _raw(self, small: Frame) -> tuple[Mask, Float32]:
        picture = self._prepare(small)
        if self._scene is None:
            assert self._given is not None
            size = (small.shape[1], small.shape[0])
            self._scene = self._prepare(cv2.resize(self._given, size, interpolation=cv2.INTER_AREA).astype(np.uint8))
        scene = self._scene
        if self._exposure:
            # Kept: where somebody hides the scene, it must have the exposure of the rest.
            scene = self._scene = match_exposure(scene, picture)
        difference = np.abs(picture - scene)
        if self._color:
            difference = difference.max(axis=2)
        return (difference > np.maximum(self._threshold, 4.0 * self._noise)).astype(np.uint8), picture

    def _adapt(self, seen: Float32, mask: Mask) -> None:
        if self._speed <= 0 or self._scene is None:
            return
        away = 1 - cv2.dilate(mask, np.ones((9, 9), np.uint8))
        cv2.accumulateWeighted(seen, self._scene, self._speed, mask=away)
