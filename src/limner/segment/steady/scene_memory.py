"""SceneMemory: what a still camera has shown behind the person, so that pieces of it that a net takes for one go."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.segment.preprocess import shrink
from limner.segment.steady.motion import Look, light

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]
_Part = tuple[slice, slice]

_LONGEST = 480
"""The picture that is remembered has at most this many cells on its longest side: cells of 2 × 2 pixels at 480p."""
_FINER = 1.5
"""Standard deviation of the noise in a cell here, in those of the coarser cells of `Look`."""
_SAME, _CHANGED = 2.4, 4.0
"""Mean change of 3 × 3 cells, in noises: below which a cell looks as remembered, and above which it does not."""
_LEARN_EACH = 3
"""Frames from one lesson to the next."""
_LEARNED = 3
"""Lessons, all alike and with nobody near, after which a cell counts as known."""
_SHARE = 1 / 3
"""Of each lesson in the remembered picture."""
_LIT = 0.004
"""Change of light that is made up for."""
_UNLIKE = (12.0, 18.0)
"""Change that the person's colours would make, in noises, below and above which sameness proves nothing or all."""
_FAINT, _SURE = 0.05, 0.9
_MARGIN = 5
"""Side of the square of cells that must be empty for its middle to be learned."""
_AROUND, _BLOCK = (7, 7), 2
"""The person's colours are those of so many blocks around; each is a square of this many of the cells looked at."""
_SPECK = 3
_MOST_LOST = 0.3
"""Share of the known background that may change from one lesson to the next; beyond it the camera has moved."""
_MOST_CUT = 0.35
"""Share of the person that may be taken away; beyond it the memory is wrong, not the net."""


class SceneMemory:
    """A picture of the empty scene, learned where nobody is while the clip runs, and what it says of a matte.

    A cell is taken from the matte when it looks exactly as the scene behind it was seen to look, within the camera's
    noise, and when the person's own colours near by would have looked clearly different there: black hair before a
    black wall proves nothing, and stays. The light may change as a whole. A camera that moves makes it forget.

    Nothing is ever added to a matte.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the scene."""
        self._scene: Any = None
        self._lessons: Any = None
        self._frames = 0

    def study(self, frame: UInt8, alpha: Float32, look: Look) -> None:
        """A lesson from a frame that comes later in the clip. Arguments as of `correct`; a cut makes it forget."""
        self._frames = 0
        self.correct(frame, alpha, look)
        self._frames = 0

    def correct(
        self, frame: UInt8, alpha: Float32, look: Look, half: UInt8 | None = None, *, spent: bool = False
    ) -> Float32:
        """The matte of the next frame without what is known to be scene; and learns from it.

        Args:
            frame: RGB uint8 (H, W, 3).
            alpha: (H, W) in [0, 1].
            look: at the frame; one that begins a scene makes the memory forget.
            half: the frame shrunk by halves, where somebody has done so already.
            spent: `alpha` is of no use afterwards and may be overwritten.

        Returns:
            (H, W) in [0, 1]: `alpha` itself where nothing of it is wrong or it is spent, else a new array.
        """
        picture = _cells(frame, half)
        there: Any = cv2.resize(alpha, picture.shape[1::-1], interpolation=cv2.INTER_AREA)
        if look.begins or self._scene is None or self._scene.shape != picture.shape:
            self._scene = np.zeros(picture.shape, np.float32)
            self._lessons = np.zeros(picture.shape[:2], np.uint8)
            self._frames = 0
        learns = self._frames % _LEARN_EACH == 0
        self._frames += 1
        person = _box(there > _FAINT / 2)
        if person is None and not learns:
            return alpha
        part = (slice(0, there.shape[0]), slice(0, there.shape[1])) if learns or person is None else person
        noise = _resized(look.sigma * np.float32(_FINER), picture.shape)
        scene, noises = self._compare(picture, noise, part)
        if learns and not self._learn(picture, noises, there):
            return alpha
        wrong = self._wrong(picture[part], scene, noises, noise[part], there[part], part)
        if wrong is None:
            return alpha
        result = alpha if spent else alpha.copy()
        _take_out(result, wrong, part, there.shape)
        return result

    def _compare(self, picture: Any, noise: Any, part: _Part) -> tuple[Any, Any]:
        """Of a part: the scene in the light of the picture; and each cell's mean change in noises, 0 if not known."""
        scene: Any = cv2.convertScaleAbs(self._scene[part])
        # What is not known is black, and `light` does not count it.
        factors = light(picture[::4, ::4].astype(np.float32), self._scene[::4, ::4])
        if np.abs(factors - 1).max() > _LIT:
            factor: Any = (*factors.tolist(), 0.0)
            scene = cv2.multiply(scene, factor)
        red, green, blue = cv2.split(cv2.absdiff(picture[part], scene))
        largest: Any = cv2.max(cv2.max(red, green), blue)
        largest[self._lessons[part] == 0] = 0
        return scene, cv2.blur(largest / noise[part], (3, 3), borderType=cv2.BORDER_REPLICATE)

    def _learn(self, picture: Any, noises: Any, there: Any) -> bool:
        """A lesson from where nobody is. False where the camera has moved, and all is learned anew."""
        empty = cv2.dilate((there > _FAINT).astype(np.uint8), np.ones((_MARGIN, _MARGIN), np.uint8)) == 0
        changed = (noises > _CHANGED) & empty
        still = bool(np.count_nonzero(changed) <= _MOST_LOST * np.count_nonzero(empty & (self._lessons > 0)))
        if still:
            self._lessons[changed] = 0
        else:
            self._lessons[:] = 0
        new = (empty & (self._lessons == 0)).view(np.uint8)
        empty = empty.view(np.uint8)
        cv2.accumulateWeighted(picture, self._scene, _SHARE, mask=empty)
        cv2.copyTo(picture.astype(np.float32), new, self._scene)
        self._lessons = np.where(empty > 0, np.minimum(self._lessons, 254) + 1, self._lessons).astype(np.uint8)
        return still

    def _wrong(self, picture: Any, scene: Any, noises: Any, noise: Any, there: Any, part: _Part) -> Float32 | None:
        """How surely each cell of a part is scene, in [0, 1], where the matte has a person; None if none is."""
        same = (there > _FAINT / 2) & (self._lessons[part] >= _LEARNED) & (noises < _CHANGED)
        box = _box(same)
        if box is None:
            return None
        sure = (there > _SURE) & ((self._lessons[part] == 0) | (noises > _UNLIKE[0]))
        mean, variance, cells = (_resized(values, picture.shape)[box] for values in _colours(picture, sure))
        # The change that a person would make here: how far their colours are, and how much they vary.
        distance = mean - scene[box]
        expected = cv2.sqrt(np.max(distance * distance + variance, axis=2)) / noise[box]
        expected = cv2.blur(expected, (3, 3), borderType=cv2.BORDER_REPLICATE)
        unlike = np.clip((expected - _UNLIKE[0]) / (_UNLIKE[1] - _UNLIKE[0]), 0, 1)
        alike = np.clip((_CHANGED - noises[box]) / (_CHANGED - _SAME), 0, 1)
        found = (alike * unlike * (same[box] & (cells >= 1))).astype(np.float32)
        found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((_SPECK, _SPECK), np.uint8))
        taken = float((found * there[box]).sum())
        if not taken or taken > _MOST_CUT * float(there.sum()):
            return None
        wrong = np.zeros(there.shape, np.float32)
        wrong[box] = found
        return wrong


