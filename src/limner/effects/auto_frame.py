"""Auto frame: the picture follows the person and zooms in on them, as a camera operator would."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from limner.effects.base import Stage
from limner.effects.framing import SHOWN, WHOLE, Crop, Operator, wanted
from limner.effects.layers import LayerEffect, Layers
from limner.effects.numbers import check_range
from limner.effects.setting import Setting
from limner.errors import OptionError
from limner.frame import Frame
from limner.matte import Matte


class AutoFrame(LayerEffect):
    """Shows the part of the frame in which the person is, at the frame's size, before anything else of a chain.

    A background that a chain brings stays as it is; the frame's own comes along. Frames whose time is told (`at`) are a
    clip: the part follows the person smoothly. A frame whose time is not told is a photo, and gets what suits it.

    Args:
        framing: "close" (head and shoulders), "half" (to the waist) or "full".
        most: the largest zoom, 1 to 4.
        speed: the most that the part moves, in its own widths a second, 0.02 to 2.

    Raises:
        OptionError: an option has a value that cannot be used.
    """

    name = "auto_frame"
    settings = (
        Setting("framing", "framing", str, "close (head and shoulders), half (to the waist) or full. [half]"),
        Setting("most_zoom", "most", float, "the largest zoom, 1 to 4. [2]"),
        Setting("framing_speed", "speed", float, "how fast at most, widths a second, 0.02 to 2. [0.2]"),
    )
    stage = Stage.FRAMING
    keeps_background = True
    moves_pixels = True

    def __init__(self, *, framing: str = "half", most: float = 2.0, speed: float = 0.2) -> None:
        if framing not in SHOWN:
            raise OptionError(f"‹framing› {framing!r} is unknown: say {', '.join(SHOWN)}")
        self._framing = framing
        self._most = check_range(most, 1.0, 4.0, option="‹most_zoom›", says="1 to 4")
        self._operator = Operator(speed=check_range(speed, 0.02, 2.0, option="‹framing_speed›", says="0.02 to 2"))
        self._time: Fraction | None = None
        self._last: Fraction | None = None

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"framing": text}

    def at(self, time: Fraction) -> None:
        self._time = time

    def reset(self) -> None:
        self._operator.reset()
        self._time = self._last = None

    def apply(self, layers: Layers) -> None:
        crop = self._crop(layers)
        if crop.zoom > 1:
            layers.move(*shown(layers, crop))

    def _crop(self, layers: Layers) -> Crop:
        target = wanted(layers.matte.alpha, self._framing, self._most)
        time, self._time = self._time, None
        if time is None:
            return target or WHOLE
        seconds = 0.0 if self._last is None else float(time - self._last)
        self._last = time
        return self._operator(target, seconds)


def shown(layers: Layers, crop: Crop) -> tuple[Frame, Matte]:
    """The frame and its matte, of which the crop fills the frame."""
    height, width = layers.matte.size
    # From the middles of the result's pixels to places in the frame.
    scale = 1 / crop.zoom
    left, top = crop.x * width - 0.5 * width * scale, crop.y * height - 0.5 * height * scale
    back = np.array([[scale, 0, left + 0.5 * scale - 0.5], [0, scale, top + 0.5 * scale - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (width, height)
    frame = cv2.warpAffine(layers.frame, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(layers.matte.alpha, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return frame.astype(np.uint8, copy=False), replace(
        layers.matte, alpha=np.ascontiguousarray(np.clip(alpha, 0, 1, out=alpha))
    )
