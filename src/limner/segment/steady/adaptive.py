"""The adaptive filter: mattes average where the picture stands still, and are the net's own at once where it moves."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.segment.steady.motion import Compared, Look, compare

Float32 = NDArray[np.float32]

STRENGTHS = {"light": 0.2, "strong": 0.08}
"""Share of a new matte where nothing has moved for long."""
_STILL, _MOVED = 2.4, 4.0
"""Change, in noises, below which a cell counts as still and above which it has moved."""
_WAKE = 3.5
"""Change of any cell that ends the rest of the net: between the two, since a cell is small."""
_NEAR = np.ones((7, 7), np.uint8)
"""Cells around what moved that count as stirred; ``_CALMS`` of that wears off in each frame."""
_CALMS, _GONE = 0.25, 0.05
_MARGIN = 24
_TAIL = 1 / 255
_PIXELS = 1 << 16
"""Of a matte that are mixed at once, so that they stay in the processor's cache."""


class SteadyFilter:
    """A recursive average of mattes whose weight follows what each small cell of the picture did.

    The reference picture is averaged with the same weights as the matte, so it is what the matte was seen in: a slow
    motion adds up against it until it counts as one, and no matte outlives its picture. Where a cell has just moved,
    the average begins anew with equal weights, and so settles as fast as it can. The idea of a cut-off that follows
    the speed is that of the 1€ filter (Casiez et al. 2012); here the speed is the picture's, not the value's own.

    Args:
        least: share of a new matte where nothing has moved for long, in (0, 1].
    """

    def __init__(self, least: float) -> None:
        self.least = least
        self._reference: Float32 | None = None
        self._seen: Any = None
        self._stirred: Any = None
        self._alpha: Any = None
        self._mixer = Mixer()

    def reset(self) -> None:
        """Forget everything: the next matte passes as it is."""
        self._reference = None

    def against(self, look: Look) -> Compared | None:
        """The frame against what the matte so far was seen in; None where there is none yet."""
        if self._reference is None:
            return None
        # The reference is noisy too, the less the more pictures it is the mean of.
        sigma = look.sigma * np.sqrt(1 + 1 / self._seen)
        return compare(look.picture, self._reference, sigma)

    def blend(self, alpha: Float32, look: Look, compared: Compared | None, *, spent: bool = False) -> Float32:
        """The steady matte of a frame.

        Args:
            alpha: (H, W) in [0, 1], of the net.
            look: at the frame.
            compared: what `against` said of it.
            spent: `alpha` is of no use afterwards and may be overwritten.

        Returns:
            (H, W) float32 in [0, 1], C-contiguous; not `alpha` itself where it was changed, unless that is spent.
        """
        if compared is None:
            self._reference, self._alpha = look.picture, alpha.copy()
            self._seen = np.ones(look.picture.shape[:2], np.float32)
            self._stirred = np.zeros_like(self._seen)
            return alpha
        moved = motion(compared)
        self._seen = np.where(moved > 0.5, np.float32(0), self._seen) + np.float32(1)
        share = np.maximum(1 / self._seen, np.float32(self.least))
        share += (1 - share) * moved
        # A net's soft edge reaches beyond what moved, and would leave a trail: what it lets go of there is gone.
        self._stirred = np.maximum(cv2.dilate(moved, _NEAR), self._stirred - np.float32(_CALMS))
        share[(self._stirred > 0) & (_sampled(alpha, share.shape) < _GONE)] = 1
        change: Any = cv2.multiply(cv2.subtract(look.picture, compared.reference), cv2.merge((share,) * 3))
        self._reference = cv2.add(compared.reference, change).astype(np.float32, copy=False)
        return self._mixer(self._alpha, alpha, share, keep=True, spent=spent)

    def weights(self) -> Float32:
        """(h, w): how many mattes the average of each cell is worth."""
        worth: Float32 = np.minimum(self._seen, np.float32(2 / self.least - 1))
        return worth


