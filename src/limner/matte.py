"""Matte: where the person is, at the size of the frame. The one type between segmenters and effects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.checking import check_fields, wrong

_ONE = np.float32(1).view(np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class Matte:
    """How much of each pixel is person.

    Attributes:
        alpha: (H, W) float32 in [0, 1], C-contiguous, at the frame's size; 1 is person.
        confidence: how sure the segmenter is of the matte as a whole, in [0, 1]; 1 where it cannot tell.
        hidden: the frame must not be shown at all, whatever the alpha, which is then 0 everywhere: an effect in
            ``limner.effects.fail_closed.FailClosed`` hides the frame.
        memory: what a recurrent net is to be told of this frame in the next one, see ``limner.segment.memory``; it goes
            where the matte is ``previous``. None for all other nets.

    Raises:
        ArgumentError: an attribute is of another type.
        ValueError: one breaks the contract above. That is a bug of the producer, never of the user.
    """

    alpha: NDArray[np.float32]
    confidence: float = 1.0
    hidden: bool = False
    memory: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        alpha = self.alpha
        if not isinstance(alpha, np.ndarray):
            raise wrong("alpha", alpha, np.ndarray)
        if alpha.dtype != np.float32 or alpha.ndim != 2 or alpha.size == 0:
            raise ValueError(f"alpha must be a non-empty (H, W) float32 array, not {_describe(alpha)}")
        check_fields(self)
        if not alpha.flags.c_contiguous:
            raise ValueError("alpha must be C-contiguous")
        # Of numbers from 0 to 1 the bits, read as a whole number, lie in order; those of all others lie above. One look
        # at them takes half the time of two at the numbers; -0.0, which is one of the others, needs the second.
        if alpha.view(np.uint32).max() > _ONE:
            low, high = float(alpha.min()), float(alpha.max())
            if not (low >= 0.0 and high <= 1.0):  # also false for NaN
                raise ValueError(f"alpha must lie in [0, 1], not in [{low}, {high}]")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must lie in [0, 1], not {self.confidence}")
        if self.hidden and alpha.any():
            raise ValueError("the alpha of a hidden frame must be 0 everywhere")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.alpha.shape[0], self.alpha.shape[1]

    @property
    def coverage(self) -> float:
        """Share of the frame that is person, in [0, 1]."""
        return float(self.alpha.mean())


def hidden_matte(size: tuple[int, int]) -> Matte:
    """The matte of a frame of ``size`` (height, width) that must not be shown; its confidence is 0."""
    return Matte(np.zeros(size, np.float32), 0.0, hidden=True)


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array of shape {value.shape}"
    return type(value).__name__
