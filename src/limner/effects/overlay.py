"""Overlay: a tint on the person, to see what was found."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.colors import Color, parse_color
from limner.effects.base import Effect
from limner.effects.compose import blend_onto, check_sizes, quantize
from limner.effects.setting import Setting
from limner.errors import OptionError
from limner.frame import Frame, plain
from limner.matte import Matte
from limner.media.color_conversion import converted_color
from limner.media.primaries import CodePoints


class Overlay(Effect):
    """The frame with the person tinted, and a line around them if wanted.

    Args:
        tint: colour of the tint and of the line.
        opacity: 0 (no tint) to 1 (only tint).
        outline: width of the line in percent of the frame's shorter side, 0 to 10; 0 draws none.

    Raises:
        OptionError: an option has a value that cannot be used.
    """

    name = "overlay"
    settings = (
        Setting("tint", "tint", str, "colour laid over the person. [lime]"),
        Setting("opacity", "opacity", float, "0 (nothing) to 1 (opaque) for the tint. [0.5]"),
        Setting("outline", "outline", float, "line around the person, in percent of the shorter side. [0: none]"),
    )
    keeps_background = True

    def __init__(self, *, tint: str | Color = "lime", opacity: float = 0.5, outline: float = 0.0) -> None:
        self._tint = self._own_tint = parse_color(tint, option="‹tint›")
        if not 0.0 <= opacity <= 1.0:
            raise OptionError(f"‹opacity› {opacity} is out of range: say 0 (no tint) to 1 (only tint)")
        if not 0.0 <= outline <= 10.0:
            raise OptionError(f"‹outline› {outline} is out of range: say 0 (none) to 10 percent of the shorter side")
        self._opacity = opacity
        self._outline = outline

    def match_colors(self, colors: CodePoints) -> None:
        self._tint = converted_color(self._own_tint, colors)

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        check_sizes(frame, matte)
        tint = plain(matte.size, self._tint)
        tinted = blend_onto(frame.copy(), tint, matte.alpha * np.float32(self._opacity))
        if self._outline > 0.0:
            width = max(1, round(self._outline / 100 * min(matte.size)))
            tinted = blend_onto(tinted, tint, _line(quantize(matte.alpha), width))
        return tinted


def _line(alpha8: NDArray[np.uint8], width: int) -> NDArray[np.float32]:
    """A smooth line of `width` pixels on the outside of the matte's middle; (H, W) float32 in [0, 1]."""
    outside = (alpha8 < 128).view(np.uint8)
    if outside.all():  # no distance to nobody
        return np.zeros(alpha8.shape, np.float32)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 3)
    line: NDArray[np.float32] = np.minimum(away, np.float32(width + 1) - away).clip(0.0, 1.0)
    return line
