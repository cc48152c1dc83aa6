"""Replace: another photo, video or colour behind the person."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Protocol, get_args, runtime_checkable

import cv2
import numpy as np

from limner.effects.base import Frame
from limner.effects.colors import Color, parse_color
from limner.effects.compose import plain
from limner.effects.layers import BackgroundEffect, Layers
from limner.errors import OptionError

Fit = Literal["cover", "contain"]
BLACK: Color = (0, 0, 0)


@runtime_checkable
class Background(Protocol):
    """What lies behind the person: a frame for every time and size."""

    def frame_at(self, time: Fraction, size: tuple[int, int], fit: Fit, fill: Color = BLACK) -> Frame:
        """RGB uint8 (H, W, 3) of `size` (H, W) for `time` in seconds, fitted as `fit_frame` does. Never written to."""


class ColorBackground:
    """One colour everywhere."""

    def __init__(self, color: str | Color) -> None:
        self._color = parse_color(color, option="background")

    def frame_at(self, time: Fraction, size: tuple[int, int], fit: Fit, fill: Color = BLACK) -> Frame:
        return plain(size, self._color)


class PhotoBackground:
    """One photo, RGB uint8 (H, W, 3) in sRGB. Fits it once for each size."""

    def __init__(self, pixels: Frame) -> None:
        self._pixels = pixels
        self._fitted: tuple[tuple[object, ...], Frame] | None = None

    def frame_at(self, time: Fraction, size: tuple[int, int], fit: Fit, fill: Color = BLACK) -> Frame:
        wanted = (size, fit, fill)
        fitted = self._fitted
        if fitted is None or fitted[0] != wanted:
            fitted = self._fitted = (wanted, fit_frame(self._pixels, size, fit, fill))
        return fitted[1]


def fit_frame(pixels: Frame, size: tuple[int, int], fit: Fit, fill: Color = BLACK) -> Frame:
    """`pixels` RGB uint8 at `size` (H, W), centred, its proportions kept.

    "cover" fills the frame and crops what sticks out; "contain" shows all of it, between bars of colour `fill`.
    """
    height, width = size
    own_height, own_width = pixels.shape[:2]
    if (own_height, own_width) == size:
        return np.ascontiguousarray(pixels)
    ratios = height / own_height, width / own_width
    scale = max(ratios) if fit == "cover" else min(ratios)
    if fit == "cover":
        # The part that stays is cut out first, so that a panorama behind a small frame costs no huge resize.
        keep_h, keep_w = (max(1, min(own_height, round(height / scale))), max(1, min(own_width, round(width / scale))))
        top, left = (own_height - keep_h) // 2, (own_width - keep_w) // 2
        return _resize(pixels[top : top + keep_h, left : left + keep_w], height, width)
    inner_h, inner_w = max(1, min(height, round(own_height * scale))), max(1, min(width, round(own_width * scale)))
    top, left = (height - inner_h) // 2, (width - inner_w) // 2
    framed = plain((height, width), fill)
    framed[top : top + inner_h, left : left + inner_w] = _resize(pixels, inner_h, inner_w)
    return framed


class Replace(BackgroundEffect):
    """The person over `background`, the old background's colour taken out of the edges.

    Args:
        background: a `Background`, or what `limner.media.backgrounds.open_background` takes: a photo, video or colour.
        fit: "cover" fills the frame and crops; "contain" shows the whole background between bars.
        fill: colour of those bars.

    Raises:
        OptionError: an option has a value that cannot be used.
        MediaError: the background cannot be read.
    """

    name = "replace"
    fresh = False

    def __init__(
        self, *, background: Background | str | Path | None = None, fit: str = "cover", fill: str | Color = "black"
    ) -> None:
        if background is None:
            raise OptionError("--effect replace needs --background: a photo, a video or a colour")
        self._fit = parse_fit(fit)
        self._fill = parse_color(fill, option="fill")
        self._time = Fraction(0)
        self._background = as_background(background, option="background")

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"background": text}

    def at(self, time: Fraction) -> None:
        self._time = time

    def notices(self) -> Sequence[str]:
        found: Sequence[str] = getattr(self._background, "notices", ())
        return found

    def behind(self, layers: Layers) -> Frame:
        return self._background.frame_at(self._time, layers.matte.size, self._fit, self._fill)


def parse_fit(fit: str) -> Fit:
    """
    Raises:
        OptionError: `fit` is neither "cover" nor "contain".
    """
    if fit not in get_args(Fit):
        raise OptionError(f"fit {fit!r} is unknown: say cover or contain")
    return "cover" if fit == "cover" else "contain"


def as_background(background: Background | str | Path, *, option: str) -> Background:
    """`background` itself, or opened where it is a name. `option` is what the error calls it.

    Raises:
        OptionError: it is neither a colour nor a file.
        MediaError: it cannot be read.
    """
    if isinstance(background, (str, Path)):
        from limner.media.backgrounds import open_background

        return open_background(str(background), option=option)
    return background


def _resize(pixels: Frame, height: int, width: int) -> Frame:
    shrinks = pixels.shape[0] > height or pixels.shape[1] > width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=how).astype(np.uint8, copy=False)
