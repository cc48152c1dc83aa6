"""Background subtraction: a segmenter without a net, for a camera that stands still before a known room."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from limner.errors import OptionError
from limner.frame import Frame
from limner.matte import Matte, hidden_matte
from limner.segment.pyramid import build_pyramid
from limner.segment.scene.empty_scene import EmptyScene as EmptyScene
from limner.segment.scene.masks import Float32, Mask, clean_mask, match_exposure, plausible, soft_matte
from limner.segment.segmenter import check_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """How a raw mask becomes a matte; what both subtractors share.

    Attributes:
        learn: frames of the empty scene to learn from; their mattes are hidden.
        closing: gaps up to this size are closed, in percent of the shorter side.
        fill_holes: fill what is surrounded by person.
        largest: keep the largest region alone.
        edge: width of the soft edge in percent of the shorter side; 0 is hard.
        refine: let the frame's own edges say where the outline is, within that width.
        most: share of the frame from which a mask is no person but a change of light: confidence falls to 0.

    Raises:
        OptionError: a value out of range.
    """

    learn: int = 30
    closing: float = 4.0
    fill_holes: bool = True
    largest: bool = True
    edge: float = 2.0
    refine: bool = True
    most: float = 0.65

    def __post_init__(self) -> None:
        in_range("learn", self.learn, 1, 1000)
        in_range("closing", self.closing, 0, 30)
        in_range("edge", self.edge, 0, 20)
        in_range("most", self.most, 0.1, 1)


class Subtractor(ABC):
    """What both have in common: learn the empty scene first, then a raw mask for each frame, cleaned.

    Attributes:
        cleaning: see `Cleaning`.
        learned: frames learned from so far.
    """

    def __init__(self, cleaning: Cleaning) -> None:
        self.cleaning = cleaning
        self.learned = 0
        self._size: tuple[int, int] | None = None

    @property
    def learning(self) -> bool:
        """Whether the scene is still being learned: nobody should be in the picture, and mattes are hidden."""
        return self.learned < self.cleaning.learn

    def reset(self) -> None:
        """Forget the scene and learn it anew."""
        self.learned = 0
        self._forget()

    def matte(self, frame: Frame, *, previous: Matte | None = None) -> Matte:
        """The matte of the next frame; hidden while the scene is learned.

        Every frame must be given, in order. A frame of another size makes it learn anew.

        Args:
            frame: RGB uint8 (H, W, 3), C-contiguous.
            previous: is not looked at.

        Raises:
            ValueError: the frame is no such array.
        """
        check_frame(frame)
        pyramid = build_pyramid(frame)
        if self._size != pyramid.size:
            self.reset()
            self._size = pyramid.size
        if self.learning:
            self._learn(pyramid.small)
            self.learned += 1
            return hidden_matte(pyramid.size)
        raw, seen = self._raw(pyramid.small)
        how = self.cleaning
        sure = plausible(raw, how.most)
        mask = clean_mask(raw, closing=how.closing, fill_holes=how.fill_holes, largest=how.largest)
        if sure > 0.5:
            self._adapt(seen, mask)
        return Matte(soft_matte(mask, pyramid, edge=how.edge, by_picture=how.refine), sure)

    @abstractmethod
    def _learn(self, small: Frame) -> None:
        """Take one frame of the empty scene."""

    @abstractmethod
    def _raw(self, small: Frame) -> tuple[Mask, Any]:
        """Where the frame differs, (h, w) uint8 of 0 and 1, and what `_adapt` needs."""

    @abstractmethod
    def _adapt(self, seen: Any, mask: Mask) -> None:
        """Follow slow changes of the scene, where nobody is."""

    @abstractmethod
    def _forget(self) -> None:
        """Let go of the scene."""


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


def in_range(name: str, value: float, low: float, high: float) -> None:
    """
    Raises:
        OptionError: the value of the option lies outside.
    """
    if not low <= value <= high:
        raise OptionError(f"background subtraction: {name} {value:g} is out of range: say {low:g} to {high:g}")
