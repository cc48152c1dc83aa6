"""Sizes of pictures in the proportions of others."""

from __future__ import annotations

import math


def proportioned(side: int, like: tuple[int, int], *, step: int = 16) -> tuple[int, int]:
    """A size of about as many pixels as a square.

    Args:
        side: of the square, in pixels.
        like: (height, width) whose proportions it has.
        step: both sides are multiples of it, and at least that.

    Returns:
        (height, width); the square itself where ``like`` is square and ``side`` is a multiple of ``step``.
    """
    stretch = math.sqrt(like[1] / like[0])
    return _rounded(side / stretch, step), _rounded(side * stretch, step)


def _rounded(length: float, step: int) -> int:
    return max(step, math.floor(length / step + 0.5) * step)
