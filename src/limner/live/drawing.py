"""Words on a picture, readable on anything, and the card that stands where no picture may be shown."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from limner.frame import Frame

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WHITE = (255, 255, 255)


def card(size: tuple[int, int], text: str, behind: Frame | None = None) -> Frame:
    """A dark picture of `size` (H, W) with a line in the middle, over `behind`, which shows nothing recognisable."""
    picture = np.full((*size, 3), 24, np.uint8) if behind is None else (behind // 3 + 8).astype(np.uint8)
    unit = max(10.0, 0.045 * min(size[0], size[1] * 9 / 16))
    scale = unit / 30
    while scale > 0.2 and cv2.getTextSize(text, _FONT, scale, 1)[0][0] > 0.94 * size[1]:
        scale *= 0.9
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, 1)
    write(picture, text, ((size[1] - width) // 2, size[0] // 2), 30 * scale)
    return picture


def write(picture: Frame, text: str, at: tuple[int, int], unit: float, color: tuple[int, int, int] = _WHITE) -> None:
    """Writes a line on a darkened strip; `unit` is the height of a line, `at` the left end of its foot."""
    letters, above = _letters(text, round(unit, 1), ordered(color, picture))
    left, top = max(0, at[0]), max(0, at[1] - above)
    strip = picture[top : top + letters.shape[0], left : left + letters.shape[1]]
    if strip.size:
        cv2.addWeighted(strip, 0.45, letters[: strip.shape[0], : strip.shape[1]], 1.0, 0.0, dst=strip)


def text_width(text: str, unit: float) -> float:
    """Pixels that a line of that height is wide."""
    return float(cv2.getTextSize(text, _FONT, unit / 30, max(1, round(unit / 22)))[0][0])


def ordered(color: tuple[int, int, int], picture: Frame) -> tuple[int, ...]:
    """RGB as the channels of the picture are ordered."""
    return color if picture.shape[2] == 3 else (*color[::-1], 0)


@lru_cache(maxsize=64)
def _letters(text: str, unit: float, color: tuple[int, ...]) -> tuple[Frame, int]:
    """A line of text on black, and the rows of it above the foot. Drawing them anew for each frame would cost 3 ms."""
    text = text.encode("ascii", "replace").decode()  # OpenCV's font has no other letters
    scale, thick, rim = unit / 30, max(1, round(unit / 22)), round(0.18 * unit)
    (width, height), below = cv2.getTextSize(text, _FONT, scale, thick)
    letters = np.zeros((height + min(below, rim) + 2 * rim, width + 2 * rim, len(color)), np.uint8)
    cv2.putText(letters, text, (rim, height + rim), _FONT, scale, color, thick, cv2.LINE_AA)
    return letters, height + rim
