"""What moved in a picture and what only seems to: noise measured from the frames, light evened out, cuts told."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.segment.preprocess import shrink

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]

_LONGEST = 256
"""The small picture's longest side stays below this, so that 720p is looked at in cells of 8×8 pixels."""
_TILE = 5
_LEVELS = np.array([0.0, 32.0, 80.0, 128.0, 176.0, 256.0])
_QUIET = 25
"""Percentile of the tiles that is taken as what does not move."""
_LEAST_NOISE, _MOST_NOISE = 0.8, 2.5
"""In 8-bit levels of a cell. A still scene that was compressed changes by that much from frame to frame."""
_DIGITAL = 1e-3
"""Mean squared change below which a tile is no camera's picture, as black bars are."""
_FALL, _RISE = 0.5, 0.1
_LEARN_EACH = 4
"""Frames between two lessons about the noise: it is the camera's and hardly changes."""
_STOP_BINS, _BINS = 0.02, 100
_LIGHT_CELLS = 900
_AGREE = 0.12
"""Stops around the common ratio that noise spreads the cells over."""
_BRIGHTEST = 240.0
"""What is brighter may be cut off by the sensor, and no factor evens that out."""
_STRAY = 0.15
"""Share of a change of light that a cell may miss by without having moved."""
_CUT_SHARE, _CUT_LIKENESS, _CUT_NOISES = 0.5, 0.6, 4.0
_FLAT = 2.0
"""Standard deviation of the levels of a picture without content, such as black."""


class Look(NamedTuple):
    """What the watch saw of a frame.

    Attributes:
        picture: float32 (h, w, 3), the frame in cells of some pixels, in 8-bit levels.
        sigma: float32 (h, w), standard deviation of the noise in each cell.
        begins: the frame has nothing to do with the one before: the first, another size, or a cut.
        cut: the frame begins another scene.
    """

    picture: Float32
    sigma: Float32
    begins: bool
    cut: bool


class Compared(NamedTuple):
    """A frame against a reference.

    Attributes:
        noises: float32 (h, w), mean change over 3×3 cells in standard deviations of the noise; where nothing moves it
            is about 1.3 and stays below 2.4.
        reference: float32 (h, w, 3), the reference in the light of the frame.
    """

    noises: Float32
    reference: Float32


class MotionWatch:
    """Looks at the frames of a clip one after the other: learns the camera's noise, and sees cuts."""

    def __init__(self) -> None:
        self._noise = Noise()
        self._size: tuple[int, ...] = ()
        self._frames = 0
        self._before: Float32 | None = None

    def look(self, frame: UInt8, half: UInt8 | None = None) -> Look:
        """The next frame, RGB uint8 (H, W, 3). One of another size begins a new clip; the noise stays the camera's.

        Args:
            half: the frame shrunk by halves, where somebody has done so already.
        """
        before = self._before if frame.shape == self._size else None
        picture = small_picture(frame, half)
        self._before, self._size = picture, frame.shape
        if before is None:
            return Look(picture, self._noise.at(picture), True, False)
        sigma, known = self._noise.at(picture), self._noise.known
        busy = known and _mostly(cv2.absdiff(picture, before), sigma)
        learn = not known or self._frames % _LEARN_EACH == 0
        self._frames += 1
        if busy or learn:
            lit = _times(before, light(picture, before))
            change = cv2.absdiff(picture, lit)
            if busy and _mostly(change, sigma) and not alike(picture, lit):
                return Look(picture, sigma, True, True)
            if learn:
                self._noise.learn(picture, change)
                sigma = self._noise.at(picture)
        return Look(picture, sigma, False, False)


def _mostly(change: Any, sigma: Float32) -> bool:
    """Whether most of the picture changed."""
    changed = cv2.extractChannel(change, 1) > _CUT_NOISES * sigma
    return bool(np.count_nonzero(changed) >= _CUT_SHARE * changed.size)


def alike(now: Float32, before: Float32) -> bool:
    """Whether two small pictures (h, w, 3) correlate as pictures of one scene do."""
    a, b = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (now, before))
    a, b = a - a.mean(), b - b.mean()
    spread = float(a.std()), float(b.std())
    if min(spread) < _FLAT:
        return max(spread) < _FLAT
    return float((a * b).mean()) / (spread[0] * spread[1]) >= _CUT_LIKENESS


