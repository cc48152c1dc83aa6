"""Stylize: colour filters by curves, on the person, on the background or on both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.effects.base import Stage
from limner.effects.layers import LayerEffect, Layers
from limner.errors import OptionError
from limner.frame import Frame

Where = Literal["both", "person", "background"]

_STAGES = {"both": Stage.PICTURE, "person": Stage.PERSON_LOOK, "background": Stage.BACKGROUND_LOOK}

_LUMA = np.array((0.299, 0.587, 0.114), np.float32)
"""Weights of red, green and blue in a grey (Rec. 601)."""


@dataclass(frozen=True, slots=True)
class Look:
    """A colour filter: saturation first, then a curve for each channel.

    Attributes:
        saturation: 0 grey, 1 as it is, above more colourful.
        curves: for red, green and blue, the values in [0, 255] that 0, 64, 128, 192 and 255 become.
    """

    saturation: float
    curves: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]

    def table(self) -> NDArray[np.uint8]:
        """The curves through those points as a table (1, 256, 3): monotone, without kinks (Fritsch, Carlson 1980)."""
        table: NDArray[np.uint8] = np.stack([_smooth_curve(points) for points in self.curves], axis=-1)[None]
        return table


_PLAIN = (0, 64, 128, 192, 255)

LOOKS: dict[str, Look] = {
    "warm": Look(1.08, ((0, 70, 139, 203, 255), (0, 66, 131, 194, 253), (0, 57, 115, 177, 238))),
    "cool": Look(0.95, ((0, 56, 114, 178, 243), (0, 64, 129, 194, 253), (6, 74, 140, 203, 255))),
    "green": Look(0.75, ((0, 56, 115, 178, 238), (4, 69, 136, 199, 255), (0, 58, 116, 177, 236))),
    "bw": Look(0.0, ((0, 52, 126, 202, 255),) * 3),
    "sepia": Look(0.0, ((12, 84, 152, 210, 255), (6, 66, 130, 194, 246), (0, 44, 100, 164, 222))),
    "vivid": Look(1.3, ((0, 56, 128, 200, 255),) * 3),
    "faded": Look(0.75, ((34, 84, 136, 188, 236), (32, 82, 134, 188, 236), (40, 90, 140, 188, 230))),
}


class Stylize(LayerEffect):
    """A colour filter over the whole picture, over the person or over what lies behind them.

    Args:
        look: warm, cool, green, bw (black and white), sepia, vivid or faded; with ``@person``, ``@background`` or
            ``@both`` behind it, where it applies.
        on: the same, said apart: both, person or background.

    Raises:
        OptionError: the look or the place is unknown, or the place is said twice.
    """

    name = "stylize"
    keeps_background = True
    may_repeat = True

    def __init__(self, *, look: str = "warm", on: str | None = None) -> None:
        look, at, place = look.partition("@")
        if at and on is not None:
            raise OptionError(f"look {look}@{place} already says where: leave the second place, {on}, out")
        where = place if at else on or "both"
        if look not in LOOKS:
            raise OptionError(f"look {look!r} is unknown: say {', '.join(LOOKS)}")
        if where not in get_args(Where):
            raise OptionError(f"look {look}@{where}: say {', '.join(get_args(Where))} after the @")
        self.stage = _STAGES[where]
        self._mixer = _mixer(LOOKS[look].saturation)
        self._table = LOOKS[look].table()

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        return {"look": text}

    def apply(self, layers: Layers) -> None:
        if self.stage == Stage.PERSON_LOOK:
            layers.change_person(lambda person, _: self._styled(person))
        elif self.stage == Stage.BACKGROUND_LOOK:
            layers.change_background(self._styled)
        else:
            layers.picture = self._styled(layers.picture)

    def _styled(self, pixels: Frame) -> Frame:
        if self._mixer is not None:
            pixels = cv2.transform(pixels, self._mixer).astype(np.uint8, copy=False)
        return cv2.LUT(pixels, self._table).astype(np.uint8, copy=False)


def _mixer(saturation: float) -> NDArray[np.float32] | None:
    """The matrix (3, 3) that draws colours towards their grey, or away from it; None where it changes nothing."""
    if saturation == 1.0:
        return None
    matrix: NDArray[np.float32] = np.eye(3, dtype=np.float32) * np.float32(saturation) + np.float32(
        1 - saturation
    ) * np.tile(_LUMA, (3, 1))
    return matrix


def _smooth_curve(points: tuple[int, ...]) -> NDArray[np.uint8]:
    """A monotone cubic through `points` at 0, 64, 128, 192 and 255; uint8 (256,)."""
    x, y = np.array((0, 64, 128, 192, 255), np.float64), np.array(points, np.float64)
    slopes = np.diff(y) / np.diff(x)
    tangents = np.concatenate([slopes[:1], (slopes[:-1] + slopes[1:]) / 2, slopes[-1:]])
    tangents[1:-1][slopes[:-1] * slopes[1:] <= 0] = 0.0
    limit = 3 * np.minimum(np.append(slopes, slopes[-1]), np.insert(slopes, 0, slopes[0]))
    tangents = np.minimum(tangents, limit)
    at = np.arange(256, dtype=np.float64)
    piece = np.clip(np.searchsorted(x, at, side="right") - 1, 0, 3)
    width = np.diff(x)[piece]
    t = (at - x[piece]) / width
    curve = (
        (1 + 2 * t) * (1 - t) ** 2 * y[piece]
        + t * (1 - t) ** 2 * width * tangents[piece]
        + t * t * (3 - 2 * t) * y[piece + 1]
        + t * t * (t - 1) * width * tangents[piece + 1]
    )
    table: NDArray[np.uint8] = np.rint(curve.clip(0, 255)).astype(np.uint8)
    return table