def _cells(frame: UInt8, half: UInt8 | None) -> UInt8:
    """RGB uint8 (H, W, 3) as (h, w, 3) with cells that are means of pixels."""
    step = 1
    while max(frame.shape[:2]) > _LONGEST * step:
        step *= 2
    size = (max(1, frame.shape[0] // step), max(1, frame.shape[1] // step))
    start = frame if half is None or half.shape[0] < size[0] or half.shape[1] < size[1] else half
    return shrink(start, size)


def _box(mask: Any) -> _Part | None:
    """The smallest part that has all of a mask in it, and a margin; None where it is empty."""
    left, top, wide, tall = cv2.boundingRect(mask.view(np.uint8))
    if not wide:
        return None
    margin = _SPECK
    return slice(max(0, top - margin), top + tall + margin), slice(max(0, left - margin), left + wide + margin)


def _colours(picture: Any, sure: Any) -> tuple[Any, Any, Any]:
    """Means and variances (h, w, 3) of the colours around each block, of the cells that surely show a person; and how
    many cells (h, w) these were. Every second cell of every second row is looked at."""
    weight = sure[::2, ::2].astype(np.float32)
    shown = picture[::2, ::2].astype(np.float32)
    size = (max(1, weight.shape[1] // _BLOCK), max(1, weight.shape[0] // _BLOCK))
    seen = shown * weight[..., None]

    def around(values: Any) -> Any:
        blocks = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
        return cv2.blur(blocks, _AROUND, borderType=cv2.BORDER_CONSTANT)

    share = around(weight)
    each = np.maximum(share, np.float32(1e-6))[..., None]
    mean = around(seen) / each
    variance = np.maximum(around(seen * shown) / each - mean * mean, 0)
    return mean, variance, share * np.float32(_AROUND[0] * _AROUND[1] * _BLOCK**2)


def _resized(values: Any, shape: tuple[int, ...]) -> Any:
    return cv2.resize(values, shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _take_out(alpha: Float32, wrong: Any, part: _Part, shape: tuple[int, int]) -> None:
    """Take the wrong cells of a part out of a matte (H, W), which has (h, w) cells in all."""
    inner = _box(wrong > 0)
    assert inner is not None
    factors = 1 - wrong[inner]
    top, left = part[0].start + inner[0].start, part[1].start + inner[1].start
    height, width = alpha.shape
    y = slice(top * height // shape[0], (top + factors.shape[0]) * height // shape[0])
    x = slice(left * width // shape[1], (left + factors.shape[1]) * width // shape[1])
    alpha[y, x] *= cv2.resize(factors, (x.stop - x.start, y.stop - y.start), interpolation=cv2.INTER_LINEAR)