def small_picture(frame: UInt8, half: UInt8 | None = None) -> Float32:
    """RGB uint8 (H, W, 3) as float32 (h, w, 3) with cells that are means of pixels, below 256 on both sides.

    Args:
        half: the frame shrunk by halves, from which the rest of the way is shorter.
    """
    step = 1
    while max(frame.shape[:2]) > (_LONGEST - 1) * step:
        step *= 2
    size = (max(1, frame.shape[0] // step), max(1, frame.shape[1] // step))
    start = frame if half is None or half.shape[0] < size[0] else half
    return shrink(start, size).astype(np.float32)


class Noise:
    """The standard deviation of the camera's noise by brightness, from pairs of frames; it may change slowly."""

    def __init__(self) -> None:
        self._levels = (_LEVELS[:-1] + _LEVELS[1:]) / 2
        self._sigma: NDArray[np.float64] | None = None

    @property
    def known(self) -> bool:
        """Whether there has been a pair of frames."""
        return self._sigma is not None

    def learn(self, picture: Float32, change: Any) -> None:
        """From a small picture (h, w, 3) and its difference from the one before, in the same light.

        The quieter quarter of the tiles is taken not to move.
        """
        squared = cv2.transform(change * change, np.full((1, 3), 1 / 3, np.float32))
        tiles = (max(1, picture.shape[1] // _TILE), max(1, picture.shape[0] // _TILE))
        power = cv2.resize(squared, tiles, interpolation=cv2.INTER_AREA).ravel() / 2
        level = cv2.resize(picture[..., 1], tiles, interpolation=cv2.INTER_AREA).ravel()
        camera = power > _DIGITAL
        if not camera.any():
            if self._sigma is None:
                self._sigma = np.full(len(self._levels), _LEAST_NOISE)
            return
        power, level = power[camera], level[camera]
        overall = float(np.percentile(power, _QUIET))
        bins = np.digitize(level, _LEVELS[1:-1])
        found = np.full(len(self._levels), overall)
        for index in range(len(found)):
            inside = power[bins == index]
            if inside.size >= 12:
                found[index] = np.percentile(inside, _QUIET)
        found = np.clip(np.sqrt(found), _LEAST_NOISE, _MOST_NOISE)
        if self._sigma is None:
            self._sigma = found
        else:
            self._sigma += np.where(found < self._sigma, _FALL, _RISE) * (found - self._sigma)

    def at(self, picture: Float32) -> Float32:
        """Standard deviation (h, w) float32 for each cell of a small picture, in 8-bit levels."""
        if self._sigma is None:
            return np.full(picture.shape[:2], _LEAST_NOISE, np.float32)
        table = np.interp(np.arange(256), self._levels, self._sigma).astype(np.float32)
        return cv2.LUT(cv2.extractChannel(picture, 1).astype(np.uint8), table)  # type: ignore[return-value]


def compare(now: Float32, reference: Float32, sigma: Float32) -> Compared:
    """How much each cell of a small picture differs from the reference, beyond noise and a change of light.

    Args:
        now, reference: float32 (h, w, 3).
        sigma: (h, w), of the noise.
    """
    factor = light(now, reference)
    lit = _times(reference, factor)
    change = cv2.absdiff(np.minimum(now, _BRIGHTEST), np.minimum(lit, _BRIGHTEST))
    red, green, blue = cv2.split(change)
    largest = cv2.max(cv2.max(red, green), blue)
    stray = _STRAY * float(np.abs(factor - 1).max())
    if stray > 0:
        largest = np.maximum(largest - np.float32(stray) * now[..., 1], 0)
    noises: Any = cv2.blur(largest / sigma, (3, 3), borderType=cv2.BORDER_REPLICATE)
    return Compared(noises, lit)


def _times(picture: Float32, factors: Float32) -> Float32:
    """Each channel times its factor; OpenCV needs a fifth of the time that numpy takes for three channels."""
    scalar: Any = (*factors.tolist(), 0.0)
    return cv2.multiply(picture, scalar).astype(np.float32, copy=False)


def light(now: Float32, reference: Float32) -> Float32:
    """Factors (3,) that bring the reference into the light of now: the ratio that most cells agree on.

    A lamp's flicker, a step of the exposure or of the white balance is such a factor; what moves agrees on none.
    """
    step = max(1, round((now.shape[0] * now.shape[1] / _LIGHT_CELLS) ** 0.5))
    ours, theirs = (picture[::step, ::step].reshape(-1, 3) for picture in (now, reference))
    green, other = ours[:, 1], theirs[:, 1]
    fit = (np.minimum(green, other) > 12) & (np.maximum(green, other) < _BRIGHTEST)
    if np.count_nonzero(fit) < 50:
        return np.ones(3, np.float32)
    ratios = np.log2(np.maximum(ours[fit], 1) / np.maximum(theirs[fit], 1))
    near = np.clip(((ratios[:, 1] + 1) / _STOP_BINS).astype(np.int32), 0, _BINS - 1)
    best = int(np.convolve(np.bincount(near, minlength=_BINS), (1, 2, 1), "same").argmax())
    stops = np.full(3, (best + 0.5) * _STOP_BINS - 1, np.float32)
    for middle in (np.mean, np.median):  # of those that agree: noise is as large on both sides of it
        agree = ratios[np.abs(ratios[:, 1] - stops[1]) < _AGREE]
        if not len(agree):
            break
        stops = middle(agree, axis=0)
    return np.exp2(np.clip(stops, -1, 1)).astype(np.float32)
