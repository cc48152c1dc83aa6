"""Which of a net's input sizes suits a frame, so that people keep about their own proportions."""

from __future__ import annotations

from limner.models.card import InputSpec

_TOLERANCE = 1.06
"""How much longer than the frame a size may be."""


def best_size(spec: InputSpec, frame: tuple[int, int]) -> tuple[int, int]:
    """The input size for a frame of (height, width): the longest one of its orientation that is no longer than it.

    Wide frames are squeezed into a square at the cost of thin people. Nets that learnt from squeezed photos see frames
    that are nearly square best as they did then, so a size is taken only for frames that are as long as it is.
    """
    fitting = [size for size in spec.other_sizes if _fits(size, frame)]
    return max(fitting, key=_length, default=spec.size)


def _fits(size: tuple[int, int], frame: tuple[int, int]) -> bool:
    return (size[1] > size[0]) == (frame[1] > frame[0]) and _length(size) <= _TOLERANCE * _length(frame)


def _length(size: tuple[int, int]) -> float:
    """The longer side by the shorter one."""
    return max(size) / min(size)