def motion(compared: Compared) -> Float32:
    """(h, w) float32 in [0, 1]: 0 where nothing but noise changed, 1 where something moved."""
    ramp = (compared.noises - np.float32(_STILL)) * np.float32(1 / (_MOVED - _STILL))
    moved: Float32 = np.clip(ramp, 0, 1)
    return moved


def _sampled(alpha: Float32, size: tuple[int, ...]) -> Any:
    """The matte at one pixel of each cell."""
    return cv2.resize(alpha, size[::-1], interpolation=cv2.INTER_NEAREST)


def at_rest(compared: Compared) -> bool:
    """Whether nothing moved anywhere, be it as small as a cell."""
    return float(compared.noises.max()) < _WAKE


class Mixer:
    """Mixes mattes at full size, around the person only, in memory that is taken once for all."""

    def __init__(self) -> None:
        self._scratch = np.empty(0, np.float32)

    def __call__(
        self, before: Float32, alpha: Float32, share: Float32, *, keep: bool = False, spent: bool = False
    ) -> Float32:
        """``before + share · (alpha − before)``, but 0 and 1 within 1/255 of them: no long tails of an average.

        Args:
            before, alpha: (H, W) in [0, 1].
            share: (h, w) in [0, 1], of `alpha`.
            keep: put the sum, tails and all, into `before`.
            spent: put the result into `alpha`.
        """
        window = _window(before, alpha)
        shown = alpha if spent else alpha.copy() if window is None else np.empty_like(alpha)
        if window is None:
            return shown
        height, width = alpha.shape
        rows, columns = share.shape
        # The window in whole cells, then exactly those cells at full size.
        top, left = window[0] * rows // height, window[1] * columns // width
        bottom, right = -(-window[2] * rows // height), -(-window[3] * columns // width)
        y, x = (
            slice(top * height // rows, bottom * height // rows),
            slice(left * width // columns, right * width // columns),
        )
        shape = (y.stop - y.start, x.stop - x.start)
        full = self._take(shape)
        cv2.resize(share[top:bottom, left:right], shape[::-1], dst=full, interpolation=cv2.INTER_LINEAR)
        inner, step = [array[y, x] for array in (before, alpha, shown)], max(1, _PIXELS // shape[1])
        for start in range(0, shape[0], step):
            band = slice(start, start + step)
            _mix(*(array[band] for array in (*inner, full)), keep=keep)
        if not spent:
            for edge in (
                (slice(0, y.start),),
                (slice(y.stop, None),),
                (y, slice(0, x.start)),
                (y, slice(x.stop, None)),
            ):
                shown[edge] = alpha[edge]
        return shown

    def _take(self, shape: tuple[int, int]) -> Any:
        size = shape[0] * shape[1]
        if self._scratch.size < size:
            self._scratch = np.empty(size, np.float32)
        return self._scratch[:size].reshape(shape)


def _mix(before: Any, alpha: Any, shown: Any, share: Any, *, keep: bool) -> None:
    part = cv2.subtract(alpha, before)
    cv2.multiply(part, share, dst=part)
    total = before if keep else part
    cv2.add(before, part, dst=total)
    cv2.addWeighted(total, 1 + 2 * _TAIL, total, 0, -_TAIL, dst=part)
    cv2.threshold(part, 1, 1, cv2.THRESH_TRUNC, dst=part)
    cv2.threshold(part, 0, 0, cv2.THRESH_TOZERO, dst=shown)


def _window(before: Float32, alpha: Float32) -> tuple[int, int, int, int] | None:
    """Top, left, bottom, right of what is not background in either; specks below 8 pixels may lie outside."""
    step = 8
    there = ((before[::step, ::step] + alpha[::step, ::step]) > 0).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(there)
    if not width:
        return None
    return (
        max(0, top * step - _MARGIN),
        max(0, left * step - _MARGIN),
        min(alpha.shape[0], (top + height) * step + _MARGIN),
        min(alpha.shape[1], (left + width) * step + _MARGIN),
    )
