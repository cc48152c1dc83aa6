"""Frame in frame: the person small in a corner over a presentation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.colors import Color
from limner.effects.base import Effect, Stage
from limner.effects.compose import halve
from limner.effects.fitted_background import FittedBackground
from limner.effects.foreground import estimate_foreground
from limner.effects.layers import BackgroundEffect, LayerEffect, Layers
from limner.effects.numbers import check_range
from limner.effects.setting import Setting
from limner.errors import OptionError
from limner.frame import Frame
from limner.media.backgrounds import Background
from limner.media.primaries import CodePoints

Shape = Literal["person", "circle", "rounded", "rectangle"]
Position = Literal["bottom-right", "bottom-left", "top-right", "top-left"]

_ROUNDING = 0.12
"""Radius of the corners of "rounded", as a share of the inset's shorter side."""

_FINE = 4
"""Shapes are drawn this many times as large and shrunk, so that their edges are smooth."""


class FrameInFrame(LayerEffect):
    """A presentation, photo or video all over the frame, and the person small in one of its corners.

    With the shape "person" only they are cut out, and stand on the lower edge in the bottom corners; what fits a
    person to their background fits them to the part of the presentation behind them. With the other shapes the
    whole picture is shown small, so that the chain's background (blur, replace, ...) is seen in it.

    Args:
        presentation: a `Background`, or a photo, video or colour by name.
        shape: person, circle, rounded or rectangle.
        position: bottom-right, bottom-left, top-right or top-left.
        size: height of the small frame as a share of the frame's height, 0.05 to 1.
        margin: distance from the frame's edges as a share of its shorter side, 0 to 0.25.
        fit: "contain" shows the whole presentation between bars, "cover" fills the frame and crops it.
        fill: colour of those bars.

    Raises:
        OptionError: an option has a value that cannot be used.
        MediaError: the presentation cannot be read.
    """

    name = "frame_in_frame"
    settings = (
        Setting("presentation", "presentation", str, "what fills the frame.", "PHOTO|VIDEO|COLOUR", names_file=True),
        Setting("inset_shape", "shape", str, "person, circle, rounded or rectangle. [person]"),
        Setting("inset_position", "position", str, "bottom-right, bottom-left, top-right or top-left. [bottom-right]"),
        Setting("inset_size", "size", float, "height, 0.05 to 1 of the frame's. [0.4]"),
        Setting("inset_margin", "margin", float, "distance from the edges, 0 to 0.25. [0.03]"),
        Setting(
            "fit",
            "fit",
            str,
            "cover (crop to fill) or contain (all of it, with bars). [replace: cover, frame_in_frame: contain]",
        ),
        Setting("fill", "fill", str, "colour of the bars of contain, and behind what is transparent. [black]"),
    )
    stage = Stage.LAYOUT
    moves_pixels = True

    def __init__(
        self,
        *,
        presentation: Background | str | Path | None = None,
        shape: str = "person",
        position: str = "bottom-right",
        size: float = 0.4,
        margin: float = 0.03,
        fit: str = "contain",
        fill: str | Color = "black",
    ) -> None:
        if presentation is None:
            raise OptionError("‹effect› frame_in_frame needs ‹presentation›: a photo, a video or a colour")
        if shape not in get_args(Shape):
            raise OptionError(f"inset ‹shape› {shape!r} is unknown: say {', '.join(get_args(Shape))}")
        if position not in get_args(Position):
            raise OptionError(f"inset ‹position› {position!r} is unknown: say {', '.join(get_args(Position))}")
        self._size = check_range(size, 0.05, 1.0, option="inset ‹size›", says="0.05 to 1 of the frame's height")
        self._margin = check_range(margin, 0.0, 0.25, option="inset ‹margin›", says="0 to 0.25 of the shorter side")
        self._shape, self._position = shape, position
        self._presentation = FittedBackground(presentation, option="presentation", fit=fit, fill=fill)
        self._outline: tuple[tuple[int, int], NDArray[np.uint8]] | None = None
        self.wants_alone = shape == "person"
        self.keeps_background = shape != "person"

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"presentation": text}

    def match_colors(self, colors: CodePoints) -> None:
        self._presentation.match_colors(colors)

    def notices(self) -> Sequence[str]:
        return self._presentation.notices()

    def files(self) -> Sequence[Path]:
        return self._presentation.files

    def at(self, time: Fraction) -> None:
        self._presentation.at(time)

    def parts(self) -> Sequence[Effect]:
        return (_BehindInset(self), self) if self.wants_alone else (self,)

    def apply(self, layers: Layers) -> None:
        whole, place = self.whole(layers.matte.size), self.place(layers.matte.size)
        size = place[0].stop - place[0].start, place[1].stop - place[1].start
        if self.wants_alone:
            colours, cover = _small_person(layers, size)
        else:
            crop = _square(layers.matte.size) if self._shape == "circle" else (slice(None), slice(None))
            cover = self._drawn(size)
            colours = _times(_shrink(np.ascontiguousarray(layers.picture[crop]), size), cover)
        behind = _times(np.ascontiguousarray(whole[place]), cv2.bitwise_not(cover).astype(np.uint8, copy=False))
        whole[place] = cv2.add(behind, colours).reshape(behind.shape)
        layers.picture = whole

    def whole(self, size: tuple[int, int]) -> Frame:
        """The presentation at `size` (H, W), a new array."""
        return self._presentation.frame(size).copy()

    def place(self, size: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns of the small frame in a frame of `size` (H, W)."""
        height, width = size
        tall = max(1, round(self._size * height))
        wide = tall if self._shape == "circle" else max(1, round(self._size * width))
        wide, tall = (min(wide, width, tall), min(tall, width)) if self._shape == "circle" else (wide, tall)
        gap = round(self._margin * min(size))
        across, down = min(gap, width - wide), min(gap, height - tall)
        if self._shape == "person" and self._position.startswith("bottom"):
            down = 0
        left = width - wide - across if self._position.endswith("right") else across
        top = height - tall - down if self._position.startswith("bottom") else down
        return slice(top, top + tall), slice(left, left + wide)

    def _drawn(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """The shape in white on black, (H, W) of `size`, with smooth edges; kept until the size changes."""
        if self._outline is None or self._outline[0] != size:
            self._outline = size, _draw(self._shape, *size)
        return self._outline[1]


class _BehindInset(BackgroundEffect):
    """What lies behind a person who stands over a presentation: that part of it, at the frame's size."""

    name = FrameInFrame.name

    def __init__(self, owner: FrameInFrame) -> None:
        self._owner = owner

    def behind(self, layers: Layers) -> Frame:
        height, width = layers.matte.size
        part = np.ascontiguousarray(self._owner.whole((height, width))[self._owner.place((height, width))])
        return cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _small_person(layers: Layers, size: tuple[int, int]) -> tuple[Frame, NDArray[np.uint8]]:
    """The person at `size` (h, w): their colours times alpha, and alpha in 8 bits."""
    if not layers.as_came:
        # Times alpha before shrinking: pixels around the person must not come into their edge.
        return _shrink(_times(layers.picture, layers.alpha8), size), _shrink(layers.alpha8, size)
    pixels, cover = _shrink(layers.frame, size), _shrink(layers.alpha8, size)
    alpha = cover.astype(np.float32) * np.float32(1 / 255)
    return _times(estimate_foreground(pixels, alpha, cover), cover), cover


def _times(pixels: Frame, cover: NDArray[np.uint8]) -> Frame:
    """`pixels` (H, W, 3) times `cover` (H, W), of which 255 stands for 1."""
    product = cv2.multiply(pixels, cv2.cvtColor(cover, cv2.COLOR_GRAY2RGB), scale=1 / 255)
    return product.astype(np.uint8, copy=False)


def _shrink(array: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """`array` at `size` (h, w), not larger than it is."""
    while array.shape[0] >= 2 * size[0] and array.shape[1] >= 2 * size[1]:
        array = halve(array, 1)
    return cv2.resize(array, size[::-1], interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _square(size: tuple[int, int]) -> tuple[slice, slice]:
    """The square in the middle of a frame of `size` (H, W)."""
    side = min(size)
    top, left = (size[0] - side) // 2, (size[1] - side) // 2
    return slice(top, top + side), slice(left, left + side)


def _draw(shape: str, height: int, width: int) -> NDArray[np.uint8]:
    """A white circle or (rounded) rectangle that fills (height, width)."""
    if shape == "rectangle":
        return np.full((height, width), 255, np.uint8)
    y = np.abs((np.arange(height * _FINE) + 0.5) / _FINE - height / 2)[:, None]
    x = np.abs((np.arange(width * _FINE) + 0.5) / _FINE - width / 2)[None]
    radius = min(height, width) * (0.5 if shape == "circle" else _ROUNDING)
    beyond = np.hypot(np.maximum(y - (height / 2 - radius), 0), np.maximum(x - (width / 2 - radius), 0))
    inside = (beyond <= radius).astype(np.float32).reshape(height, _FINE, width, _FINE)
    drawn: NDArray[np.uint8] = np.rint(inside.mean((1, 3)) * 255).astype(np.uint8)
    return drawn
